"""Whatever order answers come in, how often, in which batches, and however often the pipeline is killed: the rows are
those that a plain fold over the answers gives.

The fold here knows nothing of the pipeline: it is written from the rules of the design, over what the generator says.
"""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any
from uuid import UUID, uuid5

import pytest

from balie.demo.stage import TENANT, Stage
from balie.failures import discard, open_failures
from balie.open import open_state
from pipelines.account import account
from pipelines.driver import Driver
from pipelines.rooms import rooms_of
from reporting.report import report
from schemas.feedback import NAMESPACE, SCHEMA_VERSION_HEADER, read
from schemas.topics import FAILURES, FEEDBACK, GROUP
from storage.log.base import NewRecord, OffsetRange

TELLINGS = int(os.environ.get("TELLINGS", "100000"))
AUTHORITIES = ("source", "corrected", "withdrawn", "erased")
NOW = datetime.now(UTC).replace(microsecond=0)

AGENTS = (
    (None, ("", "", "", "", "", "")),
    (
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
        ("desktop", "Ubuntu", "", "Firefox", "143", "desktop"),
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
        "Mobile/15E148 Safari/604.1",
        ("mobile", "iOS", "18.5", "Safari", "18.5", "smartphone"),
    ),
)
TEXTS = (
    (None, ""),
    ("Prima geholpen, snel ook.", "Prima geholpen, snel ook."),
    ("Bel mij op 06-12345678 a.u.b.", "Bel mij op [TELEFOON] a.u.b."),
    ("Mijn mail is puk.pietersen@post.example dus schrijf maar.", "Mijn mail is [E-MAIL] dus schrijf maar."),
    ("Stuur het naar Dorpsstraat 12 in het centrum.", "Stuur het naar [ADRES] in het centrum."),
)
CASES = (
    (None, None, "", ""),
    ("ZAAK-2026-0000000017", None, "ZAAK-2026-0000000017", "given"),
    (None, "https://www.voorbeeldstad.example/melding?zaaknummer=ZAAK-2026-0000000099", "ZAAK-2026-0000000099", "url"),
    (None, "https://www.voorbeeldstad.example/afval?postcode=1234AB", "", ""),
)
SERVICES = ("paspoort", "afval", "parkeren")
CHANNELS = ("web_form", "counter", "sms")
PAGES = {url: url.split("?")[0] for _, url, *_ in CASES if url}


@dataclass(frozen=True)
class Telling:
    """One telling of one answer, as the generator means it; `broken` is one that is no event."""

    number: int
    authority: str = "source"
    order: int = 0
    received_at: datetime = NOW
    score: int = 0
    text: int = 0
    case: int = 0
    agent: int = 0
    ip: int = 0
    broken: bool = False

    @property
    def feedback_id(self) -> UUID:
        return uuid5(NAMESPACE, f"{TENANT}\nwebsite\n{self.number}")

    @property
    def rank(self) -> tuple[int, int, float]:
        """The order of tellings, from the design: authority, then order, then the earliest receipt."""
        return AUTHORITIES.index(self.authority), self.order, -self.received_at.timestamp()

    def record(self) -> NewRecord:
        if self.broken:
            return NewRecord(b"broken", b'{"tenant": "voorbeeldstad", "number": %d' % self.number)
        text, _ = TEXTS[self.text]
        case_number, page_url, *_ = CASES[self.case]
        agent, _ = AGENTS[self.agent]
        answers: list[dict[str, Any]] = [
            {"metric": "nps", "score": self.score, "scale": {"min": 0, "max": 10, "best": 10}}
        ]
        if text:
            answers.append({"metric": "open", "text": text})
        event = read(
            {
                "feedback_id": str(self.feedback_id),
                "tenant": TENANT,
                "source": "website",
                "source_id": str(self.number),
                "connector": "form",
                "channel": CHANNELS[self.number % 3],
                "authority": self.authority,
                "received_at": self.received_at.isoformat(),
                "occurred_at": (NOW - timedelta(days=1)).isoformat(),
                "occurred_at_from": "source",
                "order": self.order,
                "language": "nl",
                "answers": answers,
                "subject": {
                    "service": SERVICES[self.number % 3],
                    "case_number": case_number,
                    "page_url": page_url,
                },
                "client": {"user_agent": agent, "ip": f"192.0.2.{self.ip}" if self.ip else None},
            }
        )
        return NewRecord(str(event.feedback_id).encode(), event.to_json(), ((SCHEMA_VERSION_HEADER, b"1"),))


