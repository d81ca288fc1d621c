"""A whole Balie on loopback, with real parts: what the end-to-end tests run against."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from balie.demo.stage import LogKind, Stage

OpenStage = Callable[..., Stage]


@pytest.fixture
def open_stage(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[OpenStage]:
    """Opens stages in folders of their own; all are ended with the test. With log="kafka" it is the test's broker."""
    with ExitStack() as stack:

        def open_(name: str = "stage", log: LogKind = "sqlite", sources: str = "", prefix: str = "") -> Stage:
            bootstrap = request.getfixturevalue("kafka_bootstrap") if log == "kafka" else None
            stage = Stage(tmp_path / name, log, sources=sources, bootstrap=bootstrap, topic_prefix=prefix)
            return stack.enter_context(stage)

        yield open_
