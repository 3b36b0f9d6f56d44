"""A limit on how long a thread waits for a statement's answer.

statement_timeout is the server's: a server process that is stopped, or waits for its disk, does not
keep it, and libpq waits without end. psycopg2's wait callback could, for 6 % of a first play's CPU.
"""

import os
import socket
import threading
import time
from contextlib import suppress
from functools import cache
from typing import Any

import psycopg2

ANSWER_SECONDS = 4.0  # nginx/19-variables.envsh adds it to ESP_BUDGET
INTERVAL = 0.5  # seconds

# When each statement under way must have been answered, and its connection.
under_way = set[tuple[float, Any]]()


@cache
def start_watching(_process: int) -> None:
    """Start the thread that cuts connections off; a process that was forked needs its own."""
    under_way.clear()  # what the parent waits for is not ours
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    while True:
        time.sleep(INTERVAL)
        for ends_at, connection in list(under_way):
            if time.monotonic() > ends_at:
                # It may just have been closed, or be SQLite's.
                with suppress(OSError, AttributeError, psycopg2.InterfaceError):
                    _cut_off(connection.connection)


def _cut_off(connection: Any) -> None:
    """Shut the socket down under a thread that reads from it; its statement raises an error."""
    with socket.socket(fileno=os.dup(connection.fileno())) as duplicate:
        # If the thread has closed it, the number may be another socket's.
        if not connection.closed:  # pragma: no branch - a matter of microseconds
            duplicate.shutdown(socket.SHUT_RDWR)
