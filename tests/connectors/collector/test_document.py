from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from connectors.collector.document import openapi, page


def refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from refs(inner)


def test_every_part_that_is_referred_to_is_there() -> None:
    told = openapi("1")
    named = set(refs(told))
    assert "#/components/schemas/Answer" in named
    for ref in named:
        at: Any = told
        for step in ref.removeprefix("#/").split("/"):
            at = at[step]


def test_the_page_loads_nothing_from_elsewhere() -> None:
    html = page("1").decode()
    assert "<script" not in html
    assert re.findall(r'(?:href|src)="([^"]*)"', html) == ["openapi.json"]
    assert "case_number" in str(openapi("1"))


def test_both_are_served_and_name_no_source(start: Any, make_entry: Any) -> None:
    running = start([make_entry("waterdam", "account", "form", {"public": True})])
    told = running.http.get("/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    answer = running.http.get("/docs")
    assert answer.headers["content-type"].startswith("text/html")
    for name in ("waterdam", "account"):
        assert name not in answer.text
