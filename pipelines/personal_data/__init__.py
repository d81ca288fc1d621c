"""Takes personal data out of what citizens write: pure functions, no Beam, no storage."""

from pipelines.personal_data.language import detect
from pipelines.personal_data.lines import scrub_lines
from pipelines.personal_data.scrubber import Scrubber
from pipelines.personal_data.spans import LANGUAGES, PLACEHOLDERS, TYPES, Scrubbed, Span

__all__ = ["LANGUAGES", "PLACEHOLDERS", "TYPES", "Scrubbed", "Scrubber", "Span", "detect", "scrub_lines"]