def tellings(count: int, seed: int) -> list[Telling]:
    """`count` tellings: answers told again at another time, revised, withdrawn, and one in two hundred broken."""
    chance = random.Random(seed)
    told: list[Telling] = []
    number = 0
    while len(told) < count:
        number += 1
        if chance.random() < 0.005:
            told.append(Telling(number, broken=True))
            continue
        first = Telling(
            number,
            received_at=NOW - timedelta(seconds=chance.randrange(3600, 80_000)),
            score=chance.randrange(11),
            text=chance.randrange(len(TEXTS)),
            case=chance.randrange(len(CASES)),
            agent=chance.randrange(len(AGENTS)),
            ip=chance.randrange(1, 250),
        )
        told.append(first)
        kind = chance.random()
        if kind < 0.3:  # the provider tries again: the same answer at another time of receipt
            told += [replace(first, received_at=first.received_at + timedelta(seconds=7 * n)) for n in (1, 2)]
        elif kind < 0.5:  # a reason added, a score corrected
            told += [replace(first, order=n, score=chance.randrange(11), text=n) for n in (1, 2)]
        elif kind < 0.6:
            told.append(replace(first, authority="withdrawn", order=1))
        elif kind < 0.65:
            told += [replace(first, authority="corrected", score=10), replace(first, order=99, score=0)]
        elif kind < 0.68:
            told.append(replace(first, authority="erased"))
        elif kind < 0.75:  # byte for byte again
            told.append(first)
    return told[:count]


def winners(told: Sequence[Telling]) -> dict[UUID, Telling]:
    """The plain fold: by id the telling with the highest rank."""
    best: dict[UUID, Telling] = {}
    for telling in told:
        if not telling.broken and (telling.feedback_id not in best or telling.rank > best[telling.feedback_id].rank):
            best[telling.feedback_id] = telling
    return best


def expected_rows(told: Sequence[Telling], key: bytes, key_id: str) -> dict[UUID, dict[str, Any]]:
    """The rows that the warehouse should show, in every column but `version` and `loaded_at`."""
    rows = {}
    for known, winner in winners(told).items():
        if winner.authority in ("withdrawn", "erased"):
            continue
        _, page_url, number, origin = CASES[winner.case]
        _, agent = AGENTS[winner.agent]
        raw, scrubbed = TEXTS[winner.text]
        several = 2 if raw else 1
        address = bytes((192, 0, 2, winner.ip))
        rows[known] = {
            "tenant": TENANT,
            "feedback_id": known,
            "is_deleted": 0,
            "schema_version": 1,
            "enrichment_version": 1,
            "source": "website",
            "connector": "form",
            "channel": CHANNELS[winner.number % 3],
            "authority": winner.authority,
            "flags": [],
            "received_at": winner.received_at,
            "occurred_at": NOW - timedelta(days=1),
            "occurred_at_from": "source",
            "time_zone": "",
            "source_order": winner.order,
            "outcome": "answered",
            **dict.fromkeys(("survey_id", "survey_version", "survey_wave"), ""),
            "language": "nl",
            "answers.question": [""] * several,
            "answers.wording": [""] * several,
            "answers.metric": ["nps", "open"][:several],
            "answers.scale_min": [0.0, None][:several],
            "answers.scale_max": [10.0, None][:several],
            "answers.scale_best": [10.0, None][:several],
            "answers.score": [float(winner.score), None][:several],
            "answers.reason": [""] * several,
            "answers.text": ["", scrubbed][:several],
            "case_number": number,
            "case_number_from": origin,
            "service": SERVICES[winner.number % 3],
            **dict.fromkeys(("product", "location", "department", "form", "form_outcome"), ""),
            "page_url": _page(page_url),
            **dict.fromkeys(("search_term", "organisation", "country", "price_list", "audience"), ""),
            **dict(
                zip(
                    ("platform", "os_name", "os_version", "browser_name", "browser_version", "device"),
                    agent,
                    strict=True,
                )
            ),
            "is_bot": 0,
            **dict.fromkeys(("app", "app_version", "town"), ""),
            "photo_given": 0,
            "contact_given_at": None,
            "contact_wording": "",
            "publish_given_at": None,
            "publish_wording": "",
            "notes.field": [],
            "notes.problem": [],
            "ip_hash": hashlib.blake2b(address, digest_size=16, key=key, person=b"balie-ip").digest(),
            "ip_key": key_id,
            "person_keys": [],
        }
    return rows


