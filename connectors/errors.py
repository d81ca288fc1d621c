"""What can go wrong at the edge, by what the caller can do about it.

    ConnectorError
    ├── Rejected       the request is refused with a 4xx status, and nothing of it is kept: the sender mends it
    │   └── Failed     the connector failed at a page, a mail or a file: its developer mends it
    └── Misconfigured  a connector's settings cannot work: the message says which setting to mend

Messages say what is wrong with which field. They never quote what was sent, nor a secret.
"""


class ConnectorError(Exception):
    """Any of the below."""


class Rejected(ConnectorError):
    """The request is not what it says it is (401, 403), or cannot be read (400, 413, 415).

    Raised by `verify`, it leaves nothing. Raised by `parse` on a request that has proved its sender, the collector
    keeps the bytes as a FailedEvent, since a provider would not send another one.
    """

    def __init__(self, status: int, reason: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers or {}


class Failed(Rejected):
    """The connector raised what it never should. The message says which kind of exception, and none of its words."""

    def __init__(self, reason: str) -> None:
        super().__init__(500, reason)


class Misconfigured(ConnectorError):
    """The settings of a source cannot work. The message names the setting and how to mend it."""
