"""Asterisk: call detail records as cdr_csv writes them, with the rating in `userfield`.

https://docs.asterisk.org/Configuration/Reporting/Call-Detail-Records-CDR/CDR-Specification/
The dialplan puts the rating there: `Set(CDR(userfield)=score=${SCORE};reason=${REASON})`. `loguniqueid` and
`loguserfield` of cdr.conf must be on. A file has no header; where only some columns are written, or others
(`cdr_custom`), name them in `table.header`, or in a first row. A record without a rating is no answer, and most calls
have none. One call may have several records of the same `uniqueid`, of which one is rated. A rated record without one
has a hash of itself as its id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import ClassVar, Self

from pydantic import Field, model_validator

from connectors.base import BadRow, Draft, File, Ignored, Source
from connectors.phone.calls import RatedCalls
from connectors.tables import Table
from schemas.feedback import Channel

_HEADER = (
    *("accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata"),
    *("start", "answer", "end", "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield"),
    *("peeraccount", "linkedid", "sequence"),  # with newcdrcolumns
)
_RATING = (
    r"(?i)(?:(?:score|rating)\s*[=:]\s*)?(?P<score>-?\d{1,3})"
    r"(?:\s*;\s*reason\s*[=:]\s*(?P<reason>[^;]+))?(?:\s*;\s*text\s*[=:]\s*(?P<text>.+))?"
)
_GROUPS = ("score", "reason", "text")


class Asterisk(RatedCalls, File):
    """Settings of the records of an Asterisk."""

    channel: ClassVar[Channel] = Channel.PHONE
    documentation: ClassVar[str] = (
        "https://docs.asterisk.org/Configuration/Reporting/Call-Detail-Records-CDR/CDR-Specification/"
    )

    rating: str = Field(
        _RATING,
        description="Regular expression for the whole of what is mapped to score, with the groups score, reason and "
        "text: by default '4', 'score=4', 'rating: 4', 'score=4;reason=2;text=…'",
    )
    columns: dict[str, str] = Field(
        {"source_id": "uniqueid", "occurred_at": "end", "score": "userfield", "person.phone": "src"},
        description="Field of the event → column of the file",
    )
    table: Table = Field(
        Table(separator=","), description="How the file is written; its header only where the columns are others"
    )
    gmt: bool = Field(False, description="Times are in UTC: usegmtime of cdr.conf is on")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        self.table.check_columns(self.columns)
        try:
            groups = re.compile(self.rating).groupindex
        except re.error:
            raise ValueError("rating is no regular expression") from None
        if "score" not in groups or not groups.keys() <= set(_GROUPS):
            raise ValueError("rating needs the group (?P<score>…), and may have reason and text")
        return self

    def parse_rows(self, content: bytes, source: Source, now: datetime) -> Iterator[Draft | Ignored | BadRow]:
        rating = re.compile(self.rating)
        for row in self.table.rows(content, self.columns, ids_needed=False, usual_header=_HEADER):
            if isinstance(row, BadRow):
                yield row
                continue
            told = dict(row.fields)
            found = rating.fullmatch(told.pop("score", ""))
            told |= found.groupdict() if found else {}
            if self.gmt and told.get("occurred_at"):
                told["occurred_at"] = told["occurred_at"].replace(tzinfo=UTC)
            yield self.answer_of(row.source_id, told, source)
