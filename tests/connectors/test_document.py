"""The connector in docs/adding-a-connector.md is one that works."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Draft, Ignored, Request, Source, Webhook, finish
from connectors.errors import Rejected
from connectors.signatures import standard_webhook_headers

DOCUMENT = Path(__file__).parents[2] / "docs" / "adding-a-connector.md"
NOW = datetime(2026, 11, 2, tzinfo=UTC)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_connector_of_the_document_works() -> None:
    code = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert code is not None
    assert len(code[1].splitlines()) < 60
    made: dict[str, Any] = {"__name__": "document"}
    exec(compile(code[1], str(DOCUMENT), "exec"), made)  # noqa: S102 (it is ours)
    connector: Webhook = made["Stadspeiling"](secrets=[SECRET])
    source = Source("waterdam", "panel", "stadspeiling", connector.channel)
    responses = [
        {
            "id": 7,
            "revision": 2,
            "status": "complete",
            "stars": 4,
            "remark": "Żółw",
            "filled_in_at": "2026-11-01T10:00",
        },
        {"id": 8, "status": "started"},
    ]
    body = json.dumps({"responses": responses}).encode()
    request = Request("POST", "https://x.example/", standard_webhook_headers("m", body, SECRET, NOW), body)
    connector.verify(request, NOW)
    with pytest.raises(Rejected):
        connector.verify(Request("POST", request.url, request.headers, body + b" "), NOW)
    draft, other = connector.parse(request, source, NOW)
    assert isinstance(draft, Draft)
    assert isinstance(other, Ignored)
    event = finish(draft, source, NOW)
    assert (event.source_id, event.order, event.occurred_at) == ("7", 2, datetime(2026, 11, 1, 9, tzinfo=UTC))
    assert (event.answers[0].score, event.answers[0].text, event.notes) == (4, "Żółw", ())
