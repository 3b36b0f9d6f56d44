"""Players who send plays at a steady rate, and repeat them as the game page does."""

import heapq
import itertools
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import requests

URL = "/api/verification_mail/"
# As in verification-mail.js and verification-mail-waiting.js; times in seconds.
TIMEOUT = 15
ATTEMPTS = 4
FIRST_PAUSE = 0.3
LONGEST_PAUSE = 10
FIRST_WAIT = 5


@dataclass(order=True)
class Play:
    """One play, and what happened to it."""

    due: float  # when to send it next
    number: int
    email: str = field(compare=False)
    key: str = field(compare=False)
    sent_at: float = field(default=0, compare=False)  # the first time
    failures: list[float] = field(default_factory=list, compare=False)  # when each try failed
    longest: float = field(default=0, compare=False)  # of all tries, seconds until the answer
    answers: list[Any] = field(default_factory=list, compare=False)

    @property
    def counts_at(self) -> float:
        """When it first failed, or was sent if it never failed: the stage that it belongs to."""
        return self.failures[0] if self.failures else self.sent_at

    def pause(self, retry_after: float) -> float:
        """Return how many seconds the page waits before the next try."""
        attempt = len(self.failures)
        if attempt < ATTEMPTS and retry_after <= LONGEST_PAUSE:
            longest = min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE)
            return max(retry_after, random.uniform(longest / 2, longest))
        return max(retry_after, FIRST_WAIT * 2.0 ** max(0, attempt - ATTEMPTS))


class Players:
    """Send `rate` plays a second until finish(), and repeat each until it is acknowledged.

    A third of the plays are first plays. One play in ten is repeated though it was acknowledged, as
    by a page that did not get the answer.
    """

    def __init__(self, site: str, *, rate: float, seed: int, clients: int = 32) -> None:
        self.site = site
        self.plays: list[Play] = []
        self.failures: list[tuple[float, str]] = []  # when each request failed, and how
        self.refusals: list[str] = []
        self.acknowledged: list[float] = []  # when each answer came
        self.streak = 0  # acknowledged since the last failure
        self._rate = rate
        self._random = random.Random(seed)
        self._started = time.monotonic()
        self._waiting: list[Play] = []
        self._unanswered = 0
        self._finishing = self._over = False
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._client) for _ in range(clients)]
        self._threads.append(threading.Thread(target=self._come))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def finish(self, seconds: float) -> None:
        """Send no new plays; return when all are acknowledged, or after `seconds` at the latest."""
        with self._changed:
            self._finishing = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._unanswered, seconds)
            self._over = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def failed_since(self, when: float) -> bool:
        return bool(self.failures) and self.failures[-1][0] > when

    def _come(self) -> None:
        for number in itertools.count():
            address = number if number % 3 == 0 else 3 * self._random.randrange(number // 3 + 1)
            due = self._started + number / self._rate
            play = Play(due, number, f"canary{address}@test.ru", f"play {number}")
            with self._changed:
                self._changed.wait_for(lambda: self._finishing, max(0, due - time.monotonic()))
                if self._finishing:
                    return
                self.plays.append(play)
                self._unanswered += 1
                self._put(play)

    def _put(self, play: Play) -> None:
        heapq.heappush(self._waiting, play)
        self._changed.notify()

    def _next(self) -> Play | None:
        """Wait for the next play that is due, and return it; None at the end."""
        with self._changed:
            while not self._over:
                wait = self._waiting[0].due - time.monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._waiting)
                self._changed.wait(wait)
            return None

    def _client(self) -> None:
        with requests.Session() as session:
            while play := self._next():
                self._send(session, play)

    def _send(self, session: requests.Session, play: Play) -> None:
        started = time.monotonic()
        play.sent_at = play.sent_at or started
        retry_after, failure = 0.0, ""
        try:
            response = session.post(
                self.site + URL,
                json={"email": play.email},
                headers={"Idempotency-Key": play.key},
                timeout=TIMEOUT,
            )
            if response.ok:
                play.answers.append(response.json())
            else:
                failure = str(response.status_code)
                retry_after = float(response.headers.get("Retry-After", 0))
        except requests.RequestException as error:
            failure = type(error).__name__
        play.longest = max(play.longest, time.monotonic() - started)
        with self._changed:
            self._note(play, failure, retry_after)

    def _note(self, play: Play, failure: str, retry_after: float) -> None:
        now = time.monotonic()
        if failure.startswith("4") and failure not in {"408", "425", "429"}:
            self.refusals.append(failure)
            self._done()
        elif failure:
            self.failures.append((now, failure))
            self.streak = 0
            play.failures.append(now)
            play.due = now + play.pause(retry_after)
            self._put(play)
        else:
            self.streak += 1
            self.acknowledged.append(now)
            if play.number % 10 == 0 and len(play.answers) == 1:
                self._put(play)
            else:
                self._done()

    def _done(self) -> None:
        self._unanswered -= 1
        self._changed.notify_all()
