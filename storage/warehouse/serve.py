"""ClickHouse's HTTP interface over an embedded chDB: the one process that holds the folder, reached by URL.

Any client of ClickHouse's HTTP interface works with it: clickhouse-connect, SQLAlchemy's clickhousedb://, curl. It
listens on loopback only, and lets in whoever shows the token, as password under any user name; the token is in a file
that only its owner can read. What it is not: there are no users, roles, sessions (`session_id` is ignored: settings
and temporary tables end with the request) or external data, no compression of answers (loopback gains nothing by it),
and whoever has the token may do everything that the owner of the process may, reading files by `file()` included.
Source of the protocol: https://clickhouse.com/docs/en/interfaces/http
"""

import argparse
import hmac
import json
import logging
import os
import secrets
import select
import shutil
import signal
import sys
import threading
import time
import uuid
import zlib
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import parse_qsl, urlsplit

from storage.errors import Fatal, StorageError
from storage.warehouse.codes import AUTHENTICATION, RETRIABLE, STATEMENT
from storage.warehouse.engine import Engine, EngineError
from storage.warehouse.statements import insert_with_data, rows_query, split

MEMORY = 800 * 1024 * 1024  # bytes for all statements together; Python and the engine's code come on top
LONGEST_STATEMENT = 1024 * 1024  # bytes; an INSERT's rows do not count
LARGEST_BODY = 256 * 1024 * 1024  # bytes after decompression
GRACE = 30.0  # seconds that a request in flight has to end when the server stops
_CHUNK = 1024 * 1024

# Parameters of the protocol that are no settings, and that make no difference here.
_WITHOUT_EFFECT = frozenset(
    {
        "user",
        "password",
        "session_id",
        "session_timeout",
        "session_check",
        "quota_key",
        "role",
        "buffer_size",
        "wait_end_of_query",
        "send_progress_in_http_headers",
        "http_headers_progress_interval_ms",
        "enable_http_compression",
        "client_protocol_version",
    }
)
_CONTENT_TYPES = {
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8; header=absent",
    "CSVWithNames": "text/csv; charset=UTF-8; header=present",
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
}

# Codes of statements that the parser of FORMAT Values throws too, about rows.
_MAY_QUOTE_ROWS = frozenset({42, 46, 47, 62, 80})
# As ClickHouse answers; 500 for all others.
_STATUS = {
    194: 401,
    **dict.fromkeys((192, 193, 497, 516), 403),
    **dict.fromkeys((46, 47, 60, 81, 115), 404),
    **dict.fromkeys((6, 8, 16, 20, 27, 42, 50, 53, 62, 73, 80, 117, 190, 456), 400),
    48: 501,
    159: 408,
    209: 503,
    439: 503,
}

log = logging.getLogger(__name__)


