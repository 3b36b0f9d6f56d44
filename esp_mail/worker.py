"""gunicorn's worker, as this project runs it."""

import logging
import select
import socket
import threading
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker

# Seconds between two heartbeats, with a look for connections that wait for too long.
LOOK_EVERY = 1
ONCE = select.EPOLLIN | select.EPOLLONESHOT  # one thread is told of a connection, and once


class Client(socket.socket):
    """A connection that makes fewer system calls, each of which lets another thread run.

    It sends a response's head together with what follows: 4 % of the CPU. It sets a timeout when
    something is to wait for it, and not each that gunicorn wants: 2 to 7 %.
    """

    def __init__(self, accepted: socket.socket) -> None:
        kind = accepted.family, accepted.type, accepted.proto
        super().__init__(*kind, fileno=accepted.detach())
        self.wanted_timeout = super().gettimeout()
        self.head: bytes | None = b""  # what is held back; None: hold back what comes next

    def gettimeout(self) -> float | None:
        return self.wanted_timeout

    def settimeout(self, value: float | None) -> None:
        self.wanted_timeout = value

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - Python's signature
        self.wanted_timeout = None if flag else 0

    def recv(self, *args: Any) -> bytes:
        self._set_timeout()
        return super().recv(*args)

    def sendall(self, data: Any, flags: int = 0) -> None:
        if self.head is None:
            self.head = data
            return
        head, self.head = self.head, b""
        self._set_timeout()
        super().sendall(head + data if head else data, flags)

    def end(self) -> None:
        """Send a head that nothing followed."""
        if self.head:
            self.sendall(b"")
        self.head = b""

    def _set_timeout(self) -> None:
        if self.wanted_timeout != super().gettimeout():
            super().settimeout(self.wanted_timeout)


class Worker(ThreadWorker):
    """Threads that each wait for any connection, and answer the next one that has sent something.

    gunicorn's own have one thread that looks at all connections, hands each to another thread and
    takes it back: 8 % of the server's CPU. They also give a thread, for 5 s, to a connection that
    has yet to send something; and when they stop, they leave connections that could be taken.
    """

    def run(self) -> None:
        self.open: set[TConn] = set()
        self.waiting: dict[int, TConn] = {}  # of these, those that no thread has taken
        self.accepting = threading.Lock()
        [self.listener] = self.sockets
        self.listener.setblocking(False)  # noqa: FBT003 - Python's signature
        self.epoll = select.epoll()
        self.epoll.register(self.listener, select.EPOLLIN)
        for _ in range(self.cfg.threads):
            threading.Thread(target=self._serve, daemon=True).start()
        while self.alive and self.is_parent_alive():
            self.notify()
            select.select([self.method_queue.fileno()], [], [], LOOK_EVERY)  # a signal writes to it
            self.epoll.modify(self.listener, select.EPOLLIN)  # if none could be taken before
            self._end_late()
        self._stop()

    def _serve(self) -> None:
        while True:
            for number, _ in self.epoll.poll(maxevents=1):
                if connection := self.waiting.pop(number, None):
                    self._answer(connection)
                else:
                    self._accept()

    def _accept(self) -> bool:
        """Have the next connection waited for; return whether there was one."""
        with self.accepting:
            if len(self.open) >= self.worker_connections:
                self._take_none()
                return False
            try:
                client, address = self.listener.accept()
                server = self.listener.getsockname()
                connection = TConn(self.cfg, Client(client), address, server)
                connection.data_ready = True  # when it is answered
                self.open.add(connection)
                self._wait_for(connection, self.epoll.register)
            except (BlockingIOError, ConnectionAbortedError):  # somebody was faster, or went away
                return False
            except OSError:  # nothing more can be opened; or it has just been told to stop
                level = logging.ERROR if self.alive else logging.DEBUG
                self.log.log(level, "cannot take a connection", exc_info=True)
                self._take_none()
                return False
        return True

    def _take_none(self) -> None:
        """Leave those who connect alone until the next look."""
        with suppress(ValueError, OSError):  # it is closed
            self.epoll.modify(self.listener, 0)

    def _wait_for(self, connection: TConn, watch: Any) -> None:
        connection.set_timeout()
        if not self.alive:
            connection.timeout = time.monotonic() + STOP_KEEPALIVE_LINGER
        self.waiting[connection.sock.fileno()] = connection
        watch(connection.sock, ONCE)

    def _answer(self, connection: TConn) -> None:
        try:
            while self.handle(connection):
                if not connection.parser.unreader.buf.getvalue():  # else the next came with it
                    self._wait_for(connection, self.epoll.modify)
                    return
        except BaseException:  # or there would be a thread less
            self.log.exception("cannot answer a request")
        self._close(connection)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        conn.sock.head = None
        try:
            return super().handle_request(req, conn)
        finally:  # what gunicorn says of a failure is not held back
            conn.sock.end()

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:  # noqa: FBT001 - gunicorn's
        """Look for no more of a body that was read to its end; gunicorn does twice, for 3 %.

        One that comes in chunks has no length, and is looked for.
        """
        if keepalive and getattr(conn.parser.mesg.body.reader, "length", None) == 0:
            conn.parser.mesg = None
            return True
        return bool(super()._keepalive_after(conn, keepalive))

    def _close(self, connection: TConn) -> None:
        # After a failure in the middle of a response gunicorn has closed it.
        connection.close(graceful=connection.sock.fileno() >= 0)
        self.open.discard(connection)

    def _end_late(self) -> None:
        """Let nothing more be read of connections that have waited for too long.

        A thread is told of it, and closes it: were it closed here, its number could be another's.
        """
        now = time.monotonic()
        for connection in list(self.waiting.values()):
            if connection.timeout <= now:
                with suppress(OSError):  # it has just been closed
                    connection.sock.shutdown(socket.SHUT_RD)

    def _stop(self) -> None:
        """Answer whoever has connected by now; from now on each answer closes its connection."""
        all(iter(self._accept, False))  # noqa: FBT003 - until there is none
        with self.accepting:
            self.epoll.unregister(self.listener)  # for it stays open in other processes
            self.listener.close()
        began = time.monotonic()
        for connection in list(self.waiting.values()):  # for a request that is on its way
            connection.timeout = min(connection.timeout, began + STOP_KEEPALIVE_LINGER)
        while self.open and time.monotonic() < began + self.cfg.graceful_timeout:
            self.notify()
            time.sleep(0.05)
            self._end_late()
