"""Tries a connector on a request, a page or a file, and shows what would come of it. Nothing is stored or sent.

In and out are plain JSON values:

    in:  {"protocol": "webhook" | "poll" | "fetch" | "file", "settings": {…}, "now": "2026-11-02T10:00:00Z",
          "source": {…}, "cursor": {…},
          "request": {"method": "POST", "url": "https://…", "headers": {…}, "body": "…", "remote": "…",
                      "body_encoding": "utf-8" | "latin-1" | "base64"}}
    out: {"outcome": "accepted" | "ignored" | "refused" | "challenge" | "fetch" | "failed", "status": 200, "body": "…",
          "events": [FeedbackEvent …], "failures": [FailedEvent …], "fetch": ["https://…"], "reason": "…"}

`source` may set what a town sets of a source (see `Source`). `request.body` is the file, or what the provider answered
(to a poll, whose `cursor` may be given; to the fetch of `request.url`); for a mailbox it is one message.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from connectors.base import (
    BadRow,
    Challenge,
    Draft,
    Ignored,
    Piece,
    Reply,
    Request,
    Source,
    Webhook,
    finish,
)
from connectors.collector.limits import Limits
from connectors.conversation import begins_anew, joined, to_bytes
from connectors.errors import Misconfigured, Rejected
from connectors.intake import KEPT, parsed, rows_of, settled
from connectors.records import failed_request, failed_row
from connectors.registry import configured
from connectors.signatures import basic_header
from schemas.failure import FailedEvent, Protocol
from schemas.feedback import FeedbackEvent, Unreadable


@dataclass(slots=True)
class _Conversation:
    """What `storage.state` keeps on the disk, in memory."""

    began_at: datetime
    ends_at: datetime
    pieces: dict[str, bytes] = field(default_factory=dict)


class Trial:
    """Tries one connector. What came in steps is joined over all that one trial is given."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._conversations: dict[str, list[_Conversation]] = {}

    def __call__(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """What would come of one request, page or file. Misconfigured where its settings cannot work."""
        connector = configured(self._name, told.get("settings") or {})
        source = Source(
            **{"tenant": "trial", "name": self._name, "channel": connector.channel, **(told.get("source") or {})},
            connector=self._name,
        )
        now = datetime.fromisoformat(told["now"]) if told.get("now") else datetime.now(UTC)
        request = request_of(told["request"])
        protocol = told.get("protocol", "webhook")
        if protocol == "webhook":
            if not isinstance(connector, Webhook):
                raise Misconfigured(f"connector {self._name} takes no requests: try it with another protocol")
            try:
                return self._request(connector, source, request, now)
            except Rejected as rejected:
                return _shown("refused", Reply(rejected.status), reason=rejected.reason)
        rows = rows_of(connector, protocol, request, told.get("cursor") or {}, source, now)
        if rows is None:
            raise Misconfigured(f"connector {self._name} does not know the protocol {protocol}: try it with another")
        return _rows(rows, protocol, request, source, now)

    def _request(self, connector: Webhook, source: Source, request: Request, now: datetime) -> dict[str, Any]:
        def join(piece: Piece, session: str) -> FeedbackEvent:
            known = self._conversations.setdefault(session, [])
            found = next((one for one in known if piece.piece_id in one.pieces), None)
            if found is None:
                latest = known[-1] if known else None
                if latest is None or latest.ends_at <= now or begins_anew(piece, list(latest.pieces.values())):
                    known.append(_Conversation(now, now + Limits().conversation))
                found = known[-1]
                found.pieces[piece.piece_id] = to_bytes(piece, session)
            last = list(found.pieces).index(piece.piece_id) + 1
            return finish(joined(list(found.pieces.values())[:last]), source, found.began_at)

        items, unread = parsed(connector, source, request, now)
        intake = settled(connector, source, items, unread, now, join)
        failures = [failed_request(request, source, intake.unread, now)] if intake.unread is not None else []
        challenges = [item for item in items if isinstance(item, Challenge)]
        found = {"accepted": intake.events, "fetch": intake.fetches, "failed": failures, "challenge": challenges}
        outcome = next((outcome for outcome, some in found.items() if some), "ignored")
        reply = KEPT if outcome == "failed" else connector.reply(request, source, intake.session)
        reason = intake.unread or "; ".join(dict.fromkeys(intake.ignored))
        return _shown(outcome, reply, intake.events, failures, reason, intake.fetches)


def _rows(
    rows: Iterable[Draft | Ignored | BadRow], protocol: Protocol, request: Request, source: Source, now: datetime
) -> dict[str, Any]:
    events, failures, reasons = [], [], []
    try:
        for row in rows:
            if isinstance(row, Ignored):
                reasons.append(row.reason)
            elif isinstance(row, BadRow):
                failures.append(failed_row(row.content, source, row.reason, now, protocol))
                reasons.append(row.reason)
            else:
                events.append(finish(row, source, now))
    except (Rejected, Unreadable) as error:
        failures.append(failed_row(request.body, source, str(error), now, protocol))
        reasons.append(str(error))
    outcome = "accepted" if events else "failed" if failures else "ignored"
    return _shown(outcome, Reply(), events, failures, "; ".join(dict.fromkeys(reasons)))


def request_of(told: Mapping[str, Any]) -> Request:
    """A request as its JSON tells it; header names in any case, and a password in the URL sent as clients send it."""
    body, encoding = told.get("body", ""), told.get("body_encoding", "utf-8")
    url = told.get("url", "https://localhost/")
    headers = {name.lower(): value for name, value in (told.get("headers") or {}).items()}
    if (parts := urlsplit(url)).password is not None:
        headers.setdefault("authorization", basic_header(unquote(parts.username or ""), unquote(parts.password)))
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return Request(
        method=told.get("method", "POST"),
        url=url,
        headers=headers,
        body=b64decode(body) if encoding == "base64" else body.encode(encoding),
        remote=told.get("remote"),
    )


def _shown(
    outcome: str,
    reply: Reply,
    events: list[FeedbackEvent] | None = None,
    failures: list[FailedEvent] | None = None,
    reason: str = "",
    fetches: Sequence[str] = (),
) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "status": reply.status,
        "body": reply.body.decode("utf-8", "replace"),
        "events": [event.model_dump(mode="json", by_alias=True, exclude_none=True) for event in events or ()],
        "failures": [failure.model_dump(mode="json", exclude_none=True) for failure in failures or ()],
        "fetch": list(fetches),
        "reason": reason,
    }
