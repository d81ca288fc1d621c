"""The poller as the settings say: what is done for each source that is asked, fetched for or has files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

from balie.files import rounds_of
from balie.open import open_log, open_state, sources, topics_of
from balie.settings import Settings, SettingsError
from connectors.base import Connector, Fetcher, File, Mail, Poll, Source
from connectors.poller.fetches import Fetched
from connectors.poller.http import Caller
from connectors.poller.loop import Beat
from connectors.poller.mailbox import Mailbox
from connectors.poller.mails import Mailed, answers_in
from connectors.poller.polls import Polled
from connectors.poller.tokens import tokens_of
from connectors.rows import Keeper
from storage.state.store import State

FETCH_EVERY = 10.0


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the rounds of all sources stand on; `public` calls public addresses only."""

    caller: Caller
    public: Caller
    state: State
    keeper: Keeper


def has_work(settings: Settings) -> bool:
    """Whether there is a source that is asked, fetched for, or has files."""
    return any(_ways(settings, source, connector) for source, connector in sources(settings))


def _ways(settings: Settings, source: Source, connector: Connector) -> list[str]:
    ways = []
    if isinstance(connector, (Poll, Mail)) and connector.is_polled:
        ways.append("poll")
    if isinstance(connector, Fetcher):
        ways.append("fetch")
    if settings.towns[source.tenant].sources[source.name].files is not None:
        ways.append("files")
    return ways


@contextmanager
def beats_of(settings: Settings) -> Iterator[list[Beat]]:
    """The beats of all sources; what they stand on is open as long as the context is. May be none."""
    feedback, failures = topics_of(settings)
    with ExitStack() as stack:
        log = stack.enter_context(closing(open_log(settings)))
        state = stack.enter_context(closing(open_state(settings)))
        ground = _Ground(
            caller=stack.enter_context(closing(Caller())),
            public=stack.enter_context(closing(Caller(only_public=True))),
            state=state,
            keeper=Keeper(log, feedback.name, failures.name),
        )
        yield [
            _beat(way, settings, source, connector, ground)
            for source, connector in sources(settings)
            for way in _ways(settings, source, connector)
        ]


def _beat(way: str, settings: Settings, source: Source, connector: Connector, on: _Ground) -> Beat:
    given = settings.towns[source.tenant].sources[source.name]
    if way == "poll" and isinstance(connector, Poll):
        return Beat(source, way, Polled(source, connector, on.caller, on.state.cursors, on.keeper), given.every)
    if way == "poll" and isinstance(connector, Mail):
        mailbox = Mailbox(connector, tokens_of(connector, on.caller))
        mailed = Mailed(source, mailbox, on.state.cursors, on.keeper, answers_in(connector))
        return Beat(source, way, mailed, given.every)
    if way == "fetch" and isinstance(connector, Fetcher):
        return Beat(source, way, Fetched(source, connector, on.public, on.state.fetches, on.keeper), FETCH_EVERY)
    if given.files is None or not isinstance(connector, File):
        section = f"towns.{source.tenant}.sources.{source.name}.files"
        raise SettingsError(f"{section}: the connector {source.connector} reads no files: take the section out")
    return Beat(source, way, rounds_of(given.files, source, connector, on.state, on.keeper, on.caller), given.every)
