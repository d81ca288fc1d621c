"""The way of an answer as Beam transforms: what is read becomes rows, and rows are loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import PCollection

from pipelines.batch import Batch, Records, quoting_nothing
from pipelines.rooms import Opener, rooms_of
from pipelines.sinks.warehouse import Load
from storage.log.base import OffsetRange


class Enrich(beam.DoFn):
    """Records → Batch: decoded, and all enrichments made.

    One transform, though the enrichments are many: each that Beam has to set up makes a micro-batch 5 ms longer.
    """

    def __init__(self, opener: Opener) -> None:
        self._opener = opener

    def process(self, records: Records) -> Iterator[Batch]:
        with quoting_nothing("enrich"):
            batch = rooms_of(self._opener).enrichment.enriched(records)
        yield batch


class LoadFeedback(beam.PTransform[Any, Any]):
    """Records of the log → ranges of offsets that are done. A line without a shuffle, so that every runner fuses it."""

    def __init__(self, opener: Opener) -> None:
        super().__init__()
        self._opener = opener

    def expand(self, records: PCollection[Records]) -> PCollection[OffsetRange]:
        done: PCollection[OffsetRange] = (
            records
            | "enrich" >> beam.ParDo(Enrich(self._opener)).with_output_types(Batch)
            | "load" >> beam.ParDo(Load(self._opener))
        )
        return done
