"""`balie scrub`, `balie user-agent`: parts of the pipeline as filters over JSON Lines, to try and to measure them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import typer

from balie.commands.common import WrongUse


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("scrub")(_scrub)
    app.command("user-agent")(_user_agent)


def _scrub() -> None:
    """Strip personal data. In: {"id", "lang"?, "text"}. Out: {"id", "text", "spans", "case_numbers"}.

    Example: [bold]echo '{"id": 1, "text": "Mail jan@example.org"}' | balie scrub[/bold]
    """
    from pipelines.personal_data.lines import scrub_lines

    _write(scrub_lines(_lines({"id": (str, int), "text": (str,), "lang": (str, type(None))}, needed=("id", "text"))))


def _user_agent() -> None:
    """Read user agents. In: {"user_agent", "client_hints"}. Out: {"os", "browser", "device", "bot"}.

    Example: [bold]balie user-agent < agents.jsonl[/bold]
    """
    from pipelines.enrich.user_agent import user_agent_lines

    given = _lines({"user_agent": (str, type(None)), "client_hints": (dict, type(None))}, needed=("user_agent",))
    _write(user_agent_lines(given))


def _lines(kinds: dict[str, tuple[type, ...]], needed: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The objects on standard input; WrongUse names the line that is none of what is wanted."""
    for number, line in enumerate(sys.stdin.buffer, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise WrongUse(f"line {number} is no JSON in UTF-8") from None
        if not isinstance(row, dict) or not all(name in row for name in needed):
            raise WrongUse(f"line {number} is no object with {' and '.join(needed)}")
        for name, kind in kinds.items():
            if name in row and not isinstance(row[name], kind):
                raise WrongUse(f"line {number}: {name} is of another kind than it should be")
        yield row


def _write(rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        # A lone surrogate, which JSON can hold and UTF-8 cannot, becomes its escape, which is JSON again.
        sys.stdout.buffer.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()
