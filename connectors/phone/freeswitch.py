"""FreeSWITCH: call detail records as mod_cdr_csv writes them, by a template.

https://developer.signalwire.com/freeswitch/FreeSWITCH-Explained/Modules/mod_cdr_csv_1966212/
A file has no header: what stands in which column, the template in cdr_csv.conf.xml says. Where neither `table.header`
nor a first row names them, it is the template 'example' with two variables at its end that the dialplan sets at the
rating:
`,"${survey_score}","${survey_reason}"`. A record without a rating is no answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Self

from pydantic import Field, model_validator

from connectors.base import BadRow, Draft, File, Ignored, Source
from connectors.phone.calls import RatedCalls
from connectors.tables import Table
from schemas.feedback import Channel

_HEADER = (
    *("caller_id_name", "caller_id_number", "destination_number", "context", "start_stamp", "answer_stamp"),
    *("end_stamp", "duration", "billsec", "hangup_cause", "uuid", "bleg_uuid", "accountcode", "read_codec"),
    *("write_codec", "survey_score", "survey_reason"),
)


class FreeSwitch(RatedCalls, File):
    """Settings of the records of a FreeSWITCH."""

    channel: ClassVar[Channel] = Channel.PHONE
    documentation: ClassVar[str] = (
        "https://developer.signalwire.com/freeswitch/FreeSWITCH-Explained/Modules/mod_cdr_csv_1966212/"
    )

    columns: dict[str, str] = Field(
        {
            "source_id": "uuid",
            "occurred_at": "end_stamp",
            "score": "survey_score",
            "reason": "survey_reason",
            "person.phone": "caller_id_number",
        },
        description="Field of the event → column of the file",
    )
    table: Table = Field(
        Table(separator=","), description="How the file is written; its header only where the columns are others"
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        self.table.check_columns(self.columns)
        return self

    def parse_rows(self, content: bytes, source: Source, now: datetime) -> Iterator[Draft | Ignored | BadRow]:
        for row in self.table.rows(content, self.columns, usual_header=_HEADER):
            yield row if isinstance(row, BadRow) else self.answer_of(row.source_id, row.fields, source)
