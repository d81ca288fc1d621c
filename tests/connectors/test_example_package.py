"""A package of somebody else adds a connector: installed, listed and tried. It is the one that the document shows."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Request
from connectors.errors import Rejected
from connectors.signatures import standard_webhook_headers

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "tests" / "example_package"
DOCUMENT = ROOT / "docs" / "adding-a-connector.md"
NOW = datetime(2026, 11, 2, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the package is installed, as an integrator's pip does it; without any registry."""
    place = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--target", place, PACKAGE], check=True, cwd=place)
    return place


def balie(installed: Path, *arguments: str, given: str = "") -> Any:
    ran = subprocess.run(
        [sys.executable, "-m", "balie", *arguments],
        input=given,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(installed), str(ROOT)))},
        check=True,
    )
    return json.loads(ran.stdout)


def test_it_is_listed_with_what_it_needs(installed: Path) -> None:
    (row,) = (one for one in balie(installed, "connectors", "list", "--json") if one["name"] == "stadspeiling")
    assert (row["channel"], row["protocols"]) == ("web", ["webhook"])
    assert [setting["key"] for setting in row["settings"] if setting["needed"]] == ["secrets"]


def test_it_reads_several_answers_of_one_post_and_their_edits(installed: Path) -> None:
    body = (PACKAGE / "payloads" / "several.json").read_text()

    def tried(body: str, signed: str) -> Any:
        headers = standard_webhook_headers("m", signed.encode(), SECRET, NOW)
        request = {"url": "https://x.example/v1/a/b", "headers": headers, "body": body}
        told = {"settings": {"secrets": [SECRET]}, "now": NOW.isoformat(), "request": request}
        return balie(installed, "connectors", "try", "stadspeiling", given=json.dumps(told))

    assert tried(body + " ", body)["outcome"] == "refused"
    shown = tried(body, body)
    assert (shown["outcome"], shown["failures"], shown["reason"]) == ("accepted", [], "a response that is not complete")
    first, off_scale, removed = shown["events"]
    assert (first["source_id"], first["order"], first["language"]) == ("7", 2, "pl")
    assert first["occurred_at"] == "2026-11-01T09:00:00.000Z"
    assert (first["answers"][0]["score"], first["answers"][0]["text"]) == (4.0, "Żółw")
    assert "score" not in off_scale["answers"][0]
    assert off_scale["notes"][0]["field"] == "answers[0].score"
    assert (removed["authority"], removed["order"]) == ("withdrawn", 3)


def test_the_document_shows_this_connector() -> None:
    connector, _ = code_of_the_document()
    assert connector == (PACKAGE / "balie_stadspeiling.py").read_text()


def test_the_document_shows_a_signature_that_holds_and_both_are_short() -> None:
    connector, signature = code_of_the_document()
    told: dict[str, Any] = {"__name__": "document"}
    exec(compile(signature, DOCUMENT, "exec", dont_inherit=True), told)  # noqa: S102 (the document's own)
    signed_by = type("Peilpunt", (told["Signed"],), {"parse": lambda *_: []})(secrets=["invented"])
    request = signed_by.sign(Request("POST", "https://x.example/v1/a/b", {}, b"{}"), NOW)
    signed_by.verify(request, NOW)
    tampered = [
        (replace(request, headers={}), NOW, 401),
        (replace(request, body=b"[]"), NOW, 403),
        (request, NOW + timedelta(minutes=6), 403),
    ]
    for other, now, status in tampered:
        with pytest.raises(Rejected) as caught:
            signed_by.verify(other, now)
        assert caught.value.status == status
    lines = {line for line in (connector + signature).splitlines() if line.strip()}
    assert len(lines) < 60


def code_of_the_document() -> list[str]:
    return re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
