"""What the tests of the command share."""

import socket

import pytest


@pytest.fixture
def unused_tcp_port() -> int:
    """A port of loopback on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
