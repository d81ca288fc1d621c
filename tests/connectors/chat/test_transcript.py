"""What a system calls the parts of its transcripts."""

import pytest

from connectors.errors import Misconfigured
from connectors.registry import configured


@pytest.mark.parametrize(
    "fields", [{"source_id": "id"}, {"source_id": "i", "turns": "t", "turn.role": "r", "turn.text": "x", "mood": "m"}]
)
def test_fields_that_cannot_work_are_refused(fields: dict[str, str]) -> None:
    with pytest.raises(Misconfigured, match=r"fields: name source_id, turns, turn\.role, turn\.text"):
        configured("transcript", {"fields": fields})
