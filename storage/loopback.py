"""Ports of this machine, for servers that are started on it: which are free, and whether one answers."""

import socket


def free_ports(count: int) -> list[int]:
    """So many different ports that nothing listens on now. They are not held: start what takes them at once."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for opened in sockets:
            opened.bind(("127.0.0.1", 0))
        return [opened.getsockname()[1] for opened in sockets]
    finally:
        for opened in sockets:
            opened.close()


def answers(port: int) -> bool:
    """Whether something takes connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
