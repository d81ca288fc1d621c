"""What every state store must do, whichever database stands under it; now SQLite only.

The processes in here are real ones: races and kills are part of the contract.
"""

import itertools
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from storage.errors import Fatal
from storage.state import taken_files
from storage.state.base import Database
from storage.state.conversations import KEPT_FOR_RETRIES, MOST_PIECES, Conversation, Piece
from storage.state.discarded import KEPT
from storage.state.keys import CACHE_SECONDS, HashKey, KeyRing
from storage.state.master_key import KEY_BYTES, MasterKey
from storage.state.sqlite import SqliteDatabase
from storage.state.store import State
from storage.state.tables import discarded, hash_keys

MASTER = bytes(range(KEY_BYTES))
NOW = datetime(2026, 4, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Place:
    """Where a state store lives, and how to open it again, in this process or in another."""

    folder: Path
    connect: Callable[[], Database]
    program: str  # an expression that gives the same database in another process

    def open(self, master: bytes = MASTER) -> State:
        return State(self.connect(), MasterKey(master))

    def holds(self, needle: bytes) -> list[str]:
        """The files in which these bytes are. Read by another process: closing a file here drops SQLite's locks."""
        found = subprocess.run(
            [sys.executable, "-c", _SEARCH, str(self.folder), needle.hex()], capture_output=True, text=True, check=True
        )
        return found.stdout.split()

    def start(self, script: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", _PRELUDE.format(database=self.program) + script, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


def run_together(processes: list[subprocess.Popen[str]]) -> list[list[str]]:
    """Let processes that have said they are ready go at once; the words each says until it ends well."""
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    words = [process.communicate(timeout=60)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return words


_SEARCH = """
import pathlib, sys
for path in pathlib.Path(sys.argv[1]).rglob("*"):
    if path.is_file() and bytes.fromhex(sys.argv[2]) in path.read_bytes():
        print(path.name)
"""

_PRELUDE = """
import sys, threading
from datetime import datetime, timedelta, UTC
from pathlib import Path
from storage.state.master_key import MasterKey
from storage.state.sqlite import SqliteDatabase
from storage.state.store import State

NOW = datetime(2026, 4, 15, 12, tzinfo=UTC)

def open_it(master=bytes(range(32))):
    return State({database}, MasterKey(master))

speaking = threading.Lock()

def say(*words):
    with speaking:
        print(*words, flush=True)
"""


@pytest.fixture(params=["sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    folder = tmp_path / "state"
    path = folder / "state.db"
    return Place(folder, lambda: SqliteDatabase(path), f"SqliteDatabase(Path({str(path)!r}))")


@pytest.fixture
def state(place: Place) -> Iterator[State]:
    with place.open() as state:
        yield state


def secret(key: HashKey | None) -> bytes:
    assert key is not None
    return key.secret


# --- hash keys


def test_a_town_and_a_month_have_one_key(state: State) -> None:
    key = state.keys.ip_key("t-one", "2026-04", NOW)

    assert len(secret(key)) == 32
    assert state.keys.ip_key("t-one", "2026-04", NOW + DAY) == key
    others = [state.keys.ip_key("t-one", "2026-03", NOW), state.keys.ip_key("t-two", "2026-04", NOW)]
    assert len({secret(other) for other in [key, *others]}) == 3
    assert len({other.key_id for other in [key, *others] if other is not None}) == 3


def test_a_key_is_the_same_after_a_restart(place: Place) -> None:
    with place.open() as state:
        address_key, person_key = state.keys.ip_key("t", "2026-04", NOW), state.keys.person_key("t")
    with place.open() as state:
        assert state.keys.ip_key("t", "2026-04", NOW) == address_key
        assert state.keys.person_key("t") == person_key
        assert secret(address_key) != person_key.secret


@pytest.mark.parametrize(
    ("month", "now", "given"),
    [
        ("2026-04", datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC), False),
        ("2026-04", datetime(2026, 4, 1, tzinfo=UTC), True),
        ("2026-04", datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC), True),
        ("2026-04", datetime(2026, 7, 1, tzinfo=UTC), False),
        ("2025-12", datetime(2026, 2, 28, tzinfo=UTC), True),
        ("2025-12", datetime(2026, 3, 1, tzinfo=UTC), False),
        # The month is the one in UTC, wherever the clock stands.
        ("2026-04", datetime(2026, 4, 1, 1, tzinfo=UTC).astimezone(), True),
        ("2026-04", datetime.fromisoformat("2026-04-01T01:00:00+02:00"), False),
    ],
)
def test_a_key_is_given_from_its_month_until_three_months_later(
    state: State, month: str, now: datetime, given: bool
) -> None:
    assert (state.keys.ip_key("t", month, now) is not None) is given


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "26-04", "2026-4", "2026-04-01", "", "２０２６-04"])
def test_a_month_in_another_form_is_refused_without_being_quoted(state: State, month: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM") as caught:
        state.keys.ip_key("t", month, NOW)
    assert not month or month not in str(caught.value)


def test_a_moment_without_zone_is_refused(state: State) -> None:
    with pytest.raises(ValueError, match="zone"):
        state.keys.ip_key("t", "2026-04", NOW.replace(tzinfo=None))


def test_processes_and_threads_that_ask_at_once_get_the_same_key(place: Place) -> None:
    ask = """
state = open_it()
say("ready")
sys.stdin.readline()
keys = []
threads = [threading.Thread(target=lambda: keys.append(state.keys.ip_key("t", "2026-04", NOW))) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
say(*{key.key_id + key.secret.hex() for key in keys})
state.close()
"""
    answers = run_together([place.start(ask) for _ in range(4)])

    assert [len(answer) for answer in answers] == [1] * 4
    assert len({answer[0] for answer in answers}) == 1


def test_processes_can_make_the_store_at_once(place: Place) -> None:
    make = """
say("ready")
sys.stdin.readline()
state = open_it()
say(state.keys.person_key("t").key_id)
state.close()
"""
    answers = run_together([place.start(make) for _ in range(4)])

    assert len({answer[0] for answer in answers}) == 1


def test_nothing_shows_a_secret(state: State, place: Place) -> None:
    key = state.keys.ip_key("t", "2026-04", NOW)

    shown = f"{key!r} {key} {state.keys.list_keys()!r} {MasterKey(MASTER)!r} {vars(MasterKey(MASTER))!r}"
    for hidden in (secret(key), MASTER):
        assert hidden.hex() not in shown
        assert repr(hidden)[2:-1] not in shown
        assert place.holds(hidden) == []


def test_a_wrapped_key_opens_only_in_its_own_row(place: Place) -> None:
    with place.open() as state:
        state.keys.ip_key("t", "2026-03", NOW)
        state.keys.ip_key("t", "2026-04", NOW)
    database = place.connect()
    try:
        march = database.read(
            lambda connection: connection.execute(hash_keys.select().where(hash_keys.c.period == "2026-03")).one()
        )
        database.write(
            lambda connection: connection.execute(
                hash_keys.update().where(hash_keys.c.period == "2026-04").values(wrapped=march.wrapped)
            )
        )
    finally:
        database.close()
    with place.open() as state, pytest.raises(Fatal, match="restore"):
        state.keys.ip_key("t", "2026-04", NOW)


def test_another_master_key_is_told_apart_and_makes_no_keys(place: Place) -> None:
    with place.open() as state:
        key = state.keys.ip_key("t", "2026-04", NOW)
        state.keys.check()
    with place.open(bytes(KEY_BYTES)) as stranger:
        for use in (
            stranger.keys.check,
            lambda: stranger.keys.ip_key("t", "2026-04", NOW),
            lambda: stranger.keys.ip_key("new", "2026-04", NOW),
            lambda: stranger.keys.person_key("t"),
            lambda: stranger.keys.rewrap(MasterKey(bytes(31) + b"1")),
        ):
            with pytest.raises(Fatal, match="another master key"):
                use()
    with place.open() as state:
        assert state.keys.ip_key("t", "2026-04", NOW) == key
        assert len(state.keys.list_keys()) == 1


def test_rewrap_changes_the_master_key_and_no_hash_key(place: Place) -> None:
    new = bytes(reversed(MASTER))
    with place.open() as state:
        keys = [state.keys.ip_key("t", "2026-03", NOW), state.keys.person_key("t")]
        old_wrapped = _wrapped(place)

        assert state.keys.rewrap(MasterKey(new)) == 2

        assert all(place.holds(wrapped) == [] for wrapped in old_wrapped)
        assert all(place.holds(wrapped) for wrapped in _wrapped(place))
        assert [state.keys.ip_key("t", "2026-03", NOW), state.keys.person_key("t")] == keys
        assert state.keys.ip_key("t", "2026-04", NOW) is not None
    with place.open(new) as state:
        assert [state.keys.ip_key("t", "2026-03", NOW), state.keys.person_key("t")] == keys
    with place.open() as state:  # as after a crash: called again by who does not know that it is done
        assert state.keys.rewrap(MasterKey(new)) == 3


def test_after_a_rewrap_other_processes_go_on_and_make_nothing_with_the_old_master_key(place: Place) -> None:
    seconds = 0.0
    database = place.connect()
    other = KeyRing(database, MasterKey(MASTER), clock=lambda: seconds)
    key = other.ip_key("t", "2026-03", NOW)
    with place.open() as state:
        state.keys.rewrap(MasterKey(bytes(KEY_BYTES)))

    for later in (1.0, CACHE_SECONDS + 1, 2 * CACHE_SECONDS + 1):
        seconds = later
        assert other.ip_key("t", "2026-03", NOW) == key
    with pytest.raises(Fatal, match="another master key"):
        other.ip_key("t", "2026-04", NOW)
    assert len(other.list_keys()) == 1
    database.close()


def _wrapped(place: Place) -> list[bytes]:
    database = place.connect()
    try:
        rows = database.read(lambda connection: connection.execute(hash_keys.select()).all())
    finally:
        database.close()
    return [row.wrapped for row in rows if row.wrapped is not None]


def test_a_key_whose_time_is_over_is_destroyed_for_good(state: State, place: Place) -> None:
    for town in ("a", "b"):
        for month in ("2026-02", "2026-03", "2026-04"):
            state.keys.ip_key(town, month, NOW)
    person_key = state.keys.person_key("a")
    before = _wrapped(place)
    assert len(before) == 7
    assert all(place.holds(wrapped) for wrapped in before)

    may = datetime(2026, 5, 1, tzinfo=UTC)
    assert [(key.tenant, key.period, key.destroyed_at) for key in state.keys.list_ended(may)] == [
        ("a", "2026-02", None),
        ("b", "2026-02", None),
    ]
    destroyed = state.keys.destroy_expired(may)
    assert state.keys.list_ended(may) == destroyed

    assert [(key.tenant, key.period, key.destroyed_at) for key in destroyed] == [
        ("a", "2026-02", may),
        ("b", "2026-02", may),
    ]
    after = _wrapped(place)
    assert len(after) == 5
    gone = set(before) - set(after)
    assert len(gone) == 2
    assert [place.holds(wrapped) for wrapped in gone] == [[], []]
    assert all(place.holds(wrapped) for wrapped in after)
    # A clock that runs behind does not bring it back.
    assert state.keys.ip_key("a", "2026-02", NOW) is None
    assert state.keys.ip_key("a", "2026-03", NOW) is not None
    assert state.keys.person_key("a") == person_key


def test_destroyed_keys_are_named_until_their_hashes_are_cleared(place: Place) -> None:
    may = datetime(2026, 5, 1, tzinfo=UTC)
    with place.open() as state:
        state.keys.ip_key("t", "2026-02", NOW)
        live = state.keys.ip_key("t", "2026-03", NOW)
        (destroyed,) = state.keys.destroy_expired(may)
    with place.open() as state:
        assert live is not None
        assert [key.key_id for key in state.keys.destroy_expired(may + DAY)] == [destroyed.key_id]
        state.keys.confirm_cleared([destroyed.key_id, live.key_id], may + DAY)
        assert state.keys.destroy_expired(may + DAY) == []
        listed = [(key.period, key.destroyed_at, key.hashes_cleared_at) for key in state.keys.list_keys()]
        assert listed == [("2026-02", may, may + DAY), ("2026-03", None, None)]


def test_a_destroyed_key_leaves_the_caches_of_other_processes(place: Place) -> None:
    seconds = 0.0
    database = place.connect()
    other = KeyRing(database, MasterKey(MASTER), clock=lambda: seconds)
    with place.open() as state:
        assert other.ip_key("t", "2026-02", NOW) is not None
        state.keys.destroy_expired(datetime(2026, 5, 1, tzinfo=UTC))
        seconds = CACHE_SECONDS
        assert other.ip_key("t", "2026-02", NOW) is None
    database.close()


def test_a_key_is_not_given_from_the_cache_when_its_time_is_over(state: State) -> None:
    assert state.keys.ip_key("t", "2026-02", NOW) is not None
    assert state.keys.ip_key("t", "2026-02", datetime(2026, 5, 1, tzinfo=UTC)) is None


def test_making_and_destroying_at_once_ends_with_the_key_destroyed(place: Place) -> None:
    """Some processes still live in April, one already in May: once destroyed, nobody makes the key again."""
    ask = """
state = open_it()
say("ready")
sys.stdin.readline()
ids = set()
for _ in range(200):
    state.keys.forget()
    key = state.keys.ip_key("t", "2026-02", NOW)
    ids.add(key.key_id if key else None)
say(*ids)
state.close()
"""
    destroy = """
state = open_it()
say("ready")
sys.stdin.readline()
for _ in range(20):
    state.keys.destroy_expired(datetime(2026, 5, 1, tzinfo=UTC))
say(*[key.key_id for key in state.keys.list_keys()])
state.close()
"""
    seen = {
        word for words in run_together([place.start(ask), place.start(ask), place.start(destroy)]) for word in words
    }
    seen -= {"None"}

    assert len(seen) == 1
    with place.open() as state:
        state.keys.destroy_expired(datetime(2026, 5, 1, tzinfo=UTC))
        assert state.keys.ip_key("t", "2026-02", NOW) is None
        assert _wrapped(place) == []


def test_a_kill_between_destroying_and_scrubbing_is_made_good(place: Place) -> None:
    with place.open() as state:
        state.keys.ip_key("t", "2026-02", NOW)
        (wrapped,) = _wrapped(place)
    die = """
import os, signal
SqliteDatabase.scrub = lambda self: os.kill(os.getpid(), signal.SIGKILL)
open_it().keys.destroy_expired(datetime(2026, 5, 1, tzinfo=UTC))
"""
    process = place.start(die)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL

    with place.open() as state:
        assert place.holds(wrapped) != []  # what the kill left: without it this test shows nothing
        assert len(state.keys.destroy_expired(datetime(2026, 5, 1, tzinfo=UTC))) == 1
        assert place.holds(wrapped) == []


# --- open conversations


def say(
    state: State, piece: str, *, session: str = "+31600000001", source: str = "sms", at: datetime = NOW, **options: Any
) -> Conversation:
    return state.conversations.append_piece(
        tenant="t",
        source=source,
        session=session,
        piece_id=piece,
        body=f"body of {piece}".encode(),
        received_at=at,
        expires_at=at + DAY,
        **options,
    )


def ids(conversation: Conversation | None) -> list[str]:
    return [] if conversation is None else [piece.piece_id for piece in conversation.pieces]


def find(state: State, session: str = "+31600000001", at: datetime = NOW) -> Conversation | None:
    return state.conversations.find(tenant="t", source="sms", session=session, now=at)


def test_pieces_of_a_session_are_one_conversation_in_order_of_arrival(place: Place) -> None:
    with place.open() as state:
        assert find(state) is None
        assert ids(say(state, "score")) == ["score"]
    with place.open() as state:
        conversation = say(state, "reason", at=NOW + timedelta(hours=2))

        assert ids(conversation) == ["score", "reason"]
        assert [piece.body for piece in conversation.pieces] == [b"body of score", b"body of reason"]
        assert [piece.received_at for piece in conversation.pieces] == [NOW, NOW + timedelta(hours=2)]
        assert (conversation.first_received_at, conversation.expires_at) == (NOW, NOW + DAY)
        assert find(state) == conversation
        assert ids(say(state, "a", session="+31600000002")) == ["a"]
        assert ids(say(state, "b", source="whatsapp")) == ["b"]


def test_a_piece_may_begin_another_conversation_with_a_window_of_its_own(state: State) -> None:
    later = NOW + timedelta(hours=20)
    asked: list[list[str]] = []

    def begins(kept: Sequence[Piece]) -> bool:
        asked.append([piece.piece_id for piece in kept])
        return len(kept) == 2

    first, _ = say(state, "score", begins=begins), say(state, "reason", begins=begins)
    again = say(state, "score 2", at=later, begins=begins)
    assert asked == [["score"], ["score", "reason"]]
    assert (ids(again), again.expires_at) == (["score 2"], later + DAY)
    assert ids(say(state, "reason 2", at=NOW + timedelta(hours=30))) == ["score 2", "reason 2"]
    assert say(state, "score", at=later, begins=begins) == first  # a repeat stays where it was


def test_a_repeated_piece_gives_what_it_gave_the_first_time(state: State) -> None:
    first, second = say(state, "score"), say(state, "reason", at=NOW + timedelta(minutes=1))

    assert say(state, "score", at=NOW + timedelta(minutes=2)) == first
    assert say(state, "reason", at=NOW + timedelta(minutes=3)) == second
    assert find(state) == second


def test_a_conversation_takes_pieces_until_its_time_and_repeats_for_a_week_more(state: State, place: Place) -> None:
    first = say(state, "score")
    last = say(state, "reason", at=NOW + DAY - timedelta(microseconds=1))
    assert len(last.pieces) == 2
    assert find(state, at=NOW + DAY) is None

    assert ids(say(state, "new", at=NOW + DAY)) == ["new"]
    assert say(state, "score", at=NOW + 2 * DAY) == first
    assert ids(say(state, "newer", at=NOW + DAY + timedelta(minutes=1))) == ["new", "newer"]

    state.expire(NOW + DAY + KEPT_FOR_RETRIES - timedelta(microseconds=1))
    assert say(state, "reason", at=NOW + 3 * DAY) == last
    assert place.holds(b"body of reason") != []
    state.expire(NOW + DAY + KEPT_FOR_RETRIES)
    assert place.holds(b"body of reason") == []
    assert place.holds(b"body of newer") != []
    assert ids(find(state, at=NOW + DAY)) == ["new", "newer"]


def test_a_sender_without_end_gets_another_conversation(state: State) -> None:
    for number in range(MOST_PIECES):
        conversation = say(state, str(number))
    assert len(conversation.pieces) == MOST_PIECES
    assert ids(say(state, "one more")) == ["one more"]


def test_a_sender_is_never_kept_in_clear(state: State, place: Place) -> None:
    say(state, "score", session="+31612345678")
    find(state, session="+31612345678")

    assert place.holds(b"31612345678") == []
    assert place.holds(b"body of score") != []
    assert "body" not in repr(find(state, session="+31612345678"))


_sessions = itertools.count()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(0, 4), st.sampled_from([0, 1, 60 * 10, 60 * 23])), max_size=25
    )
)
def test_retries_in_any_order_change_nothing(state: State, deliveries: list[tuple[str, int, int]]) -> None:
    """A model beside the store: a piece counts where it comes first; each further time it gives that answer again."""
    example = next(_sessions)
    at = NOW
    given_back: dict[tuple[str, int], Conversation] = {}
    latest: dict[str, list[str]] = {}
    closes: dict[str, datetime] = {}
    for sender, piece, minutes in deliveries:
        at += timedelta(minutes=minutes)
        got = say(state, str(piece), session=f"{example}{sender}", at=at)
        if (sender, piece) in given_back:
            assert got == given_back[sender, piece]
            continue
        if sender not in latest or closes[sender] <= at:
            latest[sender], closes[sender] = [], at + DAY
        latest[sender].append(str(piece))
        given_back[sender, piece] = got
        assert ids(got) == latest[sender]
        assert got.expires_at == closes[sender]
    for sender, pieces in latest.items():
        expected = pieces if at < closes[sender] else []
        assert ids(find(state, session=f"{example}{sender}", at=at)) == expected


