"""`balie scrub`, `balie user-agent`: parts of the pipeline as filters over JSON Lines, to try and to measure them."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeVar, cast

import typer

from balie.commands.common import FAILED, Context, context_of, print_table, town_of

if TYPE_CHECKING:
    from pipelines.enrich.case_number import CasePatterns, Found
    from pipelines.personal_data import Scrubbed, Scrubber

_MOST_TOLD = 20
_MOST_READ = 1 << 18
_T = TypeVar("_T")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("scrub")(_scrub)
    app.command("user-agent")(_user_agent)


def _scrub(
    ctx: typer.Context,
    explain: Annotated[
        bool, typer.Option("--explain", help="For people: what was taken from each comment, by which rule.")
    ] = False,
    tenant: Annotated[
        str | None, typer.Option(help="The town whose own words and case numbers count. Else the only one there is.")
    ] = None,
) -> None:
    """Strip personal data. In: {"id", "lang"?, "text"}. Out: {"id", "text", "spans", "case_numbers"}.

    A line that cannot be read is named on standard error, and the exit code is 1 when the others are done.

    Example: [bold]echo '{"id": 1, "text": "Mail jan@example.org"}' | balie scrub --explain[/bold]
    """
    from pipelines.personal_data.lines import scrub_lines, scrubbed_lines

    scrubber, patterns = _rules(context_of(ctx), tenant)

    kinds = {"id": (str, int), "text": (str,), "lang": (str, type(None))}
    if explain:
        _answer(
            kinds,
            ("id", "text"),
            lambda lines: list(zip(lines, scrubbed_lines(lines, scrubber, patterns), strict=True)),
            lambda found: _explain(found[0], *found[1]),
        )
    else:
        _answer(kinds, ("id", "text"), lambda lines: scrub_lines(lines, scrubber, patterns), _write)


def _user_agent() -> None:
    """Read user agents. In: {"user_agent", "client_hints"}. Out: {"os", "browser", "device", "bot"}.

    A line that cannot be read is named on standard error, and the exit code is 1 when the others are done.

    Example: [bold]balie user-agent < agents.jsonl[/bold]
    """
    from pipelines.enrich.user_agent import user_agent_lines

    kinds = {"user_agent": (str, type(None)), "client_hints": (dict, type(None))}
    _answer(kinds, ("user_agent",), lambda lines: list(user_agent_lines(lines)), _write)


def _rules(context: Context, tenant: str | None) -> tuple[Scrubber, CasePatterns]:
    """The scrubber and the case numbers of the town that is meant; the built-in ones where there is none, or several
    and none is named."""
    from balie import town
    from balie.settings import FILE_NAME, find, load
    from pipelines.personal_data import Scrubber
    from pipelines.personal_data.lines import BUILT_IN

    file = find(context.settings_file)
    # A file that was named has to be there; the usual one need not, since one can scrub without a town.
    if tenant is None and file == Path(FILE_NAME) and not file.exists():
        return Scrubber(), BUILT_IN
    settings = load(file)
    if tenant is None and len(settings.towns) != 1:
        return Scrubber(), BUILT_IN
    name = town_of(settings, tenant)
    return town.scrubber(settings, name), town.case_patterns(settings, name)


def _explain(line: Mapping[str, Any], scrubbed: Scrubbed, cases: Sequence[Found]) -> None:
    """One comment for people: what it became, and a table of what was taken and what was kept, and why."""
    typer.echo(_visible(f"{line['id']} ({scrubbed.language}): {scrubbed.text}"))
    text = line["text"]
    found: list[tuple[int, tuple[str | None, ...]]]
    found = [(s.start, (text[s.start : s.end], s.type, s.rule, f"{s.confidence:.2f}")) for s in scrubbed.spans]
    found += [(case.start, (case.number, "CASE", "a case number: it stays", None)) for case in cases]
    if found:
        rows = ([cell and _visible(cell) for cell in row] for _, row in sorted(found, key=lambda each: each[0]))
        print_table(("text", "type", "rule", "confidence"), rows, numbers=("confidence",))
    else:
        typer.echo("nothing was taken\n")


def _visible(text: str) -> str:
    """On one line, with what a terminal would obey, or could not show, as its escape."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class _Unreadable(Exception):
    """The line is none of what is wanted; the message says why, and quotes nothing."""


