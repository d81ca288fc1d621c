"""What `balie doctor` examines: each part that Balie stands on, and what to do where one is not sound."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from balie.commands.common import MISSING_PACKAGE
from balie.open import (
    MASTER_KEY_VARIABLE,
    migrations_folder,
    open_log,
    open_state,
    sources,
    topics_of,
    warehouse_at_hand,
)
from balie.settings import Settings, SettingsError, load
from storage.errors import StorageError
from storage.log.base import OffsetRange

LEAST_FREE = 1024**3
"""Bytes. Less than this is a few hours of a busy town, and merges of the warehouse need room of their own."""
MOST_DRIFT = timedelta(minutes=1)
"""Signatures are refused when they are minutes old, and a clock that is behind caps the time of answers wrongly."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part; where it is not sound, `text` is what to do. Quotes no secret and no input."""

    part: str
    sound: bool
    text: str


class Unsound(Exception):
    """The part is not as it should be; the message says what to do."""


def examine(settings_file: Path) -> Iterator[Finding]:
    """Examine part after part; without settings there is nothing else to examine."""
    try:
        settings = load(settings_file)
    except SettingsError as error:
        for problem in error.problems:
            yield Finding("settings", False, problem)
        return
    yield Finding("settings", True, f"{settings.path}, {len(settings.towns)} towns")
    for part, check in CHECKS.items():
        try:
            yield Finding(part, True, check(settings))
        except SettingsError as error:
            for problem in error.problems:
                yield Finding(part, False, problem)
        except (StorageError, Unsound) as error:
            yield Finding(part, False, str(error))
        except OSError as error:
            yield Finding(
                part, False, f"{error.filename or settings.data}: {error.strerror}: mend the folder or its rights"
            )
        except ModuleNotFoundError as error:
            yield Finding(part, False, f"the package {error.name} is not installed: {MISSING_PACKAGE}")


def _sources(settings: Settings) -> str:
    return f"{len(sources(settings))} sources set up"


def _disk(settings: Settings) -> str:
    folders = {settings.data, settings.log.folder, settings.collector.spool_folder, settings.warehouse.folder}
    free = min(shutil.disk_usage(_existing(folder)).free for folder in folders)
    if free < LEAST_FREE:
        raise Unsound(
            f"{free / 1024**3:.1f} GiB free where Balie keeps its data: make room, {LEAST_FREE // 1024**3} GiB at least"
        )
    return f"{free / 1024**3:.0f} GiB free"


def _keys(settings: Settings) -> str:
    with open_state(settings) as state:
        state.keys.check()
        count = len(state.keys.list_keys())
    if os.environ.get(MASTER_KEY_VARIABLE):
        return f"the master key of {MASTER_KEY_VARIABLE} opens the state, {count} keys in it"
    file = settings.keys.master_key_file
    if settings.state.folder in file.parents:
        raise Unsound(f"{file} lies in the folder of the state, and one backup would hold both: keep it apart")
    return f"{file} opens the state, {count} keys in it"


def _log(settings: Settings) -> str:
    with closing(open_log(settings)) as log:
        records = sum(end - first for topic in topics_of(settings) for first, end in log.ends(topic.name).values())
    return f"{settings.log.kind}, {records} records"


def _warehouse(settings: Settings) -> str:
    from storage.warehouse.migrations import pending

    file = settings.warehouse.token_file
    if file is not None and file.exists() and file.stat().st_mode & 0o027:
        raise Unsound(f"{file} can be read by others: run chmod 600 {file}")
    with warehouse_at_hand(settings) as warehouse:
        if missing := pending(warehouse, migrations_folder()):
            raise Unsound(f"{len(missing)} migrations wait: run `balie migrate`")
        (row,) = warehouse.rows("SELECT count() AS answers FROM feedback")
    return f"{settings.warehouse.kind}, migrated, {row['answers']} rows"


def _clock(settings: Settings) -> str:
    newest = now = datetime.now(UTC)
    # What is wrong with the log itself is found above.
    with closing(open_log(settings)) as log, suppress(StorageError):
        for topic in topics_of(settings):
            for partition, (first, end) in log.ends(topic.name).items():
                for record in log.read(OffsetRange(topic.name, partition, max(first, end - 1), end)):
                    newest = max(newest, datetime.fromtimestamp(record.timestamp_ms / 1000, UTC))
    if newest - now > MOST_DRIFT:
        raise Unsound(f"the clock is {newest - now} behind the newest record of the log: set it, and let NTP keep it")
    if settings.warehouse.kind == "server":
        with warehouse_at_hand(settings) as warehouse:
            (row,) = warehouse.rows("SELECT now64(3, 'UTC') AS now")
        drift = abs(row["now"] - datetime.now(UTC))
        if drift > MOST_DRIFT:
            raise Unsound(f"this clock and the warehouse's differ by {drift}: set them, and let NTP keep them")
    return f"{now:%Y-%m-%d %H:%M} UTC"


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())


CHECKS: dict[str, Callable[[Settings], str]] = {
    "sources": _sources,
    "disk": _disk,
    "keys": _keys,
    "log": _log,
    "warehouse": _warehouse,
    "clock": _clock,
}