def write_token(file: Path) -> str:
    """The token in `file`, made when there is none yet. Raises Fatal where others than its owner could read it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        if file.stat().st_mode & 0o077:
            raise Fatal(f"Others can read the warehouse's token: `chmod 600 {file}`, then start again.") from None
        token = file.read_text(encoding="ascii").strip()
        if not token:
            raise Fatal(f"{file} holds no token: remove it, and a new one is made.") from None
        return token
    with os.fdopen(descriptor, "w", encoding="ascii") as made:
        token = secrets.token_urlsafe(32)
        made.write(token + "\n")
        made.flush()
        os.fsync(made.fileno())
    return token


class WarehouseServer:
    """The server, in a thread of this process; a process can hold one folder only.

    path: the folder of the data. token_file: default `token` in that folder. port: 0 takes a free one, see `url`.
    Raises Fatal where the folder is held by another process, and where the port is taken.
    """

    def __init__(
        self, path: Path, *, port: int = 0, token_file: Path | None = None, memory: int = MEMORY, grace: float = GRACE
    ) -> None:
        self._engine = Engine(path, memory=memory)
        self._grace = grace
        try:
            token = write_token(token_file or path / "token")
            self._http = _Http(("127.0.0.1", port), self._engine, token)
        except StorageError:
            self._engine.close()
            raise
        except OSError as error:
            self._engine.close()
            raise Fatal(f"Port {port} cannot be taken ({error.strerror}): set another, or 0 for a free one.") from None
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._engine.announce(self.url)
        self._thread = threading.Thread(target=self._http.serve_forever, name="warehouse", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more requests, let those in flight end (as long as `grace`), and give the folder back."""
        self._http.stop()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()
        if self._http.wait_until_idle(self._grace):
            self._engine.close()
        else:  # the end of the process ends them; closing the engine under them would not return
            log.warning("stopped with statements still running")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], engine: Engine, token: str) -> None:
        self.engine = engine
        self.token = token.encode()
        self.stopping = False
        self._in_flight = 0
        self._idle = threading.Condition()
        super().__init__(address, _Handler)

    def enter(self) -> bool:
        """Count a request in; False when the server stops, and it has to be refused."""
        with self._idle:
            if self.stopping:
                return False
            self._in_flight += 1
            return True

    def leave(self) -> None:
        with self._idle:
            self._in_flight -= 1
            self._idle.notify_all()

    def stop(self) -> None:
        """Refuse requests from now on, those on open connections too."""
        with self._idle:
            self.stopping = True

    def wait_until_idle(self, seconds: float) -> bool:
        """Whether all requests in flight ended in time."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._in_flight, seconds)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no event; anything else is a fault of ours, told without what was sent."""
        error = sys.exception()
        if not isinstance(error, (ConnectionError, TimeoutError)):
            log.error("a request failed with %s", type(error).__name__)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Balie"
    sys_version = ""
    timeout = 600  # seconds that a connection may be silent
    wbufsize = 64 * 1024
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def handle_expect_100(self) -> bool:
        """Answers are buffered, and this one is waited for."""
        goes_on = super().handle_expect_100()
        self.wfile.flush()
        return goes_on

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: a request line holds statements and may hold the token."""

    def _handle(self) -> None:
        self._query_id = str(uuid.uuid4())
        server = cast(_Http, self.server)
        body = _Body(self.headers, self.rfile)
        if not server.enter():
            self.close_connection = True
            self._refuse(
                body, EngineError(236, RETRIABLE[236], "The warehouse is stopping: try again when it is back."), 503
            )
            return
        try:
            self._answer(server, body)
        except EngineError as error:
            self._refuse(body, error, _STATUS.get(error.code, 500))
        except _BadRequestError as error:
            self.close_connection = True
            self._refuse(body, EngineError(36, "BAD_ARGUMENTS", str(error)), error.status)
        except UnicodeDecodeError:
            self._refuse(body, EngineError(62, STATEMENT[62], "A statement is UTF-8."), 400)
        finally:
            server.leave()

    def _answer(self, server: _Http, body: "_Body") -> None:
        url = urlsplit(self.path)
        parameters = dict(parse_qsl(url.query, keep_blank_values=True))
        if url.path == "/ping" or (url.path == "/" and self.command == "GET" and not url.query):
            self._send(200, b"Ok.\n", {"Content-Type": "text/html; charset=UTF-8"})
            return
        if url.path != "/":
            raise _BadRequestError(404, "There is only / and /ping here.")
        shown = _credential(self.headers, parameters)
        if shown is None:
            raise EngineError(
                194, AUTHENTICATION[194], "Show the warehouse's token as password or in X-ClickHouse-Key."
            )
        if not hmac.compare_digest(shown, server.token):
            raise EngineError(
                516, AUTHENTICATION[516], "This is not the warehouse's token: see the file `token` in its folder."
            )
        if self.headers.get_content_type() == "multipart/form-data":
            parameters.update(_form(self.headers["Content-Type"], body))
        self._run(server.engine, parameters, body)

    def _run(self, engine: Engine, parameters: dict[str, str], body: "_Body") -> None:
        started = time.perf_counter_ns()
        statement = parameters.pop("query", "").encode()
        if not statement.strip():
            statement = body.read(LONGEST_STATEMENT)
        default_format = parameters.pop("default_format", None) or self.headers.get("X-ClickHouse-Format")
        database = parameters.pop("database", None) or self.headers.get("X-ClickHouse-Database")
        self._query_id = parameters.pop("query_id", self._query_id)
        for unsupported in ("compress", "decompress"):
            if parameters.pop(unsupported, "0") not in ("0", "false"):
                raise EngineError(48, STATEMENT[48], f"Blocks are not compressed here: set {unsupported}=0.")
        arguments = {
            name.removeprefix("param_"): parameters.pop(name) for name in [*parameters] if name.startswith("param_")
        }
        settings = {name: value for name, value in parameters.items() if name not in _WITHOUT_EFFECT}
        if self.command == "GET" and settings.setdefault("readonly", "2") not in ("1", "2"):
            raise EngineError(164, STATEMENT[164], "GET only reads: use POST.")

        insert = insert_with_data(statement)
        if insert:
            try:
                written = engine.insert(
                    insert,
                    _rows(statement[insert.data_start :], body),
                    default_format=default_format or "Values",
                    database=database,
                    settings=settings,
                    parameters=arguments,
                )
            except EngineError as error:
                if error.code in STATEMENT.keys() - _MAY_QUOTE_ROWS:
                    raise
                raise EngineError(
                    error.code, error.name, "The message is kept back, since it may quote rows."
                ) from None
            self._send(200, b"", self._summary(started, written_rows=written.rows, written_bytes=written.bytes))
            return

        text = (statement + b"\n" + body.read(LONGEST_STATEMENT)).decode()
        if body.read(1):
            raise EngineError(62, STATEMENT[62], f"A statement is {LONGEST_STATEMENT} bytes at the most.")
        statements = split(text)
        if len(statements) != 1:
            raise EngineError(62, STATEMENT[62], "Send one statement a request.")
        rows = rows_query(statements[0])
        if not rows:
            engine.command(statements[0], database=database, settings=settings, parameters=arguments)
            self._send(200, b"", self._summary(started))
            return
        answer_format = rows.format or default_format or "TabSeparated"
        answer = engine.query(
            rows, default_format=answer_format, database=database, settings=settings, parameters=arguments
        )
        with answer.file as file:
            self._begin(200)
            self.send_header("X-ClickHouse-Format", answer_format)
            self.send_header("Content-Type", _CONTENT_TYPES.get(answer_format, "application/octet-stream"))
            self.send_header("Content-Length", str(os.fstat(file.fileno()).st_size))
            for name, value in self._summary(started, read_rows=answer.rows_read, read_bytes=answer.bytes_read).items():
                self.send_header(name, value)
            self.end_headers()
            shutil.copyfileobj(file, self.wfile, _CHUNK)

    def _summary(self, started: int, **counts: int) -> dict[str, str]:
        names = ("read_rows", "read_bytes", "written_rows", "written_bytes", "total_rows_to_read", "result_rows")
        summary = {name: str(counts.get(name, 0)) for name in names}
        summary["elapsed_ns"] = str(time.perf_counter_ns() - started)
        return {"X-ClickHouse-Summary": json.dumps(summary)}

    def _refuse(self, body: "_Body", error: EngineError, status: int) -> None:
        try:
            body.drain()  # a client that still sends would not see the answer
        except _BadRequestError:
            self.close_connection = True
        headers = {"X-ClickHouse-Exception-Code": str(error.code), "Content-Type": "text/plain; charset=UTF-8"}
        if status == 401:
            headers["WWW-Authenticate"] = 'Basic realm="ClickHouse server HTTP API"'
        self._send(status, f"Code: {error.code}. DB::Exception: {error.message} ({error.name})\n".encode(), headers)

    def _send(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self._begin(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _begin(self, status: int) -> None:
        self.send_response(status)
        told = "".join(c for c in self._query_id if c.isascii() and (c.isalnum() or c in "-_"))
        self.send_header("X-ClickHouse-Query-Id", told[:100])
        self.send_header("X-ClickHouse-Server-Display-Name", "balie")
        self.send_header("X-ClickHouse-Timezone", "UTC")
        if self.close_connection:
            self.send_header("Connection", "close")


class _BadRequestError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Body:
    """The body of a request: chunked or not, compressed or not, never larger than LARGEST_BODY."""

    def __init__(self, headers: Message, stream: Any) -> None:
        self._raw = _transferred(headers, stream)
        self._chunks = _decoded(headers.get("Content-Encoding", "identity").strip().lower(), self._raw)
        self._rest = b""

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer at the end."""
        pieces = [self._rest]
        have = len(self._rest)
        while have < size and (chunk := next(self._chunks, None)) is not None:
            pieces.append(chunk)
            have += len(chunk)
        data = b"".join(pieces)
        self._rest = data[size:]
        return data[:size]

    def chunks(self) -> Iterator[bytes]:
        """All that is left."""
        if self._rest:
            yield self._rest
        yield from self._chunks

    def drain(self) -> None:
        """Read what is left, so that the connection can be used again."""
        for _ in self._raw:
            pass


