"""How far each provider has been asked: a cursor of its connector's own, kept once what it covers is durable."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from storage.state.base import Database
from storage.state.tables import cursors


class Cursors:
    """The cursors of all sources, one for each way that a source's answers come ('poll', 'files').

    A cursor is plain JSON without anything of a citizen in it.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, tenant: str, source: str, way: str) -> dict[str, Any]:
        """The cursor of a source; empty before the first `put`."""
        query = select(cursors.c.value).where(_is(tenant, source, way))
        value = self._database.read(lambda connection: connection.scalar(query))
        return dict(json.loads(value)) if value else {}

    def put(self, tenant: str, source: str, way: str, cursor: Mapping[str, Any], now: datetime) -> None:
        """Keep it on the disk."""

        def job(connection: Connection) -> None:
            connection.execute(delete(cursors).where(_is(tenant, source, way)))
            row = {"tenant": tenant, "source": source, "way": way, "value": json.dumps(dict(cursor)), "moved_at": now}
            connection.execute(insert(cursors).values(row))

        self._database.write(job)


def _is(tenant: str, source: str, way: str) -> ColumnElement[bool]:
    return (cursors.c.tenant == tenant) & (cursors.c.source == source) & (cursors.c.way == way)
