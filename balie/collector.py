"""The collector as the settings say: every source of every town, over the log, the state and the spool."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING

from balie.open import open_log, open_state, sources, topics_of
from balie.settings import Settings
from connectors.collector.app import Configured, create_app
from connectors.collector.limits import Limits
from connectors.collector.spool import Spool

if TYPE_CHECKING:
    from starlette.types import ASGIApp


@contextmanager
def app_of(settings: Settings) -> Iterator[ASGIApp]:
    """The collector's app; what it stands on is open as long as the context is."""
    given = settings.collector
    feedback, failures = topics_of(settings)
    with ExitStack() as stack:
        log = stack.enter_context(closing(open_log(settings)))
        state = stack.enter_context(closing(open_state(settings)))
        spool = stack.enter_context(closing(Spool(given.spool_folder / "spool.sqlite", given.spool_limit)))
        yield create_app(
            [Configured(source, connector) for source, connector in sources(settings)],
            log,
            state,
            spool,
            Limits(body_bytes=given.body_limit, per_second=given.rate, burst=given.burst),
            trusted_proxies=[str(network) for network in given.trusted_proxies],
            public_url=given.public_url,
            feedback_topic=feedback.name,
            failures_topic=failures.name,
        )
