"""How fast the embedded warehouse takes durable inserts of all columns, by block size, and what memory it needs.

    python -m benchmarks.warehouse_insert [--rows N]

The server runs on one core, its merges included; this process on the other. Beside rows a second by the clock stands
rows a second of the server's own CPU time, which a busy machine does not change.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from storage.warehouse.client import Warehouse, connect
from storage.warehouse.migrations import migrate
from storage.warehouse.process import WarehouseProcess

BLOCK_SIZES = (1_000, 5_000, 10_000, 20_000, 50_000)
MIGRATIONS = Path(__file__).parent.parent / "schemas" / "clickhouse"
COMMENT = (
    "The counter was friendly, but I had to wait for three quarters of an hour before somebody could help me, thanks."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", type=int, default=200_000, help="rows for each block size")
    rows = parser.parse_args().rows
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[:1])  # the child inherits it
    with tempfile.TemporaryDirectory() as folder, WarehouseProcess(Path(folder)) as process:
        os.sched_setaffinity(0, cores[-1:])
        with connect(process.url, process.token) as warehouse:
            migrate(warehouse, MIGRATIONS)
            _measure(warehouse, process.pid, rows)


def _measure(warehouse: Warehouse, pid: int, rows: int) -> None:
    columns = warehouse.rows(
        "SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = 'feedback'"
    )
    types = {column["name"]: column["type"] for column in columns if column["name"] != "loaded_at"}
    print(f"{len(types)} columns; server idle: {_resident(pid)} MiB resident")
    warehouse.insert_arrow("feedback", _block(types, 200))
    times = [_seconds(warehouse, _block(types, 200)) for _ in range(30)]
    print(f"200 rows: median {statistics.median(times) * 1000:.0f} ms, slowest {max(times) * 1000:.0f} ms")
    for size in BLOCK_SIZES:
        warehouse.command("TRUNCATE TABLE feedback")
        blocks = [_block(types, size) for _ in range(max(2, rows // size))]
        cpu, clock = _cpu_seconds(pid), time.perf_counter()
        for block in blocks:
            warehouse.insert_arrow("feedback", block)
        clock, cpu = time.perf_counter() - clock, _cpu_seconds(pid) - cpu
        count = size * len(blocks)
        print(
            f"blocks of {size:6}: {count / clock:8,.0f} rows/s, {count / cpu:8,.0f} rows/s of CPU, "
            f"{clock / len(blocks) * 1000:5.0f} ms a block; {_resident(pid)} MiB resident"
        )


def _seconds(warehouse: Warehouse, block: pa.Table) -> float:
    started = time.perf_counter()
    warehouse.insert_arrow("feedback", block)
    return time.perf_counter() - started


def _block(types: dict[str, str], rows: int) -> pa.Table:
    return pa.table({name: _column(name, type_, rows) for name, type_ in types.items()})


def _column(name: str, type_: str, rows: int) -> pa.Array:
    """Invented values of a ClickHouse type: names of few kinds, and a comment in four rows of ten."""
    if type_.startswith("Array("):
        inner = _column(name, type_[len("Array(") : -1], rows)
        offsets = pa.array(range(rows + 1), pa.int32())
        return pa.ListArray.from_arrays(offsets, inner)
    if type_.startswith("LowCardinality("):
        kinds = [f"{name} {number}" for number in range(8)]
        return pa.DictionaryArray.from_arrays(pa.array(random.choices(range(8), k=rows), pa.int32()), pa.array(kinds))
    plain = type_.removeprefix("Nullable(").removesuffix(")") if type_.startswith("Nullable(") else type_
    if plain == "String":
        texts = [f"{COMMENT[:-8]}{random.getrandbits(32):x}" if random.random() < 0.4 else "" for _ in range(rows)]
        return pa.array(texts if name == "answers.text" else [""] * rows)
    if plain == "UUID":
        return pa.array([uuid.uuid4().bytes for _ in range(rows)], pa.binary(16))
    if plain == "UInt256":
        return pa.array([os.urandom(31) + b"\0" for _ in range(rows)], pa.binary(32))
    if plain == "FixedString(16)":
        return pa.array([os.urandom(16) for _ in range(rows)], pa.binary(16))
    if plain == "Float64":
        return pa.array([float(random.randrange(11)) for _ in range(rows)], pa.float64())
    if plain.startswith("DateTime64"):
        now = datetime.now(UTC)
        return pa.array([None if type_ != plain else now] * rows, pa.timestamp("ms", tz="UTC"))
    integers = {"UInt8": pa.uint8(), "UInt16": pa.uint16(), "Int64": pa.int64()}
    return pa.array([0] * rows, integers[plain])


def _resident(pid: int) -> int:
    """MiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) // 1024


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
