"""The scrubber over JSON Lines, as the command line and the evaluation use it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipelines.enrich.case_number import CasePatterns, Found, find
from pipelines.personal_data.scrubber import Scrubber
from pipelines.personal_data.spans import Scrubbed

BUILT_IN: Final = CasePatterns()


def scrubbed_lines(
    lines: Sequence[Mapping[str, Any]], scrubber: Scrubber, patterns: CasePatterns
) -> list[tuple[Scrubbed, list[Found]]]:
    """Each {"id", "lang"?, "text"} scrubbed, and the case numbers in it.

    Case numbers are found first and stay, whatever they look like.
    """
    texts, languages = [line["text"] for line in lines], [line.get("lang") for line in lines]
    cases = [find(text, patterns, language) for text, language in zip(texts, languages, strict=True)]
    protected = [[(case.start, case.end) for case in found] for found in cases]
    return list(zip(scrubber.scrub_all(texts, languages, protected=protected), cases, strict=True))


def scrub_lines(
    lines: Sequence[Mapping[str, Any]], scrubber: Scrubber | None = None, patterns: CasePatterns = BUILT_IN
) -> list[dict[str, Any]]:
    """For each {"id", "lang"?, "text"}: {"id", "text", "spans": [{"start", "end", "type", "rule"}], "case_numbers"}."""
    return [
        {
            "id": line["id"],
            "text": scrubbed.text,
            "spans": [{"start": s.start, "end": s.end, "type": s.type, "rule": s.rule} for s in scrubbed.spans],
            "case_numbers": list(dict.fromkeys(case.number for case in cases)),
        }
        for line, (scrubbed, cases) in zip(lines, scrubbed_lines(lines, scrubber or Scrubber(), patterns), strict=True)
    ]
