"""The graphs, wired: feedback from the log to the warehouse, over fixed ranges or without an end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event

import apache_beam as beam
import grpc
from apache_beam.io.unbounded_source import ReadFromUnboundedSource
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import PipelineResult, PipelineState

from pipelines.batch import Records
from pipelines.rooms import Opener
from pipelines.sinks.warehouse import DONE, FAILED, LOADED
from pipelines.sources.log import BATCH_RECORDS, NEWER, LogSource, ReadRange
from pipelines.transforms import LoadFeedback
from storage.errors import Retriable
from storage.log.base import OffsetRange

# By name: `DirectRunner` would choose another runner by what the graph holds.
EMBEDDED_RUNNER = "FnApiRunner"


@dataclass(frozen=True)
class Done:
    """What a bounded run did: rows loaded, events failed, and by partition the offset up to which all is on disk.

    `newer` counts the partitions that wait for a newer program.
    """

    loaded: int = 0
    failed: int = 0
    newer: int = 0
    next_offsets: dict[int, int] = field(default_factory=dict)


def load_ranges(
    ranges: Sequence[OffsetRange],
    opener: Opener,
    *,
    runner: str = EMBEDDED_RUNNER,
    options: Sequence[str] = (),
    batch_records: int = BATCH_RECORDS,
) -> Done:
    """Loads fixed ranges of one topic, at most one a partition, and returns when all is on disk.

    Raises:
        Retriable: the log or the warehouse is not to be had; load the same ranges again.
    """
    pipeline = beam.Pipeline(runner=runner, options=PipelineOptions([*options]))
    _ = (
        pipeline
        | beam.Create(list(ranges), reshuffle=False)
        | "read" >> beam.ParDo(ReadRange(opener, batch_records)).with_output_types(Records)
        | LoadFeedback(opener)
    )
    result = pipeline.run()
    result.wait_until_finish()
    return _done(result)


def load_forever(
    opener: Opener,
    group: str,
    topic: str,
    *,
    runner: str,
    options: Sequence[str] = (),
    batch_records: int = BATCH_RECORDS,
    poll_seconds: float = 0.5,
) -> PipelineResult:
    """Loads a topic without an end from what `group` has committed; offsets are committed as bundles end.

    Returns what the runner gives to wait for the run or to cancel it.
    """
    pipeline = beam.Pipeline(runner=runner, options=PipelineOptions(["--streaming", *options]))
    _ = (
        pipeline
        # A batch is one record to Beam. Short limits let partitions take turns and commit every round.
        | ReadFromUnboundedSource(
            LogSource(opener, group, topic, batch_records=batch_records),
            poll_interval=poll_seconds,
            max_records_per_bundle=4,
            max_read_time_seconds=2.0,
        )
        | LoadFeedback(opener)
    )
    return pipeline.run()


def run_until(stop: Event, job: PipelineResult) -> None:
    """Waits for `stop` and then cancels the job.

    Raises:
        Retriable: the job ended by itself, or its runner is gone; start it again, it goes on from what was committed.
    """
    try:
        while not stop.wait(0.5):
            if PipelineState.is_terminal(job.state):
                raise Retriable(f"the job ended by itself ({job.state}): see the runner's log, then start it again")
        job.cancel()
    except grpc.RpcError as error:
        raise Retriable("the runner does not answer any more: see whether it runs, then start the job again") from error


def _done(result: PipelineResult) -> Done:
    metrics = result.metrics().query()
    counters = {metric.key.metric.name: metric.result for metric in metrics["counters"]}
    ends = {
        int(metric.key.metric.name.rsplit(" ", 1)[1]): metric.result.max
        for metric in metrics["distributions"]
        if metric.key.metric.name.startswith(f"{DONE} ")
    }
    return Done(counters.get(LOADED, 0), counters.get(FAILED, 0), counters.get(NEWER, 0), ends)
