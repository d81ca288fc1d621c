"""The scrubber over JSON Lines, as the command line and the evaluation use it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from pipelines.enrich.case_number import CasePatterns, Found, find
from pipelines.personal_data.scrubber import Scrubber
from pipelines.personal_data.spans import Scrubbed

BUILT_IN: Final = CasePatterns()


def scrub_line(line: Mapping[str, Any], scrubber: Scrubber, patterns: CasePatterns) -> tuple[Scrubbed, list[Found]]:
    """One {"id", "lang"?, "text"} scrubbed, and the case numbers in it.

    Case numbers are found first and stay, whatever they look like.
    """
    text, language = line["text"], line.get("lang")
    cases = find(text, patterns, language)
    return scrubber.scrub(text, language, protected=[(case.start, case.end) for case in cases]), cases


def scrub_lines(
    lines: Iterable[Mapping[str, Any]], scrubber: Scrubber | None = None, patterns: CasePatterns = BUILT_IN
) -> Iterator[dict[str, Any]]:
    """For each {"id", "lang"?, "text"}: {"id", "text", "spans": [{"start", "end", "type", "rule"}], "case_numbers"}."""
    scrubber = scrubber or Scrubber()
    for line in lines:
        scrubbed, cases = scrub_line(line, scrubber, patterns)
        yield {
            "id": line["id"],
            "text": scrubbed.text,
            "spans": [{"start": s.start, "end": s.end, "type": s.type, "rule": s.rule} for s in scrubbed.spans],
            "case_numbers": list(dict.fromkeys(case.number for case in cases)),
        }
