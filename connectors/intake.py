"""From bytes to events, without storing or answering anything: what collector and poller do, and `trial` shows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from connectors.base import (
    BadRow,
    Connector,
    Draft,
    Fetch,
    Fetcher,
    File,
    Ignored,
    Item,
    Mail,
    Piece,
    Poll,
    Reply,
    Request,
    Response,
    Source,
    Webhook,
    finish,
)
from connectors.errors import Failed, Rejected
from schemas.feedback import FeedbackEvent, Unreadable
from storage.errors import StorageError

logger = logging.getLogger(__name__)

KEPT = Reply(202, b'{"status":"kept, not read"}', {"content-type": "application/json"})
"""The answer to a request that is kept as a failure."""

Join = Callable[[Piece, str], FeedbackEvent]
"""Keeps a piece under a session and gives the event that all its pieces make."""


@dataclass(slots=True)
class Intake:
    """What a request came to.

    `fetches` are the URLs to be fetched. `unread` says why (some of) it could not be read and has to be kept as a
    failure; `session` is that of the last piece, where there was one.
    """

    events: list[FeedbackEvent] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    fetches: list[str] = field(default_factory=list)
    session: str | None = None
    unread: str | None = None


def parsed(
    connector: Webhook, source: Source, request: Request, now: datetime, *, replayed: bool = False
) -> tuple[Sequence[Item], str | None]:
    """What a connector makes of a request, and why it could not be read, if so.

    One that is `replayed` from the failures has proved its sender before, and its proof was not kept.

    Raises:
        Rejected: it does not prove its sender; or it cannot be read, and nobody vouches for it.
    """
    if not replayed:
        connector.verify(request, now)
    try:
        return tuple(connector.parse(request, source, now)), None  # a generator must raise here, not later
    except Rejected as rejected:
        if not connector.proves_sender:
            raise
        return (), rejected.reason
    except Exception as error:
        return (), fault(source, error)


def settled(
    connector: Webhook, source: Source, items: Sequence[Item], unread: str | None, now: datetime, join: Join
) -> Intake:
    """The events of what was parsed, pieces joined.

    Raises:
        Rejected: some of it has no identity or cannot be read, and nobody vouches for it.
        storage.errors.StorageError: from `join`.
    """
    intake = Intake(unread=unread)
    for item in items:
        if isinstance(item, Ignored):
            intake.ignored.append(item.reason)
            continue
        if isinstance(item, Fetch):
            intake.fetches.append(item.url)
            continue
        try:
            if isinstance(item, Piece):
                intake.session = item.session or uuid4().hex
                intake.events.append(join(item, intake.session))
            else:
                intake.events.append(finish(item, source, now))
        except Unreadable as error:
            if not connector.proves_sender:
                raise Rejected(400, str(error)) from None
            intake.unread = str(error)
        except StorageError:
            raise
        except Exception as error:
            intake.unread = fault(source, error)
    return intake


def rows_of(
    connector: Connector, protocol: str, request: Request, cursor: Mapping[str, Any], source: Source, now: datetime
) -> Iterable[Draft | Ignored | BadRow] | None:
    """What a page, a fetched answer, a message or a file tells; None where the connector does not take it that way."""
    response = Response(request.body, request.headers)
    if protocol == "poll" and isinstance(connector, Poll):
        return told(lambda: connector.parse_page(response, cursor, source, now).items, source)
    if protocol == "poll" and isinstance(connector, Mail):
        return told(lambda: connector.parse_mail(request.body, source, now), source)
    if protocol == "fetch" and isinstance(connector, Fetcher):
        return told(lambda: connector.parse_fetched(request.url, response, source, now), source)
    if protocol == "file" and isinstance(connector, File):
        return told(lambda: connector.parse_rows(request.body, source, now), source)
    return None


def told(read: Callable[[], Iterable[Draft | Ignored | BadRow]], source: Source) -> Iterator[Draft | Ignored | BadRow]:
    """The rows that a connector reads, with nothing read before the first is asked for.

    So all it can raise is raised where rows are taken: Rejected, or Failed for a fault of the connector, which must
    not stop the sources beside its own.
    """
    try:
        yield from read()
    except Rejected:
        raise
    except Exception as error:
        raise Failed(fault(source, error)) from None


def fault(source: Source, error: Exception) -> str:
    """A fault of the connector. The message of an error may quote what it was given; its type does not."""
    logger.error("connector %s failed: %s", source.connector, type(error).__name__)
    return f"the connector failed: {type(error).__name__}"
