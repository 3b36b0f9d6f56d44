"""A circuit breaker: while the ESP does not work, it is not called.

Why our own: docs/adr/0002-own-circuit-breaker.md.
"""

import logging
import threading
import time

from esp.errors import ESPError
from esp.metrics import BREAKERS_OPEN

logger = logging.getLogger(__name__)

FAILURES = 5  # in a row, until the breaker suspects the ESP
PAUSE = 30.0  # seconds until the ESP is probed again, and for which a good probe is believed


class Breaker:
    """Counts one process's failures in a row, and remembers what probing the ESP has shown.

    Failures of contacts never open it: what one visitor typed must not cost the others their
    answer. They only make it suspicious. Then the client probes the ESP with a call that concerns
    no contact, and only that opens and closes the breaker. Threads may share it.
    """

    def __init__(self, *, failures: int = FAILURES, pause: float = PAUSE) -> None:
        self.failures = failures
        self.pause = pause
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._believed_until = 0.0
        self._opened_until: float | None = None  # None while closed

    @property
    def state(self) -> str:
        """Return "closed", "open", or "half-open" if a probe is due."""
        if self._opened_until is None:
            return "closed"
        return "open" if self.wait_seconds else "half-open"

    @property
    def wait_seconds(self) -> float:
        """Return for how many seconds calls are still refused; 0 if the next one is let through."""
        until = self._opened_until  # read once: another thread may change it
        return 0.0 if until is None else max(0.0, until - time.monotonic())

    def take_probe(self) -> bool:
        """Return whether the caller is the one to probe. For one more pause nobody else is."""
        with self._lock:
            if self._opened_until is None or self.wait_seconds:
                return False
            self._opened_until = time.monotonic() + self.pause
            return True

    def failed(self, *, at_once: bool) -> bool:
        """Count a contact's failure; return whether the ESP must be probed now.

        It need not be while a good probe is still believed. `at_once`: do not wait for more
        failures, since this one may concern every contact.
        """
        with self._lock:
            self._in_a_row += 1
            if not at_once and self._in_a_row < self.failures:
                return False
            self._in_a_row = 0
            if self._opened_until is not None or time.monotonic() < self._believed_until:
                return False
            self._believed_until = time.monotonic() + self.pause  # one thread probes, not all
            return True

    def succeeded(self) -> None:
        """Note that a call for a contact succeeded."""
        self._in_a_row = 0

    def close(self) -> None:
        """Let calls through: a probe has shown that the ESP works."""
        with self._lock:
            was_open, self._opened_until = self._opened_until is not None, None
            self._in_a_row, self._believed_until = 0, time.monotonic() + self.pause
        if was_open:
            BREAKERS_OPEN.set(0)
            logger.warning("ESP: breaker closed, it answers again")

    def open(self, error: Exception) -> None:
        """Refuse calls for one pause: a probe has failed."""
        with self._lock:
            was_open = self._opened_until is not None
            pause = max(self.pause, getattr(error, "retry_after", None) or 0.0)
            self._opened_until = time.monotonic() + pause
        if not was_open:  # log the beginning of an outage only
            reason = error if isinstance(error, ESPError) else "a fault of the backend"
            BREAKERS_OPEN.set(1)
            logger.warning("ESP: %s: %s", type(error).__name__, reason)
            logger.warning("ESP: breaker open, probing in %g s", pause)
