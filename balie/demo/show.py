"""`balie demo`: an invented town's answers through the front door of the whole product, and what becomes of them."""

from __future__ import annotations

import random
import secrets
import shutil
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from balie.commands.report import print_report
from balie.demo.channels import LETTERS, SHARES, SOURCES, FrontDoor, Sent, export, letters
from balie.demo.invented import answers
from balie.demo.stage import TENANT, LogKind, Stage
from balie.import_file import import_file
from balie.open import group_of, open_state, sources, topics_of
from balie.processes import CommandProcess
from balie.supervisor import wait_until_it_answers
from connectors.base import Webhook
from reporting.metrics import METRICS, USUAL
from reporting.report import report
from storage.errors import Fatal

_SENDERS = 16
_TAKEN_SECONDS = 60.0
_OURS = ".demo"  # a folder with this file is a demo's, and may be removed


def show(folder: Path, log: LogKind, count: int, console: Console) -> None:
    """Runs the demo in `folder`, which is made anew, and prints what it shows. All it starts is ended again.

    Fatal where there is something in the folder that is not of an earlier demo.
    """
    _make_anew(folder)
    _write_secrets(folder / "secrets")
    with ExitStack() as stack:
        progress = stack.enter_context(
            Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console)
        )
        task = progress.add_task("starting")

        def say(what: str) -> None:
            progress.update(task, description=what)

        stage = stack.enter_context(Stage(folder, log, sources=SOURCES, say=say))
        scanned = folder / "scanned letters"
        scanned.mkdir()
        for command in ("run", "collect", "poll"):
            output = stack.enter_context((folder / f"{command}.log").open("wb"))
            stack.callback(CommandProcess(stage.settings_file, command, output).stop)
        say("starting the collector")
        if not wait_until_it_answers(stage.settings, Event()):
            raise Fatal(f"the collector did not start: see what `balie --settings {stage.settings_file} collect` says")
        started = time.monotonic()
        sent = _send_all(stage, count, say)
        _wait_until_loaded(stage, say)
        seconds = time.monotonic() - started
        before = _figures(stage)
        say("delivering a third of the answers a second time")
        again = _send_a_third_again(stage, sent)
        _wait_until_loaded(stage, say)
        after = _figures(stage)
        progress.update(task, description="done")
        progress.stop()
        _print(stage, console, count, sent, seconds, again, before, after)