def _answer(
    kinds: Mapping[str, tuple[type, ...]],
    needed: Sequence[str],
    answers: Callable[[Sequence[dict[str, Any]]], Sequence[_T]],
    tell: Callable[[_T], None],
) -> None:
    """Tells the answers to the objects on standard input, each as soon as it is there; what is waiting is answered
    together. Exit code 1 in the end where a line could not be."""
    failed = 0
    for waiting in _waiting():
        for given in _answered(waiting, kinds, needed, answers):
            if not isinstance(given, _Failed):
                tell(given)
                continue
            failed += 1
            if failed <= _MOST_TOLD:
                typer.echo(f"balie: line {given.line}: {given.reason}", err=True)
        sys.stdout.buffer.flush()
    if failed > _MOST_TOLD:
        typer.echo(f"balie: and {failed - _MOST_TOLD:,} lines more", err=True)
    if failed:
        raise typer.Exit(FAILED)


def _waiting() -> Iterator[list[tuple[int, bytes]]]:
    """The lines on standard input with their numbers, as many together as can be read without waiting for more."""
    given = cast(BufferedReader, sys.stdin.buffer)
    number, begun = 1, b""
    while read := given.read1(_MOST_READ):
        # A long line is read to its end at once.
        if b"\n" not in read:
            read += given.readline()
        *lines, begun = (begun + read).split(b"\n")
        yield list(enumerate(lines, number))
        number += len(lines)
    yield [(number, begun)]


class _Failed(NamedTuple):
    """A line that has no answer, and why."""

    line: int
    reason: str


def _answered(
    lines: Sequence[tuple[int, bytes]],
    kinds: Mapping[str, tuple[type, ...]],
    needed: Sequence[str],
    answers: Callable[[Sequence[dict[str, Any]]], Sequence[_T]],
) -> Iterator[_T | _Failed]:
    """The answer to each line that is not empty. A fault at one costs that one only."""
    read: list[dict[str, Any] | _Failed] = []
    for number, line in lines:
        if line.strip():
            try:
                read.append(_read(line, kinds, needed))
            except _Unreadable as error:
                read.append(_Failed(number, str(error)))
    try:
        given = answers([row for row in read if not isinstance(row, _Failed)])
    except Exception as error:
        if os.environ.get("BALIE_DEBUG"):
            raise
        if len(lines) > 1:
            for numbered in lines:
                yield from _answered([numbered], kinds, needed, answers)
        else:
            # What an exception says may quote the line.
            reason = f"a fault in Balie ({type(error).__name__}): run it again with BALIE_DEBUG=1 and report it"
            yield _Failed(lines[0][0], reason)
        return
    rest = iter(given)
    for row in read:
        yield row if isinstance(row, _Failed) else next(rest)


def _read(line: bytes, kinds: Mapping[str, tuple[type, ...]], needed: Sequence[str]) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise _Unreadable("it is no JSON in UTF-8") from None
    if not isinstance(row, dict):
        raise _Unreadable("it is no JSON object")
    if missing := [name for name in needed if name not in row]:
        raise _Unreadable(f"it has no {' and no '.join(missing)}")
    for name, kind in kinds.items():
        if name in row and not isinstance(row[name], kind):
            raise _Unreadable(f"its {name} is of another kind than it should be")
    return row


def _write(row: Mapping[str, Any]) -> None:
    # A lone surrogate, which JSON can hold and UTF-8 cannot, becomes its escape, which is JSON again.
    sys.stdout.buffer.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
