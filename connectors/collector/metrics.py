"""The collector's metrics, a closed set, in Prometheus' text format. No label holds anything a sender chose."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """One set of counters for one collector; there is no global one."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        source = ("tenant", "source")
        # Requests by what they were answered. Of requests to unknown sources both labels are empty.
        self.requests = Counter(
            "balie_collector_requests", "Requests answered", (*source, "status"), registry=self._registry
        )
        # From the first byte of a request to its answer.
        self.seconds = Histogram(
            "balie_collector_request_seconds",
            "Time to answer a request",
            registry=self._registry,
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
        )
        # Events that are durable, in the log or the spool; a provider's retry counts again.
        self.events = Counter("balie_collector_events", "Events made durable", source, registry=self._registry)
        # Requests that were their provider's and could not be read: each is a FailedEvent.
        self.failures = Counter(
            "balie_collector_failures", "Requests kept as failures", source, registry=self._registry
        )
        # Requests that were no answer: delivery statuses, echoes, pages that were opened.
        self.ignored = Counter("balie_collector_ignored", "Things that are no answer", source, registry=self._registry)
        # Entries and bytes that wait on disk for the log to come back.
        self.spool_entries = Gauge("balie_collector_spool_entries", "Entries in the spool", registry=self._registry)
        self.spool_bytes = Gauge("balie_collector_spool_bytes", "Bytes in the spool", registry=self._registry)
        # Entries in the spool that the log refuses for their size; someone has to look.
        self.spool_refused = Gauge("balie_collector_spool_refused", "Entries set aside", registry=self._registry)
        # 1 while the log takes records, 0 since it last refused.
        self.log_up = Gauge("balie_collector_log_up", "Whether the log takes records", registry=self._registry)

    def text(self) -> bytes:
        """The metrics as they are now."""
        return generate_latest(self._registry)
