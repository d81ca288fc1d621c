"""How batches cross from one Beam worker to another, where they do, and how large they are, which Beam often asks.

Beam samples the size of elements even between fused steps, where nothing is encoded. Without a coder that can tell it,
it pickles whole batches to find out: a third of the time of the pipeline.
"""

from __future__ import annotations

import pickle
from typing import Any

from apache_beam.coders import Coder
from apache_beam.coders.typecoders import registry

from pipelines.batch import Batch, Records


class BatchCoder(Coder):
    """Of `Records` and of `Batch`."""

    def encode(self, value: Records | Batch) -> bytes:
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)

    def decode(self, encoded: bytes) -> Any:
        return pickle.loads(encoded)  # noqa: S301 - what another worker of this pipeline has written

    def estimate_size(self, value: Records | Batch) -> int:
        """About the bytes of its records: enough for a progress bar."""
        return sum(len(record.value or b"") for record in value.records[:10]) * max(1, len(value.records) // 10)

    def is_deterministic(self) -> bool:
        return False


registry.register_coder(Records, BatchCoder)
registry.register_coder(Batch, BatchCoder)