def _transferred(headers: Message, stream: Any) -> Iterator[bytes]:
    if "chunked" not in headers.get("Transfer-Encoding", "").lower():
        yield from _exactly(_number(headers.get("Content-Length", "0"), 10), stream)
        return
    while size := _number(stream.readline(100).split(b";")[0], 16):
        yield from _exactly(size, stream)
        stream.readline(3)
    while stream.readline(8192).strip():
        pass  # trailers


def _number(text: str | bytes, base: int) -> int:
    try:
        return int(text, base)
    except ValueError:
        raise _BadRequestError(400, "The length of the body cannot be read.") from None


def _exactly(size: int, stream: Any) -> Iterator[bytes]:
    while size > 0:
        piece = stream.read(min(size, _CHUNK))
        if not piece:
            raise ConnectionError("the client went away within a body")
        size -= len(piece)
        yield piece


def _decoded(encoding: str, raw: Iterator[bytes]) -> Iterator[bytes]:
    total = 0
    for chunk in raw if encoding in ("", "identity") else _decompressed(encoding, raw):
        total += len(chunk)
        if total > LARGEST_BODY:
            raise _BadRequestError(413, f"A body is {LARGEST_BODY} bytes at the most: send smaller blocks.")
        if chunk:
            yield chunk


def _decompressed(encoding: str, raw: Iterator[bytes]) -> Iterator[bytes]:
    """Clients send one frame a block, so several frames may follow each other."""
    decompressor = None
    for chunk in raw:
        rest = chunk
        while rest:
            decompressor = decompressor or _decompressor(encoding)
            try:
                yield decompressor.decompress(rest)
            except Exception:  # each library has errors of its own
                raise _BadRequestError(400, f"The body is no {encoding}.") from None
            rest = decompressor.unused_data if decompressor.eof else b""
            if decompressor.eof:
                decompressor = None
    if decompressor is not None:
        raise _BadRequestError(400, f"The body ends within its {encoding}.")


