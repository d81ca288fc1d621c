"""A provider's export into the log, from a file that is at hand."""

from __future__ import annotations

from datetime import datetime

from connectors.base import Connector, File, Source
from connectors.rows import Keeper, Kept
from schemas.topics import Topic
from storage.log.base import Log


class NoFiles(Exception):
    """The connector of this source reads no files."""


def import_file(
    content: bytes, source: Source, connector: Connector, log: Log, topics: tuple[Topic, Topic], now: datetime
) -> Kept:
    """Appends the answers of an export. Importing it again, or one that overlaps, adds no second answer.

    Raises:
        NoFiles: the source's connector reads none.
        Rejected: the file as a whole cannot be read.
    """
    if not isinstance(connector, File):
        raise NoFiles(f"the connector {source.connector} reads no files: name a source whose connector does")
    feedback, failures = topics
    keeper = Keeper(log, feedback.name, failures.name, lambda: now)
    return keeper.keep(connector.parse_rows(content, source, now), source, "file")
