"""The ESP's limit on calls, kept by all processes of the installation together.

Each call takes the next turn from one row of the database, so web and delivery share one limit. A
play reserves a turn ahead of time; delivery takes only what is free now, so new players come first.
"""

import threading
import time
from datetime import timedelta
from math import inf
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.db.models.functions import Now

from esp.deadline import remaining
from esp.errors import ESPCallSkipped
from esp.models import CallRate

SHARE = 0.95  # of the limit that is used, since clocks and networks jitter
SLOWDOWN = 0.9  # of the rate, after a refusal
RECOVERY = 1.01  # of the rate, after each call
SLOWEST = 0.1  # of the limit
SHORTEST_CALL = 0.2  # seconds that must be left for the call itself
TOGETHER = timedelta(seconds=0.5)  # within which refusals come from one limit
LONGEST_WAIT = 3700.0  # seconds, more than any ESP's wait that we heed
NO_TURN = "its limit leaves no turn in time"

_one_waits = threading.Lock()


class CallTurns:
    """Turns to call the ESP, at most `per_second`. `patient`: leave the others their turns."""

    def __init__(self, per_second: float, *, patient: bool) -> None:
        self.limit = per_second * SHARE
        self.patient = patient
        self.backend = settings.ESP_BACKEND

    def take(self) -> None:
        """Wait for a turn. Raise ESPCallSkipped at once if there is none within the budget."""
        try:
            if not self.patient:
                self._take()
                return
            # One thread of a process waits at a time, to spare the database.
            if not _one_waits.acquire(timeout=min(remaining(default=inf), threading.TIMEOUT_MAX)):
                raise ESPCallSkipped(NO_TURN)
            try:
                self._take()
            finally:
                _one_waits.release()
        except DatabaseError:
            raise ESPCallSkipped("the database gives no turn") from None

    def _take(self) -> None:
        while True:
            rate = self._read()
            wait = max(0.0, (rate.next_call_at - rate.now).total_seconds())
            if wait > LONGEST_WAIT:  # the database's clock was set back
                wait = 0.0
            if wait + SHORTEST_CALL > remaining(default=inf):
                raise ESPCallSkipped(NO_TURN)
            if self.patient and wait:
                time.sleep(wait)
            elif self._reserve(rate, wait):
                time.sleep(wait)
                return

    def _read(self) -> Any:
        """Return the row, with the database's time: the clocks of processes may differ."""
        rows = CallRate.objects.annotate(now=Now())
        if rate := rows.filter(backend=self.backend).first():
            return rate
        CallRate.objects.get_or_create(backend=self.backend, defaults={"per_second": self.limit})
        return rows.get(backend=self.backend)

    def _reserve(self, rate: Any, wait: float) -> bool:
        """Return whether no other process took the turn in the meantime."""
        per_second = min(self.limit, rate.per_second * RECOVERY)
        next_call_at = rate.now + timedelta(seconds=wait + 1 / per_second)
        free = CallRate.objects.filter(pk=rate.pk, next_call_at=rate.next_call_at)
        return bool(free.update(next_call_at=next_call_at, per_second=per_second))

    def slow_down(self, seconds: float) -> None:
        """Give no turns for `seconds`, and fewer afterwards.

        Refusals that arrive together count as one.
        """
        rate = self._read()
        until = rate.now + timedelta(seconds=seconds)
        if rate.held_until and rate.held_until + TOGETHER >= until:
            return
        CallRate.objects.filter(pk=rate.pk, held_until=rate.held_until).update(
            held_until=until,
            next_call_at=max(rate.next_call_at, until),
            per_second=max(rate.per_second * SLOWDOWN, self.limit * SLOWEST),
        )
