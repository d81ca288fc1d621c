"""Asks a provider for what is new, page by page: the cursor moves once a page's answers are durable."""

from __future__ import annotations

from threading import Event

from connectors.base import Call, Page, Poll, Response, Source
from connectors.errors import Rejected
from connectors.intake import fault
from connectors.poller.http import Away, Caller
from connectors.rows import Keeper, Kept
from storage.state.cursors import Cursors

_WAY = "poll"


class Polled:
    """One source that is asked. Keeps the provider's token in memory between the rounds; one thread at a time."""

    def __init__(self, source: Source, connector: Poll, caller: Caller, cursors: Cursors, keeper: Keeper) -> None:
        self._source = source
        self._connector = connector
        self._caller = caller
        self._cursors = cursors
        self._keeper = keeper
        self._token: str | None = None

    def round(self, stop: Event) -> Kept:
        """Asks until the provider has nothing more, or `stop` is set.

        Raises:
            Away: the provider does not answer, or says what cannot be read. What was kept stays kept.
            storage.errors.StorageError: a page could not be kept; it is asked for again in the next round.
        """
        kept = Kept()
        source = self._source
        while not stop.is_set():
            cursor = self._cursors.get(source.tenant, source.name, _WAY)
            page = self._page(cursor)
            kept.add(self._keeper.keep(page.items, source, "poll"))
            if page.cursor != cursor:
                self._cursors.put(source.tenant, source.name, _WAY, page.cursor, self._keeper.clock())
            elif page.more:
                raise Away("its connector asks for the same page again and again: report it")
            if not page.more:
                break
            stop.wait(self._connector.pause)
        return kept

    def _page(self, cursor: dict[str, object]) -> Page:
        now = self._keeper.clock()
        try:
            response = self._asked(cursor)
            return self._connector.parse_page(response, cursor, self._source, now)
        except Rejected as rejected:
            raise Away(f"its answer cannot be read: {rejected.reason}") from None
        except Away:
            raise
        except Exception as error:
            raise Away(fault(self._source, error)) from None

    def _asked(self, cursor: dict[str, object]) -> Response:
        fresh = self._token is None
        if self._token is None:
            self._token = self._log_in()
        try:
            return self._caller(self._call(cursor))
        except Away as away:
            if away.status not in self._connector.expired:
                raise
            if fresh:
                self._token = None
                raise Away(f"{away}: mend the key or password in the settings", away.status) from None
        self._token = self._log_in()  # the old one has expired
        return self._caller(self._call(cursor))

    def _call(self, cursor: dict[str, object]) -> Call:
        return self._connector.call(cursor, self._token or "", self._keeper.clock())

    def _log_in(self) -> str:
        login = self._connector.login(self._keeper.clock())
        return "" if login is None else self._connector.token(self._caller(login))