def _make_anew(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / _OURS).exists():
        raise Fatal(f"{folder} holds something that is not of a demo, and it would be removed: name another folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / _OURS).touch()


def _write_secrets(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    made = {
        "twilio": secrets.token_hex(16),
        "standard-webhooks": "whsec_" + b64encode(secrets.token_bytes(24)).decode(),
        "basic": secrets.token_hex(16),
        "meta": secrets.token_hex(16),
    }
    for name, secret in made.items():
        (folder / name).touch(mode=0o600)
        (folder / name).write_text(secret + "\n", "ascii")


def _door(stage: Stage) -> FrontDoor:
    connectors = {s.name: connector for s, connector in sources(stage.settings) if isinstance(connector, Webhook)}
    return FrontDoor(f"http://127.0.0.1:{stage.settings.collector.port}", connectors)


def _send_all(stage: Stage, count: int, say: Callable[[str], None]) -> list[Sent]:
    """Most answers through the door, by whichever channel; a tenth in an export that is imported, and some letters."""
    chance = random.Random(2)  # noqa: S311 - which channel a citizen takes is no secret
    told = list(answers(count, datetime.now(UTC)))
    exported, written = told[: count // 10], told[count // 10 : count // 10 + round(count * LETTERS)]
    by_door = told[len(exported) + len(written) :]
    by_channel = [(chance.choices(list(SHARES), list(SHARES.values()))[0], answer) for answer in by_door]
    scanned = letters(written)
    (stage.folder / "scanned letters" / "today.jsonl").write_bytes(scanned)
    now = datetime.now(UTC)
    (website,) = (found for found in sources(stage.settings) if found[0].name == "website")
    import_file(export(exported), *website, stage.log, topics_of(stage.settings), now)
    sent: list[Sent] = []
    with closing(_door(stage)) as door, ThreadPoolExecutor(_SENDERS) as pool:
        for one in pool.map(lambda pair: door.send(*pair), by_channel):
            sent.append(one)
            if len(sent) % 50 == 0:
                say(f"sending answers through the front door: {len(sent):,} of {len(by_channel):,}")
    say("waiting for the letters to be read")
    _wait_until_taken(stage, sha256(scanned).hexdigest())
    return sent


def _wait_until_taken(stage: Stage, digest: str) -> None:
    with closing(open_state(stage.settings)) as state:
        end = time.monotonic() + _TAKEN_SECONDS
        while not state.taken_files.is_taken(TENANT, "letters", digest):
            if time.monotonic() > end:
                raise Fatal(f"the letters were not taken: see what `balie --settings {stage.settings_file} poll` says")
            time.sleep(0.1)


def _send_a_third_again(stage: Stage, sent: Sequence[Sent]) -> int:
    again = sent[::3]
    with closing(_door(stage)) as door, ThreadPoolExecutor(_SENDERS) as pool:
        list(pool.map(door.send_again, again))
    return len(again)


def _wait_until_loaded(stage: Stage, say: Callable[[str], None]) -> None:
    topic = topics_of(stage.settings)[0].name
    while True:
        committed = stage.log.committed(group_of(stage.settings), topic)
        waiting = sum(end - max(first, committed.get(p, first)) for p, (first, end) in stage.log.ends(topic).items())
        if not waiting:
            return
        say(f"the pipeline is loading: {waiting:,} records wait")
        time.sleep(0.2)


def _figures(stage: Stage) -> list[dict[str, Any]]:
    return [row.to_dict() for row in report(stage.warehouse, TENANT, by=("channel",))]


def _print(
    stage: Stage,
    console: Console,
    asked: int,
    sent: Sequence[Sent],
    seconds: float,
    again: int,
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
) -> None:
    rows = report(stage.warehouse, TENANT, by=("channel",), metrics=USUAL)
    (total,) = report(stage.warehouse, TENANT, metrics=USUAL)
    answered = total.figures["responses"].n
    console.print(
        f"\n[bold]{asked:,} citizens[/bold] of Gemeente Voorbeeldstad: {answered:,} answered, the others declined; "
        f"sent, enriched and loaded in {seconds:.0f} s"
    )
    print_report(("channel",), rows, total, [METRICS[name] for name in USUAL])
    console.print("[bold]What citizens wrote, and what an analyst reads[/bold]")
    for one in _examples(sent):
        (row,) = stage.warehouse.rows(
            "SELECT arrayFirst(t -> t != '', answers.text) AS text FROM responses"
            " WHERE source = {source:String} AND occurred_at = parseDateTime64BestEffort({at:String}, 3, 'UTC')",
            {"source": one.source, "at": one.answer.said_at.isoformat(timespec="milliseconds")},
        )
        console.print(Text.assemble(("  before  ", "bold"), (one.answer.text or "", "dim")))
        console.print(Text.assemble(("  after   ", "bold"), row["text"], "\n"))
    if before != after:
        raise Fatal("the figures moved when answers were delivered twice: this is a fault in Balie, report it")
    console.print(f"A third of the answers ({again:,}) was delivered twice: the figures [bold]did not move[/bold].")
    where = stage.settings_file
    console.print(f"\nEverything lies in {stage.folder}. To look further:")
    for command in ("report --by service", "report --by month --json", "failed list", "reconcile", "doctor"):
        console.print(f"  .venv/bin/balie --settings {where} {command}", markup=False, highlight=False, soft_wrap=True)
    console.print("For a town of your own: `balie init`, then `balie serve`; see README.md.", markup=False)


def _examples(sent: Sequence[Sent]) -> list[Sent]:
    """Two answers in which somebody volunteered something, in two languages."""
    found: dict[str, Sent] = {}
    for one in sent:
        if one.answer.volunteered and one.source in ("telephone", "kiosk", "app"):
            found.setdefault(one.answer.language, one)
    return list(found.values())[:2]
