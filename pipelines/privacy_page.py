"""Writes the tables of docs/privacy.md from the allow-list: `python -m pipelines.privacy_page`, or `make schemas`."""

from __future__ import annotations

import re
from pathlib import Path

from pipelines.columns import COLUMNS, DROPPED, TECHNICAL, Rule

PAGE = Path(__file__).parents[1] / "docs" / "privacy.md"

RULES: dict[Rule, str] = {
    Rule.KEPT: "a number, a moment, or a string that a pattern or a list of values binds: no room for a person",
    Rule.SCRUBBED: "a string that a citizen or a source can fill: personal data in it is replaced by what it was",
    Rule.CUT: "an address of a page: scheme, host, path and the parameters that the town allows, each of them scrubbed",
    Rule.CHECKED: "a case number: it has the form of one, and is no telephone number, account or person's number",
    Rule.DERIVED: "found out by the pipeline, from a closed vocabulary; nothing of what was sent is passed on",
    Rule.HASHED: "a keyed hash or its key's id; shown by no view, report, export, log line or metric",
}
_PART = "<!-- {name}: written by `make schemas` -->\n{body}<!-- end of {name} -->\n"


def _table(*rows: tuple[str, ...]) -> str:
    head, *body = rows
    lines = [head, tuple("---" for _ in head), *body]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _source(column_source: str, name: str) -> str:
    return "" if column_source == name else f"`{column_source}`"


def tables() -> dict[str, str]:
    """The tables in Markdown, by the name of the place in the page where they stand."""
    return {
        "rules": _table(("rule", "what the column may hold"), *((str(rule), RULES[rule]) for rule in Rule)),
        "columns": _table(
            ("column", "rule", "from"),
            *((f"`{column.name}`", str(column.rule), _source(column.source, column.name)) for column in COLUMNS),
        ),
        "technical": _table(("column", "what it says"), *((f"`{name}`", what) for name, what in TECHNICAL.items())),
        "dropped": _table(("part of the event", "why"), *((f"`{name}`", why) for name, why in DROPPED.items())),
    }


def renewed(page: str) -> str:
    """The page with its tables as the allow-list has them now. ValueError where a table's place is missing."""
    for name, body in tables().items():
        place = re.compile(rf"<!-- {name}: .*?<!-- end of {name} -->\n", re.DOTALL)
        if not place.search(page):
            raise ValueError(f"docs/privacy.md has no place for the table of {name}: put its two comments back")
        new = _PART.format(name=name, body=body)
        page = place.sub(lambda _, new=new: new, page)  # type: ignore[misc]
    return page


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