def _decompressor(encoding: str) -> Any:
    if encoding in ("gzip", "x-gzip", "deflate"):
        return zlib.decompressobj(wbits=47)  # either header
    try:
        if encoding == "zstd":
            from backports import zstd

            return zstd.ZstdDecompressor()
        if encoding == "lz4":
            import lz4.frame

            return lz4.frame.LZ4FrameDecompressor()
    except ImportError:
        pass
    raise _BadRequestError(415, "The body's compression is not known here: use zstd, gzip or none.")


def _rows(start: bytes, body: _Body) -> Iterator[bytes]:
    if start:
        yield start
    yield from body.chunks()


def _credential(headers: Message, parameters: Mapping[str, str]) -> bytes | None:
    """What the client shows as token, wherever ClickHouse's clients put a password."""
    kind, _, value = headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return value.strip().encode()
    if kind.lower() == "basic":
        try:
            return b64decode(value).partition(b":")[2]
        except Base64Error:
            return b""
    shown = headers.get("X-ClickHouse-Key") or parameters.get("password")
    return None if shown is None else shown.encode()


def _form(content_type: str, body: _Body) -> dict[str, str]:
    """The fields of a form: clients send long parameters so."""
    content = body.read(LONGEST_STATEMENT * 16)
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + content)
    fields: dict[str, str] = {}
    for part in message.iter_parts():
        if part.get_filename() is not None:
            raise EngineError(48, STATEMENT[48], "There is no external data here: put it into a table.")
        name = part.get_param("name", header="content-disposition")
        fields[str(name)] = cast(bytes, part.get_payload(decode=True)).decode()
    return fields


def _end_signals() -> int:
    """A file descriptor that can be read once SIGTERM or SIGINT came.

    The kernel may hand the signal to a thread of chDB: that wakes no lock of the main thread, but this.
    """
    awake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    return awake


def _wait_for_end(signals: int, *, with_parent: bool) -> None:
    """Wait for a signal, or for the end of standard input, which the death of the parent closes."""
    while True:
        ready, _, _ = select.select([signals, 0] if with_parent else [signals], [], [])
        if signals in ready or not os.read(0, 1024):
            return


def main() -> int:
    """Serve until SIGTERM or SIGINT; the URL is the first line on standard output."""
    parser = argparse.ArgumentParser(
        prog="python -m storage.warehouse.serve", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--path", type=Path, required=True, help="folder of the data; made when missing")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--token-file", type=Path, help="default: `token` in the folder; made when missing")
    parser.add_argument("--memory", type=int, default=MEMORY, help="bytes for all statements together")
    parser.add_argument("--with-parent", action="store_true", help="stop when standard input is closed")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    signals = _end_signals()
    try:
        server = WarehouseServer(options.path, port=options.port, token_file=options.token_file, memory=options.memory)
    except Fatal as error:
        print(error, file=sys.stderr)
        return 2
    with server:
        print(server.url, flush=True)
        _wait_for_end(signals, with_parent=options.with_parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