def _page(url: str | None) -> str:
    return url.split("?")[0] if url else ""


def shown_rows(stage: Stage) -> dict[UUID, dict[str, Any]]:
    """What an analyst gets, in all columns."""
    return {row["feedback_id"]: row for row in stage.warehouse.rows("SELECT * FROM feedback FINAL")}


def check_rows(stage: Stage, told: Sequence[Telling]) -> dict[UUID, int]:
    """The shown rows are the expected ones; returns their versions."""
    key = open_state(stage.settings).keys.ip_key(TENANT, f"{NOW - timedelta(days=1):%Y-%m}", datetime.now(UTC))
    assert key is not None
    expected = expected_rows(told, key.secret, key.key_id)
    shown = shown_rows(stage)
    assert shown.keys() == expected.keys()
    ranks = winners(told)
    versions = {}
    for known, row in shown.items():
        versions[known] = row.pop("version")
        row.pop("loaded_at")
        assert row == expected[known]
        authority, order, receipt = ranks[known].rank
        milliseconds = 2**48 - 1 - round(-receipt * 1000)
        assert versions[known] >> 120 == ((authority << 64 | order) << 16 | 1) << 48 | milliseconds
    return versions


def check_report(stage: Stage, told: Sequence[Telling]) -> None:
    """The figures of the report are those counted from the fold, by channel and in all."""
    scores: dict[str, list[int]] = {channel: [] for channel in CHANNELS}
    for winner in winners(told).values():
        if winner.authority in ("source", "corrected"):
            scores[CHANNELS[winner.number % 3]].append(winner.score)
    rows = report(stage.warehouse, TENANT, by=("channel",), metrics=("responses", "nps"))
    assert {row.group["channel"] for row in rows} == set(CHANNELS)
    for row in rows:
        mine = scores[row.group["channel"]]
        nps = 100 * (sum(s >= 9 for s in mine) - sum(s <= 6 for s in mine)) / len(mine)
        assert row.figures["nps"].n == len(mine)
        assert row.figures["nps"].value == pytest.approx(nps)
        assert row.figures["responses"].value == len(mine)


def fill(stage: Stage, told: Sequence[Telling]) -> None:
    for start in range(0, len(told), 5_000):
        stage.log.append(FEEDBACK, [telling.record() for telling in told[start : start + 5_000]])


def load(stage: Stage, **driver: Any) -> None:
    progress = Driver(stage.log, stage.opener, FEEDBACK, **driver).run(Event(), until_idle=True)
    assert progress.lag == 0
    assert progress.waiting_for == ""


