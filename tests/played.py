"""Providers as they answer who asks: over HTTP where `tests.providers` serves them, or without it by `asked_for`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.base import BadRow, Call, Cursor, Draft, Ignored, Poll, Response
from tests.providers import NOW, Answer, Asked, source_of

Handler = Callable[[Asked], Answer]
_MOST_CALLS = 500


@dataclass
class Round:
    """What asking brought until the provider had no more."""

    cursor: Cursor
    items: list[Draft | Ignored | BadRow] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def ids(self) -> list[str | None]:
        """Of the answers, in order."""
        return [item.source_id for item in self.items if isinstance(item, Draft)]


def asked_for(
    connector: Poll, answer: Handler, cursor: Cursor | None = None, now: datetime = NOW, most: int = _MOST_CALLS
) -> Round:
    """Asks page after page, as the poller does. Fails where it would never end, or asks the same for ever."""
    login = connector.login(now)
    token = "" if login is None else connector.token(_answered(answer, login))
    done = Round(cursor or {})
    for _ in range(most):
        call = connector.call(done.cursor, token, now)
        page = connector.parse_page(_answered(answer, call), done.cursor, source_of("account"), now)
        kept = json.loads(json.dumps(page.cursor))
        assert kept == page.cursor, "a cursor is plain JSON"
        assert not (page.more and kept == done.cursor), "asks for the same page again and again"
        done.calls.append(call)
        done.items.extend(page.items)
        done.cursor = kept
        if not page.more:
            return done
    raise AssertionError("never ends")


def _answered(answer: Handler, call: Call) -> Response:
    parts = urlsplit(call.url)
    answered = answer(Asked(call.method, parts.path, dict(parse_qsl(parts.query)), dict(call.headers), call.body))
    assert answered.status == 200, answered.status
    return Response(answered.body, {name.lower(): value for name, value in answered.headers.items()})


def wootric(responses: list[dict[str, Any]], declines: list[dict[str, Any]]) -> Handler:
    """Wootric's API: at most 30 pages of 50 from one time of creation on, oldest first."""

    def answer(asked: Asked) -> Answer:
        if asked.path == "/oauth/token":
            return Answer.of({"access_token": f"token of {asked.form['client_id']}", "expires_in": 7200})
        if asked.headers.get("authorization") != "Bearer token of town":
            return Answer(status=401)
        of: Mapping[str, list[dict[str, Any]]] = {"/v1/responses": responses, "/v1/declines": declines}
        page, size = int(asked.query["page"]), int(asked.query["per_page"])
        assert 1 <= page <= 30
        assert size <= 50
        assert asked.query["sort_order"] == "asc"
        since = int(asked.query["created[gte]"])
        found = [one for one in of[asked.path] if datetime.fromisoformat(one["created_at"]).timestamp() >= since]
        found.sort(key=lambda one: datetime.fromisoformat(one["created_at"]))
        return Answer.of(found[(page - 1) * size : page * size])

    return answer


def happyornot(buttons: list[dict[str, Any]], texts: list[dict[str, Any]]) -> Handler:
    """HappyOrNot's API: lists between two days of local time, oldest first, by offset and limit."""

    def answer(asked: Asked) -> Answer:
        if asked.headers.get("x-hon-api-token") != "town":
            return Answer(status=401)
        start, end = (datetime.fromisoformat(asked.query[name]) for name in ("startDate", "endDate"))
        assert start < end <= start + timedelta(days=365)
        name = asked.path.rpartition("/")[2]
        of = {"button-feedbacks.json": buttons, "text-feedbacks.json": texts}[name]
        found = [one for one in of if start.isoformat() <= one["localTime"] < end.isoformat()]
        found.sort(key=lambda one: str(one["localTime"]))
        offset, limit = int(asked.query["offset"]), int(asked.query["limit"])
        more = "true" if len(found) > offset + limit else "false"
        return Answer.of(found[offset : offset + limit], **{"X-More-Available": more})

    return answer


def mastodon(notifications: list[dict[str, Any]]) -> Handler:
    """Mastodon's API: the notifications right after `min_id`, newest first."""

    def answer(asked: Asked) -> Answer:
        if asked.headers.get("authorization") != "Bearer town":
            return Answer(status=401)
        assert (asked.path, asked.query["types[]"]) == ("/api/v1/notifications", "mention")
        found = sorted((int(one["id"]), one) for one in notifications if int(one["id"]) > int(asked.query["min_id"]))
        return Answer.of([one for _, one in found[: int(asked.query["limit"])]][::-1])

    return answer


def bluesky(notifications: list[dict[str, Any]]) -> Handler:
    """Bluesky's API: newest first, with a cursor to what is older; a token that is not good any more is a 400."""

    def answer(asked: Asked) -> Answer:
        if asked.path == "/xrpc/com.atproto.server.createSession":
            return Answer.of({"accessJwt": f"token of {json.loads(asked.body)['identifier']}", "did": "did:plc:town"})
        if asked.headers.get("authorization") != "Bearer token of town":
            return Answer(b'{"error": "ExpiredToken"}', 400)
        assert asked.path == "/xrpc/app.bsky.notification.listNotifications"
        before, limit = asked.query.get("cursor", "9999"), int(asked.query["limit"])
        found = sorted(
            (one for one in notifications if one["indexedAt"] < before), key=lambda one: str(one["indexedAt"])
        )
        page = found[::-1][:limit]
        return Answer.of({"notifications": page, **({"cursor": page[-1]["indexedAt"]} if page else {})})

    return answer


def signalen(signals: list[dict[str, Any]]) -> Handler:
    """Signalen's API: pages of 100 of what was updated at or after a time, oldest update first."""

    def answer(asked: Asked) -> Answer:
        if asked.headers.get("authorization") != "Bearer town":
            return Answer(status=401)
        assert (asked.path, asked.query["ordering"]) == ("/signals/v1/private/signals/", "updated_at")
        after = datetime.fromisoformat(asked.query.get("updated_after", "1970-01-01T00:00:00+00:00"))
        found = [one for one in signals if datetime.fromisoformat(one["updated_at"]) >= after]
        found.sort(key=lambda one: datetime.fromisoformat(one["updated_at"]))
        size, page = min(100, int(asked.query["page_size"])), int(asked.query["page"])
        if page > 1 and (page - 1) * size >= len(found):
            return Answer(status=404)
        follows = "https://x.example/?page=next" if len(found) > page * size else None
        return Answer.of({"_links": {"next": {"href": follows}}, "results": found[(page - 1) * size : page * size]})

    return answer


def open311(requests: list[dict[str, Any]], most: int = 1_000) -> Handler:
    """A GeoReport server: at most so many requests between two times, the newest first, the rest cut off."""

    def answer(asked: Asked) -> Answer:
        assert asked.path == "/open311/v2/requests.json"
        start, end = (datetime.fromisoformat(asked.query[name]) for name in ("start_date", "end_date"))
        assert start <= end <= start + timedelta(days=90)
        found = [one for one in requests if start <= datetime.fromisoformat(one["requested_datetime"]) <= end]
        found.sort(key=lambda one: datetime.fromisoformat(one["requested_datetime"]), reverse=True)
        return Answer.of(found[:most])

    return answer
