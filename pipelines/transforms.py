"""The steps of the pipeline as Beam transforms, in the order in which an answer passes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import PCollection

from pipelines.batch import Batch, Records, apply, quoting_nothing
from pipelines.decode import decode
from pipelines.enrichment import Enrichment
from pipelines.rooms import Opener, rooms_of
from pipelines.sinks.warehouse import Load
from storage.log.base import OffsetRange


class Decode(beam.DoFn):
    """Records → Batch."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener

    def process(self, records: Records) -> Iterator[Batch]:
        towns = rooms_of(self._opener).enrichment.towns
        with quoting_nothing("decode"):
            batch = decode(records.offsets, records.records, towns)
        yield batch


class Take(beam.DoFn):
    """Batch → Batch, by the step of that name."""

    def __init__(self, opener: Opener, step: str) -> None:
        self._opener = opener
        self._step = step

    def process(self, batch: Batch) -> Iterator[Batch]:
        yield apply(rooms_of(self._opener).enrichment.step(self._step), batch)


class LoadFeedback(beam.PTransform[Any, Any]):
    """Records of the log → ranges of offsets that are done. A line without a shuffle, so that every runner fuses it."""

    def __init__(self, opener: Opener) -> None:
        super().__init__()
        self._opener = opener

    def expand(self, records: PCollection[Records]) -> PCollection[OffsetRange]:
        batches = records | "decode" >> beam.ParDo(Decode(self._opener)).with_output_types(Batch)
        for step in Enrichment.STEPS:
            batches = batches | step.replace("_", " ") >> beam.ParDo(Take(self._opener, step)).with_output_types(Batch)
        done: PCollection[OffsetRange] = batches | "load" >> beam.ParDo(Load(self._opener))
        return done
