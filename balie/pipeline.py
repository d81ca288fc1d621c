"""The pipeline as the settings say: what its workers open, wherever they run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from balie.open import open_log, open_state, open_warehouse, topics_of
from balie.settings import Settings, load
from balie.town import case_patterns, scrubber
from pipelines.enrichment import Enrichment, Town
from pipelines.rooms import Rooms


@dataclass(frozen=True)
class OpenRooms:
    """Opens the rooms from a settings file that the worker can read. Holds its path, so no secret travels."""

    settings_file: Path

    def __call__(self) -> Rooms:
        settings = load(self.settings_file)
        return Rooms(
            log=open_log(settings),
            warehouse=open_warehouse(settings),
            enrichment=enrichment(settings),
            failures_topic=topics_of(settings)[1].name,
        )


def enrichment(settings: Settings) -> Enrichment:
    """The enrichments for all towns of the settings."""
    towns = {
        tenant: Town(
            patterns=case_patterns(settings, tenant),
            scrubber=scrubber(settings, tenant),
            page_parameters=frozenset(town.page_parameters),
        )
        for tenant, town in settings.towns.items()
    }
    return Enrichment(towns, open_state(settings).keys)
