"""Canaries: personal data in any string of an event comes out in no column, reason, note, log line or exception."""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus, unquote

import pytest

from pipelines.batch import ROW, Batch, apply
from pipelines.contract import contract
from pipelines.enrich.case_number import CasePatterns
from pipelines.enrichment import Enrichment, Town
from pipelines.personal_data import Scrubber
from schemas.feedback import FeedbackEvent, feedback_id
from storage.state.keys import HashKey

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
Decode = Callable[[Sequence[bytes | FeedbackEvent]], Batch]

# What was given, and every part of it that must be nowhere afterwards. All of it is invented.
CANARIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "e-mail": ("quirine.zwaluw@voorbeeld.example", ("quirine", "zwaluw", "voorbeeld")),
    "name": ("mevrouw Zwaluwenstein", ("zwaluwenstein",)),
    "phone": ("06-48151623", ("48151623", "+31648151623")),
    "address": ("Kwartelstraat 117", ("kwartelstraat",)),
    "IPv4": ("203.0.113.117", ("203.0.113.117", "2030113117")),
    "IPv6": ("2001:db8:beef:cafe::117", ("beef:cafe", "2001:db8")),
}
SAID: dict[str, str] = {
    "bare": "{}",
    "in a sentence": "Ik ben niet tevreden: {} weet ervan, graag antwoord.",
    "in upper case": "{upper}",
}


class _Keys:
    def ip_key(self, tenant: str, month: str, now: datetime) -> HashKey | None:
        return HashKey(f"{tenant}-{month}", b"k" * 32)

    def person_key(self, tenant: str) -> HashKey:
        return HashKey(tenant, b"p" * 32)


ENRICHMENT = Enrichment({"utrecht": Town(CasePatterns(), Scrubber(), frozenset({"onderwerp"}))}, _Keys(), lambda: NOW)


