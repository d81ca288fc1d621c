"""How Mastodon and Bluesky are gone through."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.social.bluesky import Bluesky
from connectors.social.mastodon import Mastodon
from connectors.social.mentions import without_mentions
from tests.played import asked_for, bluesky, mastodon
from tests.providers import NOW

MASTODON = Mastodon(url="https://social.example.org", access_token=SecretStr("town"))
BLUESKY = Bluesky(identifier="town", app_password=SecretStr("secret"))


def mention(number: int, at: datetime) -> dict[str, Any]:
    status = {"id": f"s{number}", "content": "<p>Dank</p>"}
    return {"id": str(number), "type": "mention", "created_at": at.isoformat(), "status": status}


def post(number: int, at: datetime, reason: str = "mention") -> dict[str, Any]:
    stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"uri": f"at://{number}", "reason": reason, "record": {"text": "Dank"}, "indexedAt": stamp}


def test_mentions_are_told_once_however_many_pages() -> None:
    told = [mention(number, NOW - timedelta(minutes=200 - number)) for number in range(1, 131)]
    first = asked_for(MASTODON, mastodon(told))
    assert sorted(map(str, first.ids)) == sorted(f"s{number}" for number in range(1, 131))
    assert len(first.calls) == 4
    told.append(mention(140, NOW + timedelta(minutes=5)))
    second = asked_for(MASTODON, mastodon(told), first.cursor, NOW + timedelta(minutes=30))
    assert second.ids == ["s140"]
    assert asked_for(MASTODON, mastodon(told), second.cursor, NOW + timedelta(minutes=40)).ids == []


def test_a_mention_whose_id_is_seen_late_is_not_missed() -> None:
    told = [mention(10, NOW - timedelta(hours=1)), mention(12, NOW - timedelta(seconds=5))]
    first = asked_for(MASTODON, mastodon(told))
    told.insert(1, mention(11, NOW - timedelta(seconds=6)))
    second = asked_for(MASTODON, mastodon(told), first.cursor, NOW + timedelta(minutes=5))
    assert set(second.ids) == {"s11", "s12"}
    assert asked_for(MASTODON, mastodon(told), second.cursor, NOW + timedelta(minutes=9)).ids == []


def test_a_full_page_of_equal_ids_ends() -> None:
    told = [mention(7, NOW) for _ in range(40)]
    assert len(asked_for(MASTODON, lambda asked: mastodon(told)(asked)).calls) <= 2


def test_posts_are_walked_back_to_what_was_told() -> None:
    told = [post(number, NOW - timedelta(minutes=600 - number)) for number in range(250)]
    told += [post(900, NOW - timedelta(hours=20), "like")]
    first = asked_for(BLUESKY, bluesky(told))
    assert sorted(map(str, first.ids)) == sorted(f"at://{number}" for number in range(250))
    later = NOW + timedelta(hours=1)
    told += [post(300 + number, NOW + timedelta(seconds=10 * number)) for number in range(130)]
    second = asked_for(BLUESKY, bluesky(told), first.cursor, later)
    assert sorted(map(str, second.ids)) == sorted(f"at://{300 + number}" for number in range(130))
    assert len(second.calls) == 2
    third = asked_for(BLUESKY, bluesky(told), second.cursor, later + timedelta(minutes=5))
    assert (third.ids, len(third.calls)) == ([], 1)


def test_a_post_that_is_indexed_late_is_not_missed_and_nothing_is_told_for_ever() -> None:
    told = [post(1, NOW - timedelta(minutes=1))]
    first = asked_for(BLUESKY, bluesky(told))
    told.append(post(2, NOW - timedelta(minutes=3)))
    second = asked_for(BLUESKY, bluesky(told), first.cursor, NOW + timedelta(minutes=5))
    assert set(second.ids) == {"at://1", "at://2"}
    third = asked_for(BLUESKY, bluesky(told), second.cursor, NOW + timedelta(minutes=20))
    fourth = asked_for(BLUESKY, bluesky(told), third.cursor, NOW + timedelta(minutes=25))
    assert fourth.ids == []


@pytest.mark.parametrize(
    ("post", "words"),
    [
        ("@waterdam Dank!", "Dank!"),
        ("@waterdam@social.example.org @raad, wat nu?", "wat nu?"),
        ("Dank @waterdam", "Dank @waterdam"),
        ("@waterdam.example.org", ""),
        ("mail jan@example.org", "mail jan@example.org"),
        ("@", "@"),
    ],
)
def test_accounts_that_are_spoken_to_are_cut_from_the_beginning(post: str, words: str) -> None:
    assert without_mentions(post) == words
