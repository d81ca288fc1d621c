"""How fast answers go the whole way (log → Beam → ClickHouse) on one core, beside the limit measured in the same run.

The limit: the raw bytes consumed from the same log, and ready-made Arrow blocks of all columns inserted at the block
size where that is fastest, with nothing between. Pipeline, warehouse and (SQLite) log share one core, chDB's threads
included; a Kafka broker has the other one. Two of five events have a comment of some 120 letters, a tenth of those
holds personal data.

    python -m benchmarks.whole_way [--events 60000] [--log sqlite|kafka] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import pyarrow as pa

from balie.demo.invented import Answer, answers
from balie.demo.stage import TENANT, Stage
from pipelines.batch import ROW
from pipelines.driver import Driver
from pipelines.rooms import rooms_of
from pipelines.sinks.warehouse import TABLE
from pipelines.sources.log import records_of
from schemas.feedback import feedback_id, read
from schemas.topics import FEEDBACK
from storage.log.base import OffsetRange
from storage.log.records import event_record

BLOCK_SIZES = (5_000, 10_000, 20_000, 40_000)
TRIED_ON = 80_000
"""Rows on which the block sizes are compared."""


def event_of(answer: Answer) -> bytes:
    """An answer as an event of a web form, as the collector would write it."""
    source_id = f"answer-{answer.number}"
    scale = {"min": 0, "max": 10, "best": 10}
    told: list[dict[str, Any]] = [{"question": "recommend", "metric": "nps", "score": answer.score, "scale": scale}]
    if answer.text:
        told.append({"question": "reason", "metric": "open", "text": answer.text})
    said_at = answer.said_at.isoformat()
    event = read(
        {
            "feedback_id": str(feedback_id(TENANT, "website", source_id)),
            "tenant": TENANT,
            "source": "website",
            "source_id": source_id,
            "connector": "form",
            "channel": "web_form",
            "received_at": said_at,
            "occurred_at": said_at,
            "occurred_at_from": "source",
            "time_zone": "Europe/Amsterdam",
            "language": answer.language,
            "survey": {"id": "contact", "version": "3"},
            "answers": told,
            "subject": {"service": answer.service, "page_url": answer.page_url},
            "client": {"ip": answer.ip, "user_agent": answer.user_agent},
        }
    )
    return event.to_json()


def fill(stage: Stage, count: int) -> int:
    """Appends `count` events to the log; the bytes of their values."""
    size = 0
    block = []
    for answer in answers(count, datetime.now(UTC)):
        event = read(event_of(answer))
        block.append(event_record(event))
        size += len(block[-1].value or b"")
        if len(block) == 5_000:
            stage.log.append(FEEDBACK, block)
            block = []
    stage.log.append(FEEDBACK, block)
    return size


def consume(stage: Stage) -> float:
    """Seconds to read all raw records of the log."""
    started = time.perf_counter()
    for partition, (first, end) in stage.log.ends(FEEDBACK).items():
        for _ in records_of(stage.log, OffsetRange(FEEDBACK, partition, first, end), 10_000):
            pass
    return time.perf_counter() - started


def ready_made(stage: Stage) -> pa.Table:
    """The rows of all events of the log, as the pipeline makes them."""
    enrichment = rooms_of(stage.opener).enrichment
    tables = []
    for partition, (first, end) in stage.log.ends(FEEDBACK).items():
        everything = records_of(stage.log, OffsetRange(FEEDBACK, partition, first, end), 10_000)
        tables += [enrichment.enriched(records).columns.drop_columns([ROW]) for records in everything]
    return pa.concat_tables(tables).combine_chunks()


def insert(stage: Stage, rows: pa.Table, block: int) -> float:
    """Seconds to insert the rows, in blocks of that many."""
    stage.warehouse.command(f"TRUNCATE TABLE {TABLE}")
    started = time.perf_counter()
    for start in range(0, rows.num_rows, block):
        stage.warehouse.insert_arrow(TABLE, rows.slice(start, block))
    return time.perf_counter() - started


def best_block(stage: Stage, rows: pa.Table) -> int:
    """The block size at which the rows are inserted fastest."""
    return min(BLOCK_SIZES, key=lambda block: insert(stage, rows, block))


def whole_way(stage: Stage, group: str) -> float:
    """Seconds for the pipeline to load everything, from nothing."""
    stage.warehouse.command(f"TRUNCATE TABLE {TABLE}")
    started = time.perf_counter()
    Driver(stage.log, stage.opener, FEEDBACK, group=group).run(Event(), until_idle=True)
    return time.perf_counter() - started


def memory_of_a_run(stage: Stage) -> float:
    """MiB of memory that `balie run` uses at the most to load everything, in a process of its own."""
    command = [sys.executable, "-m", "balie", "--settings", str(stage.settings_file), "run", "--until-idle"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    most = 0.0
    # What the system counts for a child (ru_maxrss) begins with what this process had when it made it.
    while process.poll() is None:
        with suppress(FileNotFoundError, IndexError):
            most = max(most, resident(process.pid))
        time.sleep(0.05)
    if process.returncode:
        raise RuntimeError("balie run has failed: it says above why")
    return most


def resident(pid: int) -> float:
    """MiB of memory that a process has used at the most."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def measure(log: str, counts: Sequence[int]) -> dict[str, Any]:
    """The figures of one log: the limit and the whole way for each count of events, one core."""
    figures: dict[str, Any] = {"log": log, "runs": []}
    cores = sorted(os.sched_getaffinity(0))
    for count in counts:
        with tempfile.TemporaryDirectory() as folder:
            if log == "kafka":
                os.sched_setaffinity(0, cores[1:2] or cores)  # the broker inherits it
            with Stage(Path(folder), log="kafka" if log == "kafka" else "sqlite", sources="") as stage:
                os.sched_setaffinity(0, cores[:1])
                _pin(stage.server.pid, cores[0])
                size = fill(stage, count)
                whole_way(stage, "warm-up")
                read_seconds = min(consume(stage) for _ in range(2))
                rows = ready_made(stage)
                best = best_block(stage, rows.slice(0, TRIED_ON))
                insert_seconds = insert(stage, rows, best)
                del rows
                seconds = whole_way(stage, "measured")
                figures["runs"].append(
                    {
                        "events": count,
                        "bytes_an_event": round(size / count),
                        "limit_per_second": round(count / (read_seconds + insert_seconds)),
                        "whole_way_per_second": round(count / seconds),
                        "ratio": round((read_seconds + insert_seconds) / seconds, 3),
                        "read_per_second": round(count / read_seconds),
                        "insert_per_second": round(count / insert_seconds),
                        "best_block": best,
                        "pipeline_mib": round(memory_of_a_run(stage)),
                        "warehouse_mib": round(resident(stage.server.pid)),
                    }
                )
            os.sched_setaffinity(0, cores)
    return figures


def _pin(pid: int, core: int) -> None:
    for task in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, nargs="+", default=[60_000])
    parser.add_argument("--log", choices=("sqlite", "kafka"), nargs="+", default=["sqlite", "kafka"])
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    for log in asked.log:
        figures = measure(log, asked.events)
        if asked.json:
            print(json.dumps(figures))
            continue
        for run in figures["runs"]:
            print(f"{log}: {run['events']:,} events of {run['bytes_an_event']} bytes, one core")
            print(
                f"  limit      {run['limit_per_second']:>9,}/s   raw read {run['read_per_second']:,}/s, ready-made "
                f"blocks of {run['best_block']:,} rows {run['insert_per_second']:,}/s"
            )
            print(f"  whole way  {run['whole_way_per_second']:>9,}/s   {run['ratio']:.2f} of the limit")
            print(f"  memory     {run['pipeline_mib']:>9,} MiB pipeline, {run['warehouse_mib']:,} MiB warehouse")


if __name__ == "__main__":
    main()