def test_threads_and_processes_that_append_at_once_lose_and_double_nothing(place: Place) -> None:
    """Each of three processes delivers every piece, in an order of its own, on eight threads."""
    deliver = """
import random
state = open_it()
say("ready")
sys.stdin.readline()
pieces = [(session, piece) for session in range(5) for piece in range(12)]
random.Random(sys.argv[1]).shuffle(pieces)
def run(share):
    for session, piece in share:
        given = state.conversations.append_piece(
            tenant="t", source="sms", session=str(session), piece_id=str(piece), body=b"x",
            received_at=NOW, expires_at=NOW + timedelta(days=1))
        say(f"{session}/{piece}:" + ",".join(one.piece_id for one in given.pieces))
threads = [threading.Thread(target=run, args=(pieces[number::8],)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
state.close()
"""
    answers = run_together([place.start(deliver, str(seed)) for seed in range(3)])

    with place.open() as state:
        final = {str(session): ids(find(state, session=str(session))) for session in range(5)}
    assert all(sorted(pieces, key=int) == [str(piece) for piece in range(12)] for pieces in final.values())
    for answer in itertools.chain(*answers):
        delivered, given = answer.split(":")
        session, piece = delivered.split("/")
        assert given.split(",") == final[session][: final[session].index(piece) + 1]


