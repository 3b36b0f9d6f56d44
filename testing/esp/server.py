"""What the fakes share: a loopback server that holds contacts, and that can be broken at will."""

import argparse
import json
import re
import socket
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import inf
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

from esp.backends.http import HTTPBackend

# Lower case, as keys of tests are looked for in texts whatever their case.
KEY = "canary-key-5f1e-us14"
REFUSED = "refused-canary@invalid.example"
# Long enough that a caller which waits for the end is told from one that gives up.
PATIENCE = 30.0
TICK = 0.05


@dataclass(frozen=True)
class Received:
    method: str
    segments: list[str]
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    target: str

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    status: int
    content: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        if isinstance(self.content, bytes):
            return self.content
        return b"" if self.content is None else json.dumps(self.content).encode()


class FakeESP(ABC):
    """An ESP in memory. A subclass answers as its vendor does; what that never sends is a 599."""

    backend: type[HTTPBackend]
    key = KEY
    list_id: str = "7"
    # What the vendor takes beside the address, and the names of the fields that the account has.
    takes_tags = False
    takes_double_optin = False
    double_optin_options: Mapping[str, Any] = {}  # that the vendor needs beside double_optin
    fields: tuple[str, ...] = ("FNAME", "SCORE")
    limited = Reply(429, {"message": "too many requests"}, {"Retry-After": "17"})

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.mode = "ok"
        self.always: Reply | None = None  # what it says to everything, for a test of one answer
        self.latency = 0.0  # seconds that an answer takes
        self.allowed: float = inf  # calls in any second; further ones are refused
        self.recent: deque[float] = deque()
        self.refused = 0
        self.poison: dict[str, Reply | str] = {}  # by address: an answer, or the name of a mode
        self.refuses: tuple[str, str] | None = None  # a method and an end of a path without right
        self.contacts: dict[str, int] = {}  # how often each was added through the API
        self.duplicates = 0
        self.unsubscribed: set[str] = set()
        self.pending: set[str] = set()  # that have not confirmed
        self.stored: dict[str, dict[str, Any]] = {}  # the fields and tags of added contacts
        self.double_optin = False  # what its list asks for
        self.received: list[Received] = []
        self.connections = 0
        self.finished = 0  # slow answers that were given to the end
        self.stopping = threading.Event()
        self.sockets: set[socket.socket] = set()
        self.server: ThreadingHTTPServer

    @abstractmethod
    def answer(self, request: Received) -> Reply:
        """Answer as the vendor does."""

    def options(self) -> dict[str, Any]:
        return {"api_key": self.key, "list_id": self.list_id, "base_url": self.url}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def hold(self, email: str, *, unsubscribed: bool = False) -> None:
        """Have a contact from before."""
        self.contacts[email] = 0
        if unsubscribed:
            self.unsubscribed.add(email)

    def state(self, email: str) -> str:
        if email not in self.contacts:
            return "absent"
        if email in self.pending:
            return "pending"
        return "unsubscribed" if email in self.unsubscribed else "subscribed"

    def add(self, email: str) -> bool:
        """Add as a vendor that refuses duplicates; return whether it was new."""
        with self.lock:
            if email in self.contacts:
                self.duplicates += 1
                return False
            self.contacts[email] = 1
            return True

    def fields_of(self, email: str) -> dict[str, Any]:
        return self.stored.get(email, {})

    def keep(self, email: str, stored: dict[str, Any], *, pending: bool = False) -> None:
        """Store what came with a new contact."""
        with self.lock:
            if stored:
                self.stored[email] = stored
            if pending:
                self.pending.add(email)

    def remove(self, email: str) -> bool:
        """Forget a contact; return whether it was there."""
        with self.lock:
            self.unsubscribed.discard(email)
            return self.contacts.pop(email, None) is not None

    def upsert(self, email: str) -> None:
        with self.lock:
            self.contacts[email] = self.contacts.get(email, 0) + 1

    def is_over_limit(self) -> bool:
        now = time.monotonic()
        with self.lock:
            while self.recent and self.recent[0] <= now - 1:
                self.recent.popleft()
            if len(self.recent) >= self.allowed:
                self.refused += 1
                return True
            self.recent.append(now)
            return False

    @contextmanager
    def running(self, port: int = 0) -> Iterator[None]:
        class Bound(Handler):
            esp = self

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Bound)
        self.server.daemon_threads = False  # closing waits for the handlers, and leaks no socket
        thread = threading.Thread(target=self.server.serve_forever, args=(0.005,))
        thread.start()
        try:
            yield
        finally:
            self.stopping.set()
            self.server.shutdown()
            thread.join()
            self.hang_up()
            self.server.server_close()

    def hang_up(self) -> None:
        """Close the connections that callers keep alive."""
        with self.lock:
            for sock in self.sockets:
                with suppress(OSError):  # the caller has hung up, too
                    sock.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    esp: FakeESP

    def setup(self) -> None:
        super().setup()
        with self.esp.lock:
            self.esp.connections += 1
            self.esp.sockets.add(self.connection)

    def finish(self) -> None:
        with self.esp.lock:
            self.esp.sockets.discard(self.connection)
        super().finish()

    def handle(self) -> None:
        with suppress(OSError):  # the caller gave up, as some tests want
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def do(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        segments = [unquote(segment) for segment in url.path.strip("/").split("/")]
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        headers = {name.lower(): value for name, value in self.headers.items()}
        received = Received(self.command, segments, query, headers, body, self.path)
        if segments == ["_stats"]:
            stats = {
                "contacts": self.esp.contacts,
                "duplicates": self.esp.duplicates,
                "calls": len(self.esp.received),
                "refused": self.esp.refused,
            }
            self.reply(Reply(200, stats))
        elif segments == ["_mode"]:
            self.esp.mode = received.json["mode"]
            self.reply(Reply(204))
        else:
            self.esp.received.append(received)
            self.respond(received)

    def respond(self, received: Received) -> None:
        self.esp.stopping.wait(self.esp.latency)
        if self.esp.is_over_limit():
            self.reply(self.esp.limited)
            return
        said = unquote(received.target) + unquote_plus(received.body.decode())
        how: Reply | str = self.esp.mode
        for email, poison in self.esp.poison.items():
            if re.search(rf"(?<![\w.+-]){re.escape(email)}", said):
                how = poison
        if isinstance(how, Reply):
            self.reply(how)
        else:
            getattr(self, f"mode_{how.replace('-', '_')}")(received)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do  # noqa: N815

    def reply(self, reply: Reply) -> None:
        body = reply.body()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def mode_ok(self, received: Received) -> None:
        path = "/".join(received.segments)
        if self.esp.refuses == (received.method, path.rpartition("/")[2]):
            self.reply(Reply(403, {"code": "permission_denied", "title": "Forbidden"}))
            return
        self.reply(self.esp.always or self.esp.answer(received))

    def mode_down(self, received: Received) -> None:
        self.reply(Reply(503, b"<h1>maintenance</h1>"))

    def mode_limited(self, received: Received) -> None:
        self.reply(self.esp.limited)

    def mode_garbage(self, received: Received) -> None:
        self.reply(Reply(200, b"<h1>Sign in to this network</h1>"))

    def mode_truncated(self, received: Received) -> None:
        self.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id"')
        self.close_connection = True

    def mode_bad_headers(self, received: Received) -> None:
        self.wfile.write(b"HTTP/1.1 404 Not Found\r\nX: 1\r\nthis is no header\r\n\r\n{}")
        self.close_connection = True

    def mode_nonsense(self, received: Received) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")
        self.close_connection = True

    def mode_hang_up(self, received: Received) -> None:
        self.close_connection = True

    def mode_redirect(self, received: Received) -> None:
        self.reply(Reply(302, headers={"Location": f"{self.esp.url}/elsewhere"}))

    def mode_huge(self, received: Received) -> None:
        """Send JSON without an end, until the caller hangs up."""
        self.wfile.write(b'HTTP/1.1 200 OK\r\n\r\n{"id": "')
        for _ in range(1000):
            self.wfile.write(b"x" * 65536)
        self.esp.finished += 1
        self.close_connection = True

    def mode_chunked(self, received: Received) -> None:
        body = self.esp.answer(received).body()
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))

    def mode_slow(self, received: Received) -> None:
        self.close_connection = True
        if not self.esp.stopping.wait(PATIENCE):
            self.esp.finished += 1
            self.mode_ok(received)

    def mode_drip(self, received: Received) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        self.drip()

    def mode_drip_headers(self, received: Received) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self.drip()

    def drip(self) -> None:
        for _ in range(int(PATIENCE / TICK)):
            if self.esp.stopping.wait(TICK):
                break
            self.wfile.write(b"x")
        else:
            self.esp.finished += 1
        self.close_connection = True


def serve(esp: FakeESP) -> None:
    """Run a fake as a process of its own, until it is ended."""
    parser = argparse.ArgumentParser(
        description=f"{type(esp).__name__} on loopback, with the key {esp.key}. "
        'GET /_stats tells how often each contact was added; POST /_mode {"mode": "down"} '
        "breaks it: ok, down, slow, drip, drip-headers, garbage, limited, hang-up, ..."
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds of an answer")
    parser.add_argument("--allowed", type=float, default=inf, help="calls in any second")
    parser.add_argument("--poison", default="", help="an address that is always answered 403")
    options = parser.parse_args()
    esp.latency, esp.allowed = options.latency, options.allowed
    if options.poison:
        esp.poison = {options.poison: Reply(403, b"<h1>Blocked</h1>")}
    with esp.running(options.port):
        print(esp.url, flush=True)
        threading.Event().wait()
