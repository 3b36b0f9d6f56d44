"""More players than the site can answer: 500 at once, three times as many plays as it can count."""

import json
import random
import select
import socket
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from urllib.parse import urlsplit

from rehearsal.players import URL, Play

AT_ONCE = 500
TIMES = 3  # as many plays as the site can count
FEW, FEW_SECONDS = 32, 2  # how many at once, and for how long, to find what it can count
ADDRESSES = 100
HEAD = (
    f"POST {URL} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    "Content-Type: application/json\r\nX-Forwarded-For: {client}\r\n"
    "Idempotency-Key: {key}\r\nContent-Length: {length}\r\n\r\n"
)


class Request:
    """A play by a connection of its own, without the CPU that a library would need."""

    def __init__(self, port: int, play: Play) -> None:
        self.play = play
        body = json.dumps({"email": play.email})
        number = play.number
        client = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        head = HEAD.format(client=client, key=play.key, length=len(body))
        play.sent_at = time.monotonic()
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.sendall((head + body).encode())
        self.received = b""

    def receive(self) -> bool:
        """Return whether the answer is complete."""
        try:
            data = self.socket.recv(65_536)
        except OSError:
            data = b""
        self.received += data
        if not data:
            self.play.longest = time.monotonic() - self.play.sent_at
            self.socket.close()
        return not data

    def answer(self) -> tuple[str, str, object]:
        """Return the status, the headers, and the body, which is JSON."""
        head, _, body = self.received.decode().partition("\r\n\r\n")
        try:
            return head[9:12], head, json.loads(body)
        except ValueError:
            return head[9:12] or "no answer", head, None


def _times(plays: list[Play]) -> str:
    """Return how long the answers took."""
    times = sorted(play.longest for play in plays) or [0.0]
    p99 = times[int(len(times) * 0.99)]
    return f"half of them within {times[len(times) // 2]:.2f} s, 99 % within {p99:.2f} s"


class Crowd:
    """Plays that nobody repeats. Each answer must be right, or refuse with Retry-After."""

    def __init__(self, site: str, *, seed: int) -> None:
        self.port = urlsplit(site).port or 80
        self.plays: list[Play] = []
        self.wrong: Counter[str] = Counter()  # answers that are neither
        self._random = random.Random(seed)
        self._numbers = count()

    def overload(self, seconds: float) -> str:
        """Offer too many plays; return what was answered, in a sentence."""
        self._come(FEW, FEW_SECONDS)
        rate = TIMES * len(self._admitted()) / FEW_SECONDS
        before = len(self.plays)
        self._come(AT_ONCE, seconds, rate)
        admitted = self._admitted(before)
        refused = [play for play in self.plays[before:] if not play.answers]
        return (
            f"Overload: {rate:.0f} plays a second for {seconds:.0f} s, {TIMES} times what the site"
            f" can count, up to {AT_ONCE} at once. Counted: {len(admitted)}, {_times(admitted)}."
            f" Refused: {len(refused)}, {_times(refused)}."
        )

    def problems(self) -> Iterator[tuple[int, str]]:
        for how, times in self.wrong.items():
            yield times, f"plays of a crowd were answered wrongly: {how}"

    def _admitted(self, since: int = 0) -> list[Play]:
        return [play for play in self.plays[since:] if play.answers]

    def _come(self, at_once: int, seconds: float, rate: float = 0) -> None:
        """Send plays for `seconds`: all at once, then `rate` a second, or as they are answered."""
        poll, under_way = select.poll(), dict[int, Request]()
        began = time.monotonic()
        sent = 0
        while (passed := time.monotonic() - began) < seconds or under_way:
            due = at_once + (rate * passed if rate else sent)
            while passed < seconds and len(under_way) < at_once and sent < due:
                request = Request(self.port, self._new_play())
                poll.register(request.socket, select.POLLIN)
                under_way[request.socket.fileno()] = request
                sent += 1
            for fd, _ in poll.poll(10):
                if under_way[fd].receive():
                    poll.unregister(fd)
                    self._note(under_way.pop(fd))

    def _new_play(self) -> Play:
        number = next(self._numbers)
        address = f"canarycrowd{self._random.randrange(ADDRESSES)}@test.ru"
        play = Play(0, number, address, f"crowd {number}")
        self.plays.append(play)
        return play

    def _note(self, request: Request) -> None:
        status, head, body = request.answer()
        if status == "200":
            request.play.answers.append(body)
        elif status not in {"429", "503"}:
            self.wrong[status] += 1
        elif "\r\nRetry-After: " not in head or not isinstance(body, dict) or "detail" not in body:
            self.wrong[f"{status} without Retry-After or detail"] += 1