def test_a_kill_in_the_middle_loses_no_piece_that_was_kept(place: Place) -> None:
    deliver = """
import itertools
state = open_it()
def run(thread):
    for number in itertools.count():
        given = state.conversations.append_piece(
            tenant="t", source="sms", session=f"{thread}.{number // 3}", piece_id=str(number), body=b"x",
            received_at=NOW, expires_at=NOW + timedelta(days=1))
        say(f"{thread}.{number // 3}:" + ",".join(one.piece_id for one in given.pieces))
threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""
    for round_ in range(3):
        process = place.start(deliver)
        assert process.stdout is not None
        heard = [process.stdout.readline() for _ in range(200 + 100 * round_)]
        process.kill()
        heard += process.stdout.read().splitlines()
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL

        kept: dict[str, list[str]] = {}
        for line in heard:
            session, _, pieces = line.strip().partition(":")
            if line.strip().count(":") == 1 and len(pieces.split(",")) > len(kept.get(session, [])):
                kept[session] = pieces.split(",")
        assert len(kept) > 50
        with place.open() as state:
            for session, acknowledged in kept.items():
                assert ids(find(state, session=session))[: len(acknowledged)] == acknowledged


# --- discarded failures


def test_discarded_failures_are_kept_with_time_and_reason(place: Place) -> None:
    with place.open() as state:
        assert state.discarded.discard(["events/0/1", "events/0/2", "events/0/1"], reason="not_feedback", now=NOW) == 2
        assert state.discarded.discard(["events/0/2", "events/0/3"], reason="later", now=NOW + DAY) == 1
        assert state.discarded.discard([], reason="none", now=NOW) == 0
    with place.open() as state:
        assert state.discarded.discarded_ids() == {"events/0/1", "events/0/2", "events/0/3"}
        assert state.discarded.is_discarded("events/0/2")
        assert not state.discarded.is_discarded("events/0/4")
        assert [(one.failure_id, one.reason, one.discarded_at) for one in state.discarded.list_discarded()] == [
            ("events/0/1", "not_feedback", NOW),
            ("events/0/2", "not_feedback", NOW),
            ("events/0/3", "later", NOW + DAY),
        ]


def test_discarded_failures_are_forgotten_after_their_time(state: State) -> None:
    state.discarded.discard(["old"], reason="test", now=NOW)
    state.discarded.discard(["new"], reason="test", now=NOW + timedelta(microseconds=1))

    state.expire(NOW + KEPT - timedelta(microseconds=1))
    assert state.discarded.discarded_ids() == {"old", "new"}
    state.expire(NOW + KEPT)
    assert state.discarded.discarded_ids() == {"new"}


# --- the database under it


def test_a_job_that_fails_keeps_nothing_and_touches_no_other(place: Place) -> None:
    database = place.connect()
    held, go_on = threading.Event(), threading.Event()

    def hold(connection: Connection) -> object:
        held.set()
        go_on.wait(30)
        return connection.get_transaction()

    def note(failure_id: str) -> Callable[[Connection], object]:
        def job(connection: Connection) -> object:
            connection.execute(discarded.insert().values(failure_id=failure_id, reason="test", discarded_at=NOW))
            if failure_id == "bad":
                raise KeyError("of the job itself")
            return connection.get_transaction()

        return job

    with ThreadPoolExecutor(6) as threads:
        first = threads.submit(database.write, hold)
        held.wait(30)
        good = [threads.submit(database.write, note(name)) for name in ("a", "b", "c")]
        bad = threads.submit(database.write, note("bad"))
        time.sleep(0.2)  # until all four wait for their turn
        go_on.set()
        assert [future.exception() for future in (first, *good)] == [None] * 4
        assert isinstance(bad.exception(), KeyError)

    rows = database.read(lambda connection: connection.execute(discarded.select()).all())
    assert {row.failure_id for row in rows} == {"a", "b", "c"}
    database.close()


def test_jobs_that_wait_share_one_commit(place: Place) -> None:
    database = place.connect()
    held, go_on = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        held.set()
        go_on.wait(30)

    with ThreadPoolExecutor(11) as threads:
        threads.submit(database.write, hold)
        held.wait(30)
        waiting = [threads.submit(database.write, lambda connection: connection.get_transaction()) for _ in range(10)]
        time.sleep(0.2)
        go_on.set()
        assert len({id(future.result()) for future in waiting}) == 1
    database.close()


def test_nothing_of_many_deleted_rows_stays_readable(state: State, place: Place) -> None:
    """Rows in pages with rows that stay: where SQLite moved one within its page, zeroing misses the old copy."""

    def fill(thread: int) -> None:
        for number in range(400):
            ends = number % 3 < 2
            state.conversations.append_piece(
                tenant="t",
                source="sms",
                session=f"{thread}.{number % 200}.{ends}",
                piece_id=f"{number}",
                body=(b"needle-in-the-store" if ends else b"kept") * (number % 7 + 1),
                received_at=NOW,
                expires_at=NOW + (DAY if ends else 2 * DAY),
            )

    with ThreadPoolExecutor(10) as threads:
        list(threads.map(fill, range(10)))
    assert place.holds(b"needle-in-the-store") != []
    state.expire(NOW + DAY + KEPT_FOR_RETRIES)
    assert place.holds(b"needle-in-the-store") == []
    assert place.holds(b"kept") != []


def test_scrubbing_comes_through_while_others_write_without_pause(state: State, place: Place) -> None:
    """It waits for the writes that wait already, not for those that come after."""
    done = threading.Event()
    written: list[Conversation] = []

    def write(thread: int) -> None:
        for number in itertools.count():
            if done.is_set():
                return
            written.append(say(state, str(number), session=f"{thread}.{number // 2}"))

    say(state, "old", session="old", at=NOW - 9 * DAY)
    with ThreadPoolExecutor(20) as threads:
        try:
            for thread in range(20):
                threads.submit(write, thread)
            time.sleep(2)
            before = len(written)
            state.expire(NOW)
            meanwhile = len(written) - before
        finally:
            done.set()
    assert place.holds(b"body of old") == []
    assert meanwhile < before / 2


# --- cursors, taken files, fetches


def test_a_cursor_is_its_last_value_after_a_restart(place: Place) -> None:
    with place.open() as state:
        assert state.cursors.get("t", "wootric", "poll") == {}
        state.cursors.put("t", "wootric", "poll", {"since": 1}, NOW)
        state.cursors.put("t", "wootric", "poll", {"since": 2, "seen": ["é"]}, NOW)
        state.cursors.put("t2", "wootric", "poll", {"since": 9}, NOW)
        state.cursors.put("t", "wootric", "files", {"since": 9}, NOW)
    with place.open() as state:
        assert state.cursors.get("t", "wootric", "poll") == {"since": 2, "seen": ["é"]}


def test_a_file_is_taken_once_a_source(state: State) -> None:
    assert not state.taken_files.is_taken("t", "exports", "ab" * 32)
    state.taken_files.take("t", "exports", "ab" * 32, NOW)
    state.taken_files.take("t", "exports", "ab" * 32, NOW + DAY)
    assert state.taken_files.is_taken("t", "exports", "ab" * 32)
    assert not state.taken_files.is_taken("t", "others", "ab" * 32)
    state.expire(NOW + taken_files.KEPT)
    assert not state.taken_files.is_taken("t", "exports", "ab" * 32)


def test_a_fetch_waits_until_it_is_done(state: State) -> None:
    for url in ("https://a.example/1", "https://a.example/2", "https://a.example/1"):
        state.fetches.queue("t", "cases", url, NOW)
    first, second = state.fetches.due("t", "cases", NOW)
    assert (first.url, first.tries, second.url) == ("https://a.example/1", 0, "https://a.example/2")
    state.fetches.put_off(first, NOW + DAY)
    state.fetches.done(second)
    assert state.fetches.due("t", "cases", NOW) == []
    assert [(fetch.url, fetch.tries) for fetch in state.fetches.due("t", "cases", NOW + DAY)] == [(first.url, 1)]
    assert state.fetches.due("t2", "cases", NOW + DAY) == []
