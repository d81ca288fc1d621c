"""The warehouse: ClickHouse by URL, whether a server answers there or chDB behind `serve.py`.

client.py      what the rest of Balie uses
migrations.py  numbered SQL files, each applied once
process.py    starts serve.py as a process of its own
serve.py       ClickHouse's HTTP interface over an embedded chDB, whose only caller is engine.py
statements.py  the little of ClickHouse's grammar that the above need to know
codes.py       ClickHouse's error codes, by what the caller can do about them
"""