def _string_leaves(node: dict[str, Any] | None = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The way to every leaf of the contract that is a string; a list is a step of its own."""
    node = node or contract()
    if node["type"] == "array":
        yield from _string_leaves(node["items"], (*path, "[]"))
    elif node["type"] == "object":
        for name, child in node["properties"].items():
            yield from _string_leaves(child, (*path, name))
    elif node["type"] == "string":
        yield path


LEAVES = sorted(_string_leaves())


def _with(leaf: tuple[str, ...], value: str) -> bytes:
    """An event, as it stands in the log, with the value in that leaf; its id follows from its parts."""
    event: dict[str, Any] = {
        "tenant": "utrecht",
        "source": "website",
        "source_id": "a-1",
        "connector": "web-form",
        "channel": "web",
        "received_at": "2026-03-01T10:00:00.000Z",
        "language": "nl",
    }
    part: Any = event
    for place, step in enumerate(leaf):
        last = place == len(leaf) - 1
        below: Any = value if last else [] if leaf[place + 1] == "[]" else {}
        if step == "[]":
            part.append(below)
        else:
            part[step] = below
        part = below
    if leaf[:2] == ("notes", "[]"):
        event["notes"][0] = {"field": "language", "problem": "missing"} | event["notes"][0]
    if leaf[:1] == ("consent",):
        event["consent"][leaf[1]] = {"given_at": "2026-03-01T10:00:00.000Z"} | event["consent"][leaf[1]]
    told = (str(event[name]) for name in ("tenant", "source", "source_id"))
    return json.dumps({"feedback_id": str(feedback_id(*told)), **event}).encode()


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name != "version":
                yield from _words(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner)
    elif isinstance(value, bytes):
        yield value.decode("latin-1")
    elif value is not None:
        yield str(value)


def _leaks(texts: Sequence[str], parts: Sequence[str]) -> list[str]:
    """The texts in which a part of a canary is, as it is, URL-decoded, or by its digits alone."""

    def holds(text: str) -> bool:
        plain = {text.casefold(), unquote(text).casefold(), unquote(text.replace("+", " ")).casefold()}
        digits = re.sub(r"[^0-9]", "", unquote(text))
        return any(
            any(part in form for form in plain) or (len(part) > 6 and part.isdigit() and part in digits)
            for part in parts
        )

    return [text for text in texts if holds(text)]


def _outcomes(decoded: Decode, values: Sequence[bytes]) -> list[list[str]]:
    """For each value all that came out of it: cells of its row, or what its failure says beside its bytes."""
    batch = decoded(values)
    for name in ENRICHMENT.STEPS:
        batch = apply(ENRICHMENT.step(name), batch, lambda: NOW)
    said: list[list[str]] = [[] for _ in values]
    for row in batch.columns.to_pylist():
        said[row.pop(ROW)] += _words(row)
    for failure in batch.failures:
        assert failure.origin is not None
        said[failure.origin.offset] += [failure.reason, repr(failure), str(failure.tenant), str(failure.source)]
    assert all(said)
    return said


@pytest.mark.parametrize("form", SAID)
@pytest.mark.parametrize("kind", CANARIES)
def test_a_canary_in_any_string_of_an_event_comes_out_nowhere(
    decoded: Decode, caplog: pytest.LogCaptureFixture, kind: str, form: str
) -> None:
    canary, parts = CANARIES[kind]
    caplog.set_level(logging.DEBUG)
    value = SAID[form].format(canary, upper=canary.upper())
    said = _outcomes(decoded, [_with(leaf, value) for leaf in LEAVES])
    leaks = {".".join(leaf): found for leaf, texts in zip(LEAVES, said, strict=True) if (found := _leaks(texts, parts))}
    assert not leaks
    assert not _leaks(caplog.messages, parts)
    if form == "in a sentence":
        # The rest of the sentence is there: nothing was hidden by losing it.
        told = dict(zip(LEAVES, said, strict=True))
        assert any("tevreden" in text for text in told["answers", "[]", "text"])
        assert any("tevreden" in text for text in told["subject", "service"])


_PAGES = (
    "https://www.utrecht.nl/contact/{}",
    "https://www.utrecht.nl/contact?onderwerp={}&x={}",
    "https://www.utrecht.nl/contact?{}={}#/{}",
    "https://{}@www.utrecht.nl/contact",
    "/zoeken/{}/resultaat",
)


@pytest.mark.parametrize("kind", CANARIES)
def test_a_canary_in_the_url_of_a_page_comes_out_nowhere(decoded: Decode, kind: str) -> None:
    canary, parts = CANARIES[kind]
    spelled = {canary, canary.upper(), quote(canary, safe=""), quote_plus(canary), canary.replace(" ", "-"),
               quote(quote(canary, safe=""), safe="")}  # fmt: skip
    pages = [page.replace("{}", text) for page in _PAGES for text in sorted(spelled)]
    said = _outcomes(decoded, [_with(("subject", "page_url"), page) for page in pages])
    # Decoded twice, for those that were encoded twice.
    leaks = {page: cells for page, texts in zip(pages, said, strict=True)
             if (cells := _leaks([unquote(text) for text in texts], parts))}  # fmt: skip
    assert not leaks


@pytest.mark.parametrize("kind", CANARIES)
def test_bytes_that_are_no_event_are_quoted_nowhere(
    decoded: Decode, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    canary, parts = CANARIES[kind]
    caplog.set_level(logging.DEBUG)
    text = canary.encode()
    bodies = [
        text,
        b'{"' + text,
        b'{"a": "' + text + b'"}',
        b'["' + text + b'"]',
        b"\xff" + text,
        b'{"tenant": "' + text + b'"}',
    ]
    said = _outcomes(decoded, bodies)
    assert not _leaks([cell for texts in said for cell in texts], parts)
    assert not _leaks(caplog.messages, parts)


def test_a_step_that_raises_with_a_canary_quotes_it_nowhere(decoded: Decode, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    def step(_: object) -> Any:
        raise ValueError("quirine.zwaluw@voorbeeld.example")

    batch = decoded([_with(("answers", "[]", "text"), "x")])
    with pytest.raises(Exception, match="without any event") as caught:
        apply(step, batch, lambda: NOW)
    told = ["".join(traceback.format_exception(caught.value)), *caplog.messages, repr(batch.records[0])]
    # The traceback shows lines of this file, and no value.
    told = [text.replace('raise ValueError("quirine.zwaluw@voorbeeld.example")', "") for text in told]
    assert not _leaks(told, ("quirine",))
