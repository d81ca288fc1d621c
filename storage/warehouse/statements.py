"""The little of ClickHouse's grammar that has to be known here: where a statement ends, and where its data begin.

Everything works on bytes: an INSERT over HTTP carries binary data behind its text, and all delimiters are ASCII.
Source: https://clickhouse.com/docs/en/sql-reference/syntax
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    rb"""
      (?P<blank> \s+ | --[^\n]* | \#[!\ ][^\n]* | /\*.*?\*/ )
    | (?P<name>  [A-Za-z_]\w* | "(?:[^"\\]|\\.)*" | `(?:[^`\\]|\\.)*` )
    | (?P<text>  '(?:[^'\\]|\\.)*' | \$(?P<heredoc>\w*)\$.*?\$(?P=heredoc)\$ | \d\w* )
    | (?P<mark>  . )
    """,
    re.VERBOSE | re.DOTALL,
)
_DATA_BEGIN = re.compile(rb"[ \t\f]*;?[ \t\f]*(?:\r?\n)?")
_ROWS = frozenset({b"SELECT", b"WITH", b"FROM", b"SHOW", b"DESCRIBE", b"DESC", b"EXISTS", b"EXPLAIN", b"CHECK", b"("})


@dataclass(frozen=True)
class _Token:
    kind: str
    start: int
    end: int
    word: bytes  # upper case, for keywords; marks as they are
    depth: int  # of parentheses


def _tokens(sql: bytes) -> Iterator[_Token]:
    """All tokens but blanks and comments."""
    depth = 0
    for match in _TOKEN.finditer(sql):
        kind = match.lastgroup or ""
        if kind == "heredoc":
            kind = "text"
        if kind == "blank":
            continue
        word = match.group()
        if word in (b")", b"]", b"}"):
            depth -= 1
        yield _Token(kind, match.start(), match.end(), word.upper(), depth)
        if word in (b"(", b"[", b"{"):
            depth += 1


def split(sql: str) -> list[str]:
    """The statements of a text, parted at semicolons outside strings and comments, without those that are empty."""
    data = sql.encode()
    statements: list[str] = []
    start: int | None = None
    end = 0
    for token in _tokens(data):
        if token.kind == "mark" and token.word == b";":
            if start is not None:
                statements.append(data[start:end].decode())
            start = None
        else:
            start = token.start if start is None else start
            end = token.end
    if start is not None:
        statements.append(data[start:end].decode())
    return statements


@dataclass(frozen=True)
class Insert:
    """An INSERT whose rows come with it."""

    into: str  # INSERT INTO table (columns)
    settings: str  # SETTINGS … or nothing
    format: str | None  # None where the statement names none
    data_start: int  # index of the first byte of the rows


def insert_with_data(sql: bytes) -> Insert | None:
    """Read the head of an INSERT; None for any other statement, INSERT … SELECT and INSERT … FROM INFILE among them.

    `sql` must hold the whole head; what follows it may be cut off.
    """
    into_end = 0  # where the clause before SETTINGS ends
    clause = 0  # where FORMAT begins
    for index, token in enumerate(_tokens(sql)):
        if index == 0 and token.word != b"INSERT":
            return None
        if clause:
            begin = _DATA_BEGIN.match(sql, token.end)
            head_end = into_end or clause
            return Insert(
                sql[:head_end].decode(),
                sql[head_end:clause].decode(),
                sql[token.start : token.end].decode(),
                begin.end() if begin else token.end,
            )
        if index < 3 or token.depth or token.kind != "name":  # INSERT INTO name …, or columns in parentheses
            continue
        if token.word in (b"SELECT", b"WITH", b"FROM", b"WATCH"):
            return None
        if token.word == b"VALUES":
            head_end = into_end or token.start
            return Insert(sql[:head_end].decode(), sql[head_end : token.start].decode(), "Values", token.end)
        if token.word == b"SETTINGS":
            into_end = token.start
        elif token.word == b"FORMAT":
            clause = token.start
    if not sql.strip():
        return None
    head_end = into_end or len(sql)
    return Insert(sql[:head_end].decode(), sql[head_end:].decode(), None, len(sql))


@dataclass(frozen=True)
class RowsQuery:
    """A statement that answers with rows, parted where `INTO OUTFILE` may be put in."""

    before: str
    format: str | None  # None where the statement names none
    after: str  # what follows FORMAT name: nothing, or SETTINGS …


def rows_query(statement: str) -> RowsQuery | None:
    """Part a single statement at its FORMAT clause; None where it answers with no rows (DDL, INSERT … SELECT)."""
    data = statement.encode()
    tokens = list(_tokens(data))
    if not tokens or tokens[0].word not in _ROWS:
        return None
    for clause, name, after in zip(tokens, tokens[1:], [*tokens[2:], None], strict=False):
        if (
            clause.kind == name.kind == "name"
            and clause.word == b"FORMAT"
            and not clause.depth
            and (after is None or after.word == b"SETTINGS")
        ):
            return RowsQuery(
                data[: clause.start].decode(), data[name.start : name.end].decode(), data[name.end :].decode()
            )
    return RowsQuery(statement, None, "")
