"""Every connector over its recorded payloads, and what holds for all of them.

`tests/payloads/<connector>/<case>.request.json` holds settings, source, clock and one or several requests (or files),
unsigned; `<case>.events.json` what must come of each. BALIE_RECORD=1 writes the latter anew: read the difference.
"""

import copy
import json
import os
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import connectors.conversation
import connectors.intake
from connectors.base import Draft, Fetch, Ignored, Piece, Request, Source, Webhook, finish
from connectors.errors import Failed, Rejected
from connectors.registry import configured
from connectors.registry import connectors as registered
from connectors.trial import Trial, request_of
from schemas.feedback import FeedbackEvent, Unreadable

PAYLOADS = Path(__file__).parent.parent / "payloads"
FORM = "application/x-www-form-urlencoded"

CASES = sorted(
    path.relative_to(PAYLOADS).as_posix().removesuffix(".request.json") for path in PAYLOADS.rglob("*.request.json")
)


def load(case: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((PAYLOADS / f"{case}.request.json").read_text())
    return told


@cache
def made(case: str) -> tuple[Any, Source, datetime, list[Request]]:
    """Connector, source, clock and requests of a case; requests as their provider signs them."""
    told, name = load(case), case.partition("/")[0]
    connector = configured(name, told["settings"])
    source = Source(**{"channel": connector.channel, **told["source"]}, connector=name)
    now = datetime.fromisoformat(told["now"])
    requests = [request_of(request) for request in told["requests"]]
    if isinstance(connector, Webhook) and protocol(case) == "webhook":
        requests = [connector.sign(request, now) for request in requests]
    return connector, source, now, requests


def protocol(case: str) -> str:
    told: str = load(case).get("protocol", "webhook")
    return told


WEBHOOKS = [case for case in CASES if protocol(case) == "webhook"]
PROVED = [case for case in WEBHOOKS if made(case)[0].proves_sender]


@pytest.fixture(autouse=True)
def minted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions are 1, 2, 3 …, so that a recorded second step can name the first one's."""
    numbers = iter(range(1, 1_000_000))
    monkeypatch.setattr(connectors.intake, "uuid4", lambda: UUID(int=next(numbers)))


def tried(case: str) -> list[dict[str, Any]]:
    told, name = load(case), case.partition("/")[0]
    trial, results = Trial(name), []
    for request, signed in zip(told.pop("requests"), made(case)[3], strict=True):
        proved = {"url": signed.url, "headers": dict(signed.headers)}
        if signed.body != request_of(request).body:  # some providers put the proof into the body
            proved |= {"body": b64encode(signed.body).decode(), "body_encoding": "base64"}
        result = trial({**told, "request": {**request, **proved}})
        body = result.pop("body")
        assert "<script" not in body
        results.append({name: value for name, value in result.items() if value not in ([], "")})
    return results


@pytest.mark.parametrize("case", CASES)
def test_a_recorded_payload_gives_its_recorded_events(case: str) -> None:
    path = PAYLOADS / f"{case}.events.json"
    results = tried(case)
    if os.environ.get("BALIE_RECORD"):
        path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")
    assert results == json.loads(path.read_text())


@pytest.mark.parametrize("name", sorted(registered()))
def test_every_connector_has_the_cases_that_matter(name: str) -> None:
    results = {case: tried(case) for case in CASES if case.startswith(f"{name}/")}
    outcomes = {result["outcome"] for case in results.values() for result in case}
    assert {"accepted", "ignored"} <= outcomes
    events = [event for case in results.values() for result in case for event in result.get("events", ())]
    texts = json.dumps([event["answers"] for event in events], ensure_ascii=False)
    assert any(letter.isalpha() and letter > "\x7f" for letter in texts), "no language with letters of its own"
    assert any(event["answers"] and "score" not in event["answers"][0] for event in events), "no edge: without a score"


@pytest.mark.parametrize("case", CASES)
def test_the_same_again_is_the_same_answer(case: str) -> None:
    connector, source, now, requests = made(case)
    for request in requests:
        ids = []
        for moment in (now, now + timedelta(seconds=30)):
            try:
                ids.append(list(identities(connector, source, request, moment, protocol(case))))
            except (Rejected, Unreadable):
                ids.append(["rejected"])
        assert ids[0] == ids[1]


def identities(connector: Any, source: Source, request: Request, now: datetime, way: str) -> Iterator[str]:
    if way != "webhook":
        rows = connectors.intake.rows_of(connector, way, request, {}, source, now) or ()
        yield from (str(finish(row, source, now).feedback_id) for row in rows if isinstance(row, Draft))
        return
    items, _ = connectors.intake.parsed(connector, source, request, now)
    for item in items:
        # What has no id of its own gets one from the collector, which this cannot repeat; its piece is the same.
        yield str(finish(item, source, now).feedback_id) if isinstance(item, Draft) else repr_of(item)


def repr_of(item: Piece | Ignored | Fetch) -> str:
    if isinstance(item, Fetch):
        return item.url
    return item.reason if isinstance(item, Ignored) else f"{item.session} {item.piece_id} {item.step}"


@pytest.mark.parametrize("case", PROVED)
def test_what_proves_nothing_is_refused_and_leaves_nothing(case: str) -> None:
    connector, _, now, requests = made(case)
    unsigned = [request_of(request) for request in load(case)["requests"]]
    for request, bare in zip(requests, unsigned, strict=True):
        connector.verify(request, now)
        refused(connector, bare, now)
        for name in request.headers.keys() - bare.headers.keys():
            for at in range(0, len(request.headers[name]), 7):
                refused(
                    connector,
                    replace(request, headers={**request.headers, name: flipped(request.headers[name], at)}),
                    now,
                )
        for at in range(0, len(request.body), max(1, len(request.body) // 25)):
            changed = replace(request, body=bytes(b ^ (1 if i == at else 0) for i, b in enumerate(request.body)))
            if connector.sign(changed, now).headers != request.headers:  # the proof covers the body
                refused(connector, changed, now)
        # Where no time is signed, an old request cannot be told from a new one: identity absorbs it.
        if connector.sign(bare, now + timedelta(hours=1)) != request:
            for away in (timedelta(minutes=6), -timedelta(minutes=6)):
                refused(connector, request, now + away)


def flipped(text: str, at: int) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def refused(connector: Webhook, request: Request, now: datetime) -> None:
    with pytest.raises(Rejected) as caught:
        connector.verify(request, now)
    assert caught.value.status in (401, 403)


@pytest.mark.parametrize("case", WEBHOOKS)
def test_what_is_unknown_changes_nothing(case: str) -> None:
    connector, source, now, requests = made(case)
    for request in requests:
        if request.media_type == FORM:
            fields = request.form | {"Brandnew": "x", "brand.new": "y"}
            extended = replace(request, body=urlencode(fields).encode())
        elif request.media_type == "application/json" and request.body.startswith(b"{"):
            try:
                extended = replace(request, body=json.dumps(request.json() | {"brand_new": {"a": [1]}}).encode())
            except Rejected:
                continue
        else:
            extended = replace(request, url=request.url + ("&" if "?" in request.url else "?") + "brand_new=x")
        signed = connector.sign(replace(extended, headers=dict(extended.headers)), now)
        assert told(connector, source, signed, now) == told(connector, source, request, now)


def told(connector: Webhook, source: Source, request: Request, now: datetime) -> list[Any]:
    try:
        items, unread = connectors.intake.parsed(connector, source, request, now)
    except Rejected as rejected:
        return [rejected.status]
    return [without_address(item) if isinstance(item, Piece) else item for item in items] + [unread]


def without_address(piece: Piece) -> Piece:
    """The piece without what is made of all of a request: a digest, and the address itself."""
    subject = {name: value for name, value in (piece.draft.subject or {}).items() if name != "page_url"}
    return replace(piece, piece_id="", draft=replace(piece.draft, subject=subject))


@pytest.mark.parametrize("case", WEBHOOKS)
def test_a_missing_field_does_not_throw(case: str) -> None:
    connector, source, now, requests = made(case)
    for request in requests:
        for smaller in without_one_field(request):
            outcome(connector, source, smaller, now)


def without_one_field(request: Request) -> Iterator[Request]:
    if request.media_type == FORM:
        for name in request.form:
            rest = {other: value for other, value in request.form.items() if other != name}
            yield replace(request, body=urlencode(rest).encode())
    elif request.media_type == "application/json":
        try:
            body = request.json()
        except Rejected:
            return
        for value in damaged(body):
            yield replace(request, body=json.dumps(value).encode())


GONE = object()
STRANGE: tuple[Any, ...] = (None, 3, "x", [], {}, True, GONE)


def damaged(body: Any) -> Iterator[Any]:
    """JSON with one part of it replaced by something of another type, or left out."""
    for path in paths(body):
        for strange in STRANGE:
            yield damaged_at(body, path, strange)


def damaged_at(body: Any, path: tuple[Any, ...], strange: Any) -> Any:
    smaller = copy.deepcopy(body)
    inner = smaller
    for step in path[:-1]:
        inner = inner[step]
    if strange is GONE:
        del inner[path[-1]]
    else:
        inner[path[-1]] = strange
    return smaller


def paths(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        steps = value.items()
    elif isinstance(value, list):
        steps = enumerate(value)
    for step, inner in steps:
        yield (*here, step)
        yield from paths(inner, (*here, step))


def outcome(connector: Webhook, source: Source, request: Request, now: datetime) -> None:
    """Goes the whole way from parse to reply; raises whatever is not Rejected."""
    try:
        items = connector.parse(request, source, now)
    except Rejected:
        return
    again = connector.parse(replace(request), source, now)
    assert list(items) == list(again)
    kept: dict[str, bytes] = {}

    def join(piece: Piece, session: str) -> FeedbackEvent:
        kept[piece.piece_id] = connectors.conversation.to_bytes(piece, session)
        return finish(connectors.conversation.joined(list(kept.values())), source, now)

    try:
        intake = connectors.intake.settled(connector, source, items, None, now, join)
    except Rejected:
        return
    connector.reply(request, source, intake.session)


anything = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
        max_leaves=12,
    ).map(lambda value: json.dumps(value).encode()),
)


@pytest.mark.parametrize("name", sorted({case.partition("/")[0] for case in WEBHOOKS}))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_bytes_whatever_throw(name: str, data: st.DataObject) -> None:
    of_it = [recorded for recorded in WEBHOOKS if recorded.startswith(f"{name}/")]
    case = data.draw(st.sampled_from(of_it))
    connector, source, now, requests = made(case)
    at = data.draw(st.integers(0, len(requests) - 1))
    request = requests[at]
    kind = data.draw(st.sampled_from(["application/json", FORM, "text/plain", ""]))
    known = [*request.form, "score", "text", "session", "id", "answers", "person", "consent", "subject.form"]
    body = data.draw(
        anything
        | st.dictionaries(st.sampled_from(known), st.text(max_size=30), max_size=5).map(
            lambda f: urlencode(f, errors="replace").encode()
        )
        | st.dictionaries(
            st.sampled_from(known),
            anything.map(lambda b: b.decode("latin-1")) | st.integers() | st.lists(st.integers() | st.text()),
            max_size=5,
        ).map(lambda f: json.dumps(f).encode())
    )
    headers = {**request.headers, "content-type": kind, "accept": data.draw(st.sampled_from(["text/html", "*/*"]))}
    outcome(connector, source, replace(request, body=body, headers=headers), now)
    bare = replace(request_of(load(case)["requests"][at]), body=body, headers={"content-type": kind})
    if connector.proves_sender:
        refused(connector, bare, now)
    else:
        with suppress(Rejected):
            connector.verify(bare, now)


ASKED = [case for case in CASES if protocol(case) != "webhook"]


@pytest.mark.parametrize("name", sorted({case.partition("/")[0] for case in ASKED}))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_page_and_no_file_whatever_throws(name: str, data: st.DataObject) -> None:
    case = data.draw(st.sampled_from([asked for asked in ASKED if asked.startswith(f"{name}/")]))
    connector, source, now, requests = made(case)
    request = data.draw(st.sampled_from(requests))
    cut = st.integers(0, len(request.body)).map(lambda at: request.body[:at] + request.body[at + 1 :])
    letters = 'Response ID,Date;Rating\t"\r\n1234-:é'
    body = data.draw(anything | cut | st.text(alphabet=letters, max_size=300).map(str.encode))
    with suppress(Rejected):  # JSON Lines are no JSON
        if request.body[:1] in (b"[", b"{") and (ways := list(paths(told := request.json()))):
            hurt = damaged_at(told, data.draw(st.sampled_from(ways)), data.draw(st.sampled_from(STRANGE)))
            body = data.draw(st.sampled_from([body, json.dumps(hurt).encode()]))
    try:
        rows = connectors.intake.rows_of(connector, protocol(case), replace(request, body=body), {}, source, now)
        assert rows is not None
        for row in rows:
            if isinstance(row, Draft):
                with suppress(Unreadable):
                    finish(row, source, now)
    except Failed:
        raise
    except Rejected:
        pass


@pytest.mark.parametrize("name", sorted({case.partition("/")[0] for case in ASKED if protocol(case) != "fetch"}))
def test_what_is_asked_or_read_has_been_through_both_changes_of_the_clock(name: str) -> None:
    results = [result for case in ASKED if case.startswith(f"{name}/") for result in tried(case)]
    notes = [note for result in results for event in result.get("events", ()) for note in event["notes"]]
    assert {"doubled_hour", "missing_hour"} <= {note["problem"] for note in notes if note["field"] == "occurred_at"}
