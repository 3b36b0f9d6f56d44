"""A circuit breaker: an ESP that keeps failing is left alone for a while.

Written here because pybreaker (1.4) holds its lock while the call runs, so that one thread at a
time could ask the ESP, and circuitbreaker (2.1) lets every caller through at once to probe.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from esp.errors import ContactRejected, ESPError, ESPMisconfigured, NotAsked
from esp.metrics import BREAKERS_OPEN

logger = logging.getLogger(__name__)

FAILURES = 5  # in a row open it
PAUSE = 30.0  # seconds until one call probes whether the ESP is back


class Breaker:
    """Counts one process's failures in a row; safe for its threads.

    Closed, it lets every call through. Open, it refuses them, until a pause is over; then one call
    at a time is let through, and its outcome closes the breaker or starts the next pause.
    """

    def __init__(self, *, failures: int = FAILURES, pause: float = PAUSE) -> None:
        self.failures = failures
        self.pause = pause
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._opened_until: float | None = None  # None while closed

    @property
    def state(self) -> str:
        """Return "closed", "open", or "half-open" when the next call is a probe."""
        if self._opened_until is None:
            return "closed"
        return "open" if self.wait_seconds else "half-open"

    @property
    def wait_seconds(self) -> float:
        """Return how long it refuses calls from now; 0 where the next one is let through."""
        until = self._opened_until
        return 0.0 if until is None else max(0.0, until - time.monotonic())

    @contextmanager
    def call(self) -> Iterator[None]:
        """Guard one call.

        Raise NotAsked at once while open. Whatever the call raises counts as a failure, unless the
        ESP answered and it is the address that it would not take. A wrong key opens the breaker at
        once, since no call can succeed; so does a limit, for as long as the ESP asks.
        """
        self._enter()
        try:
            yield
        except BaseException as error:
            if isinstance(error, ContactRejected) or getattr(error, "answered", False):
                self._succeeded()
            else:
                self._failed(error)
            raise
        else:
            self._succeeded()

    def _enter(self) -> None:
        with self._lock:
            if self._opened_until is None:
                return
            if self.wait_seconds:
                raise NotAsked("paused after repeated failures")
            # This call is the probe; the others are refused until it is back, or for a pause.
            self._opened_until = time.monotonic() + self.pause

    def _succeeded(self) -> None:
        with self._lock:
            was_open, self._opened_until, self._in_a_row = self._opened_until, None, 0
        if was_open is not None:
            BREAKERS_OPEN.set(0)
            logger.warning("ESP: breaker closed, it answers again")

    def _failed(self, error: BaseException) -> None:
        with self._lock:
            self._in_a_row += 1
            was_open = self._opened_until is not None
            wait = getattr(error, "retry_after", None) or 0.0
            at_once = wait or isinstance(error, ESPMisconfigured)
            enough = bool(at_once) or self._in_a_row >= self.failures
            if was_open or enough:
                self._opened_until = time.monotonic() + max(self.pause, wait)
        if not was_open:  # so that an outage is a few lines, however long it lasts
            reason = error if isinstance(error, ESPError) else "a fault of the backend"
            logger.warning("ESP: %s: %s", type(error).__name__, reason)
            if enough:
                BREAKERS_OPEN.set(1)
                logger.warning("ESP: breaker open, probing in %g s", max(self.pause, wait))