def account_for_all(stage: Stage, told: Sequence[Telling]) -> None:
    """Every offset is in one place: some failures are discarded first, so that all four kinds occur."""
    failures = sorted(open_failures(stage.log, FAILURES, (), datetime.now(UTC)), key=lambda f: str(f.failure_id))
    broken = sum(telling.broken for telling in told)
    assert len(failures) == broken
    with open_state(stage.settings) as state:
        discard(failures[: broken // 3], stage.log, FAILURES, state.discarded, "not_mendable", datetime.now(UTC))
        discarded = state.discarded.discarded_ids()
    still_open = {str(f.failure_id) for f in open_failures(stage.log, FAILURES, (), datetime.now(UTC))}
    ranges = [OffsetRange(FEEDBACK, partition, *ends) for partition, ends in stage.log.ends(FEEDBACK).items()]
    rooms = rooms_of(stage.opener)
    result = account(rooms, ranges, still_open, discarded)
    best = winners(told)
    winning = sum(not t.broken and t == best[t.feedback_id] for t in told)
    assert result.missing == []
    assert Counter(loaded=result.loaded, superseded=result.superseded) == Counter(
        loaded=winning, superseded=len(told) - broken - winning
    )
    assert (result.open_failures, result.discarded) == (broken - broken // 3, broken // 3)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_rows_are_those_of_a_plain_fold(open_stage: Callable[..., Stage], capsys: pytest.CaptureFixture[str]) -> None:
    told = tellings(TELLINGS, seed=7)
    stage = open_stage()
    fill(stage, told)

    # Killed ten times between the first and the last commit, half of them between an insert and its commit.
    kills = kill_ten_times(stage, len(told))
    with capsys.disabled():
        print("\n", *(f"  killed {kill}" for kill in kills), sep="\n")
    assert sum("between insert and commit" in kill for kill in kills) >= 3
    load(stage, group=GROUP)
    versions = check_rows(stage, told)
    check_report(stage, told)
    account_for_all(stage, told)

    # Again from offset 0, in other batch sizes, on top of what is there.
    load(stage, group="again", most_records=47_001, batch_records=1_713)
    assert check_rows(stage, told) == versions

    # What was withdrawn comes again, as an import of an old export would bring it.
    gone = [t for t in winners(told).values() if t.authority in ("withdrawn", "erased")]
    again = [replace(t, authority="source", order=1_000, received_at=NOW) for t in gone]
    assert again
    fill(stage, again)
    load(stage, group="again")
    assert check_rows(stage, [*told, *again]) == versions

    # Once, with the log in another order, from nothing.
    stage.warehouse.command("TRUNCATE TABLE feedback")
    shuffled = [*told]
    random.Random(8).shuffle(shuffled)
    first = stage.log.ends(FEEDBACK)[0][1]
    fill(stage, shuffled)
    with stage.log.join("shuffled", FEEDBACK) as member:
        assert member.partitions() == {0}
        member.commit({0: first})
    load(stage, group="shuffled")
    assert check_rows(stage, told) == versions
    check_report(stage, told)


def kill_ten_times(stage: Stage, end: int) -> list[str]:
    """Runs the command and kills it, over and over; says at each kill how far it was. Each run resumes."""
    kills: list[str] = []
    chance = random.Random(9)
    batch = end // 60
    while len(kills) < 10:
        before = stage.log.committed(GROUP, FEEDBACK).get(0, 0)
        process = subprocess.Popen(
            [sys.executable, "-m", "balie", "--settings", str(stage.settings_file), "run", "--batch", str(batch)],
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(process, lambda: _committed(stage), at_least=before + batch * chance.randint(1, 4))
            between = len(kills) % 2 == 0
            if between:
                _stop_between_insert_and_commit(stage, process)
            else:
                time.sleep(chance.uniform(0, 0.3))
        finally:
            process.kill()
            process.wait()
        kills.append(f"at offset {_committed(stage):,} of {end:,}{', between insert and commit' if between else ''}")
        assert _committed(stage) < end
    return kills


def _stop_between_insert_and_commit(stage: Stage, process: "subprocess.Popen[bytes]") -> None:
    """Leaves the process stopped where it has inserted a batch and not committed it."""
    while True:
        inserted, committed = _inserts(stage), _committed(stage)
        _wait_for(process, lambda: _inserts(stage), at_least=inserted + 1)
        process.send_signal(signal.SIGSTOP)
        if _committed(stage) == committed:
            return
        process.send_signal(signal.SIGCONT)


def _wait_for(process: "subprocess.Popen[bytes]", count: Callable[[], int], at_least: int) -> None:
    while count() < at_least:
        assert process.poll() is None, "it ended before it was killed"
        time.sleep(0.002)


def _committed(stage: Stage) -> int:
    return stage.log.committed(GROUP, FEEDBACK).get(0, 0)


def _inserts(stage: Stage) -> int:
    """How many inserts the table has seen: the highest block number of its parts."""
    (row,) = stage.warehouse.rows(
        "SELECT max(max_block_number) AS blocks FROM system.parts WHERE database = 'balie' AND table = 'feedback'"
    )
    return int(row["blocks"] or 0)
