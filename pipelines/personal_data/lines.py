"""The scrubber over JSON Lines, as the command line and the evaluation use it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipelines.personal_data.scrubber import Scrubber


def scrub_lines(lines: Iterable[Mapping[str, Any]], scrubber: Scrubber | None = None) -> Iterator[dict[str, Any]]:
    """For each {"id", "lang"?, "text"}: {"id", "text", "spans": [{"start", "end", "type", "rule"}], "case_numbers"}.

    Case numbers are found first and stay, whatever they look like.
    """
    scrubber = scrubber or Scrubber()
    for line in lines:
        text = line["text"]
        scrubbed = scrubber.scrub(text, line.get("lang"))
        yield {
            "id": line["id"],
            "text": scrubbed.text,
            "spans": [{"start": s.start, "end": s.end, "type": s.type, "rule": s.rule} for s in scrubbed.spans],
            "case_numbers": [],
        }
