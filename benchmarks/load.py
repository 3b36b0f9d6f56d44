"""A load generator that uses little CPU itself: plain sockets and one epoll loop."""

import json
import select
import socket
import time
from collections import deque
from collections.abc import Iterator
from secrets import token_hex
from typing import NamedTuple

# A browser's request as nginx passes it on.
REQUEST = (
    "POST /api/verification_mail/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
    "Accept: */*\r\nAccept-Language: ru,en;q=0.8\r\nOrigin: https://127.0.0.1\r\n"
    "Content-Type: application/json\r\n{key}Content-Length: {length}\r\n\r\n{body}"
)


class Result(NamedTuple):
    """The result of a run: the address, the count and the time of each answer."""

    seconds: float
    latencies: list[float]
    answers: list[tuple[str, int]]
    errors: int


class Client:
    """One keep-alive connection, with at most one request at a time."""

    def __init__(self, port: int, *, keys: bool) -> None:
        self.port, self.keys = port, keys
        self.connect()

    def connect(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def send(self, email: str, due: float) -> None:
        self.email, self.due = email, due
        body = json.dumps({"email": email})
        key = f"Idempotency-Key: {token_hex(16)}\r\n" if self.keys else ""
        self.socket.sendall(REQUEST.format(key=key, length=len(body), body=body).encode())

    def receive(self) -> tuple[int, bytes] | None:
        """Return the status and the body, or None until the response is complete."""
        data = self.socket.recv(65_536)
        if not data:
            raise ConnectionError
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
        if not end or len(body) < int(length):
            return None
        self.received = b""
        return int(head[9:12]), body


def run(  # noqa: PLR0913 - named options
    port: int,
    emails: Iterator[str],
    *,
    clients: int,
    seconds: float,
    rate: float = 0,
    keys: bool = False,
) -> Result:
    """Send plays of these addresses for `seconds`; wait for the last answers.

    With `keys` each play has an Idempotency-Key, as those of the page and of the element have.

    Without a rate each client sends its next request when it has the answer. With a rate requests
    are due at fixed times; time spent waiting for a free client counts as latency.
    """
    idle = deque(Client(port, keys=keys) for _ in range(clients))
    poll, by_fd = select.epoll(), {client.socket.fileno(): client for client in idle}
    for fd in by_fd:
        poll.register(fd, select.EPOLLIN)
    result, errors = Result(0, [], [], 0), 0
    begin = due = time.perf_counter()
    while (now := time.perf_counter()) < begin + seconds or len(idle) < clients:
        while idle and max(now, due) < begin + seconds and due <= now:
            idle.popleft().send(next(emails), due if rate else now)
            due = due + 1 / rate if rate else due
            now = time.perf_counter()
        for fd, _ in poll.poll(max(0, due - now) if rate and idle else 1):
            client = by_fd[fd]
            try:
                answer = client.receive()
                if answer is None:
                    continue
            except ConnectionError:
                answer = 0, b""
                poll.unregister(fd)
                del by_fd[fd]
                client.connect()
                by_fd[client.socket.fileno()] = client
                poll.register(client.socket, select.EPOLLIN)
            idle.append(client)
            if answer[0] == 200:
                result.latencies.append(time.perf_counter() - client.due)
                result.answers.append((client.email, json.loads(answer[1])["games_count"]))
            else:
                errors += 1
    for client in idle:
        client.socket.close()
    return result._replace(seconds=time.perf_counter() - begin, errors=errors)
