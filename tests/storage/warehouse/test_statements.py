"""The little of ClickHouse's grammar that the warehouse knows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.warehouse.statements import Insert, RowsQuery, insert_with_data, rows_query, split


def test_semicolons_part_statements_outside_strings_and_comments() -> None:
    sql = """
    -- first; comment
    SELECT 'a;b\\';', "c;d", `e;f`; /* g;h */ # i;j
    ;;
    SELECT $$k;l$$, $x$m;$$n$x$, 'it''s; fine' -- last
    """
    assert split(sql) == [
        "SELECT 'a;b\\';', \"c;d\", `e;f`",
        "SELECT $$k;l$$, $x$m;$$n$x$, 'it''s; fine'",
    ]
    assert split("") == split(" ; -- nothing") == []


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=1, max_size=5))
def test_quoted_values_never_part_a_statement(values: list[str]) -> None:
    quoted = ["'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'" for value in values]
    statements = [f"SELECT {value}, 1" for value in quoted]
    assert split(";\n".join(statements)) == statements


@given(st.text())
def test_any_text_can_be_split(text: str) -> None:
    for statement in split(text):
        assert statement
        assert statement in text


@given(st.binary())
def test_any_bytes_can_follow_an_insert(rows: bytes) -> None:
    head = b"INSERT INTO t (`a`, format, `values`) FORMAT Native\n"
    found = insert_with_data(head + rows)
    assert found == Insert("INSERT INTO t (`a`, format, `values`) ", "", "Native", len(head))


@pytest.mark.parametrize(
    ("sql", "insert"),
    [
        (b"insert into t values (1)", Insert("insert into t ", "", "Values", 20)),
        (b"INSERT INTO d.t FORMAT CSV \r\n1", Insert("INSERT INTO d.t ", "", "CSV", 29)),
        (b"INSERT INTO t FORMAT JSONEachRow {}", Insert("INSERT INTO t ", "", "JSONEachRow", 33)),
        (
            b"/* x */ INSERT INTO t -- y FORMAT\n (a) SETTINGS a = 1 FORMAT TSV\n1",
            Insert("/* x */ INSERT INTO t -- y FORMAT\n (a) ", "SETTINGS a = 1 ", "TSV", 65),
        ),
        (b"INSERT INTO t (a)", Insert("INSERT INTO t (a)", "", None, 17)),
        (b"INSERT INTO t SETTINGS a = 'FORMAT'", Insert("INSERT INTO t ", "SETTINGS a = 'FORMAT'", None, 35)),
        (b"INSERT INTO FUNCTION f('x') FORMAT CSV\n", Insert("INSERT INTO FUNCTION f('x') ", "", "CSV", 39)),
        (b"INSERT INTO format FORMAT CSV\n", Insert("INSERT INTO format ", "", "CSV", 30)),
        (b"INSERT INTO t SELECT 1 FORMAT Null", None),
        (b"INSERT INTO t (a) WITH 1 AS x SELECT x", None),
        (b"INSERT INTO t FROM INFILE 'x' FORMAT CSV", None),
        (b"SELECT 1 FORMAT CSV", None),
        (b"", None),
    ],
)
def test_rows_begin_behind_the_format(sql: bytes, insert: Insert | None) -> None:
    assert insert_with_data(sql) == insert


@pytest.mark.parametrize(
    ("sql", "query"),
    [
        ("SELECT 1", RowsQuery("SELECT 1", None, "")),
        ("select format from t", RowsQuery("select format from t", None, "")),
        ("SELECT 1 FORMAT JSON", RowsQuery("SELECT 1 ", "JSON", "")),
        ("(SELECT 1) FORMAT JSON -- x", RowsQuery("(SELECT 1) ", "JSON", " -- x")),
        (
            "WITH 1 AS x SELECT x FORMAT JSON SETTINGS a = 1",
            RowsQuery("WITH 1 AS x SELECT x ", "JSON", " SETTINGS a = 1"),
        ),
        ("SELECT (SELECT format AS f)", RowsQuery("SELECT (SELECT format AS f)", None, "")),
        ("SHOW TABLES", RowsQuery("SHOW TABLES", None, "")),
        ("CREATE TABLE t (a UInt8) ENGINE = Memory", None),
        ("INSERT INTO t SELECT 1", None),
        ("", None),
    ],
)
def test_a_query_is_parted_at_its_format(sql: str, query: RowsQuery | None) -> None:
    assert rows_query(sql) == query
