"""Rated calls of any menu: what is a rating, and settings that cannot work."""

from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import Draft, File, Ignored, Piece, Request, Source, Webhook
from connectors.errors import Misconfigured, Rejected
from connectors.phone.massxess import Massxess
from connectors.registry import configured
from schemas.feedback import Channel

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
URL = "https://feedback.example/v1/waterdam/calls"
SOURCE = Source("waterdam", "calls", "massxess", Channel.PHONE)


@pytest.mark.parametrize(
    ("name", "settings", "reason"),
    [
        ("asterisk", {"rating": "("}, "no regular expression"),
        ("asterisk", {"rating": r"(\d)"}, "needs the group"),
        ("asterisk", {"rating": r"(?P<score>\d)(?P<grade>\d)"}, "needs the group"),
        ("asterisk", {"columns": {"tenant": "src"}}, "no field tenant"),
        ("freeswitch", {"columns": {"tenant": "src"}}, "no field tenant"),
        ("massxess", {"fields": {"score": "cijfer"}}, "source_id"),
        ("massxess", {"fields": {"source_id": "id", "tenant": "x"}}, "no field tenant"),
    ],
)
def test_settings_that_cannot_work_are_said(name: str, settings: dict[str, Any], reason: str) -> None:
    with pytest.raises(Misconfigured, match=reason):
        configured(name, settings)


def test_a_menu_without_a_proof_is_read_from_files_and_refused_over_http() -> None:
    connector = configured("massxess", {})
    assert isinstance(connector, File)
    assert isinstance(connector, Webhook)
    (row,) = connector.parse_rows(b"call_id,score\n1,4\n", SOURCE, NOW)
    assert isinstance(row, Draft)
    for url in (URL, f"{URL}/guessed"):
        with pytest.raises(Rejected) as caught:
            connector.verify(Request("POST", url, {}, b"{}"), NOW)
        assert caught.value.status == 401


@pytest.mark.parametrize("given", ["", " ", "-", "None", "TIMEOUT", "n/a"])
def test_what_stands_for_no_rating_is_none(given: str) -> None:
    connector = Massxess.model_validate({"passwords": ["p"]})
    assert connector.answer_of("1", {"score": given}, SOURCE) == Ignored("a call without a rating")


def test_a_town_says_what_stands_for_no_rating() -> None:
    connector = Massxess.model_validate({"passwords": ["p"], "unrated": ["0"]})
    assert isinstance(connector.answer_of("1", {"score": "0"}, SOURCE), Ignored)
    assert isinstance(connector.answer_of("1", {"score": "timeout"}, SOURCE), Draft)


def test_posts_of_one_call_are_pieces_of_one_answer_and_the_same_post_the_same_piece() -> None:
    connector = Massxess.model_validate({"passwords": ["p"]})

    def piece(body: bytes) -> Piece:
        (item,) = connector.parse(Request("POST", URL, {"content-type": "application/json"}, body), SOURCE, NOW)
        assert isinstance(item, Piece)
        return item

    score, again = piece(b'{"call_id": 7, "score": 4}'), piece(b'{"score": 4, "call_id": "7"}')
    reason = piece(b'{"call_id": 7, "reason": "2"}')
    assert score == again
    assert (score.session, score.step, reason.session, reason.step) == ("7", "score", "7", "reason")
    assert score.piece_id != reason.piece_id
