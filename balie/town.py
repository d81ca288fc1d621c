"""What the settings say of a town's words and case numbers, as the pipeline and the filters take it."""

from __future__ import annotations

from balie.settings import Settings, SettingsError
from pipelines.enrich.case_number import CasePatterns
from pipelines.personal_data import Scrubber


def case_patterns(settings: Settings, tenant: str) -> CasePatterns:
    """The town's case numbers beside the built-in ones; SettingsError where one of its patterns is not RE2's."""
    try:
        return CasePatterns(own=settings.towns[tenant].case_numbers, setting=f"towns.{tenant}.case_numbers")
    except ValueError as error:
        raise SettingsError(settings.places.problem(("towns", tenant, "case_numbers"), str(error))) from None


def scrubber(settings: Settings, tenant: str) -> Scrubber:
    """The scrubber with the town's own words."""
    town = settings.towns[tenant]
    return Scrubber(keep=town.keep_words, scrub=town.scrub_words)
