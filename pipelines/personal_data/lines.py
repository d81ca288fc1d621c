"""The scrubber over JSON Lines, as the command line and the evaluation use it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipelines.enrich import case_number
from pipelines.personal_data.scrubber import Scrubber


def scrub_lines(
    lines: Iterable[Mapping[str, Any]],
    scrubber: Scrubber | None = None,
    patterns: case_number.CasePatterns | None = None,
) -> Iterator[dict[str, Any]]:
    """For each {"id", "lang"?, "text"}: {"id", "text", "spans": [{"start", "end", "type", "rule"}], "case_numbers"}.

    Case numbers are found first and stay, whatever they look like.
    """
    scrubber = scrubber or Scrubber()
    patterns = patterns or case_number.CasePatterns()
    for line in lines:
        text, language = line["text"], line.get("lang")
        cases = case_number.find(text, patterns, language)
        scrubbed = scrubber.scrub(text, language, protected=[(case.start, case.end) for case in cases])
        yield {
            "id": line["id"],
            "text": scrubbed.text,
            "spans": [{"start": s.start, "end": s.end, "type": s.type, "rule": s.rule} for s in scrubbed.spans],
            "case_numbers": [case.number for case in cases],
        }
