"""Fetches what webhooks named: later, again while it fails, and for a week at the most."""

from __future__ import annotations

from datetime import timedelta
from threading import Event

from connectors.base import BadRow, Draft, Fetcher, Ignored, Source
from connectors.errors import Rejected
from connectors.intake import told
from connectors.poller.http import Away, Caller
from connectors.rows import Keeper, Kept
from storage.state.fetches import Fetches, QueuedFetch

GIVEN_UP_AFTER = timedelta(days=7)
_FIRST_WAIT, _LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=6)


class Fetched:
    """What one source waits for. The caller must be one that calls public addresses only."""

    def __init__(self, source: Source, connector: Fetcher, caller: Caller, fetches: Fetches, keeper: Keeper) -> None:
        self._source = source
        self._connector = connector
        self._caller = caller
        self._fetches = fetches
        self._keeper = keeper

    def round(self, stop: Event) -> Kept:
        """Tries all that are due. What fails is put off; after a week it becomes a failure, whose bytes are its URL.

        Raises:
            storage.errors.StorageError: something was not kept; it is fetched again.
        """
        kept = Kept()
        source = self._source
        for fetch in self._fetches.due(source.tenant, source.name, self._keeper.clock()):
            if stop.is_set():
                break
            self._try(fetch, kept)
        return kept

    def _try(self, fetch: QueuedFetch, kept: Kept) -> None:
        now = self._keeper.clock()
        try:
            kept.add(self._keeper.keep(self._items(fetch), self._source, "fetch"))
        except (Away, Rejected) as reason:
            if now - fetch.queued_at < GIVEN_UP_AFTER:
                wait = min(_FIRST_WAIT * 2 ** min(fetch.tries, 10), _LONGEST_WAIT)
                self._fetches.put_off(fetch, now + wait)
                return
            kept.add(self._keeper.give_up(fetch.url, self._source, f"given up to fetch: {reason}"))
        self._fetches.done(fetch)

    def _items(self, fetch: QueuedFetch) -> list[Draft | Ignored | BadRow]:
        # It was on the list when it was queued; the settings may have changed since.
        if isinstance(allowed := self._connector.fetch(fetch.url), Ignored):
            return [allowed]
        response = self._caller(self._connector.fetch_call(fetch.url, self._keeper.clock()))
        now = self._keeper.clock()
        return list(told(lambda: self._connector.parse_fetched(fetch.url, response, self._source, now), self._source))
