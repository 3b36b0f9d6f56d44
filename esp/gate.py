"""Whether this process may ask the ESP now, and for how long: the one way to the backend."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver

from esp.backends import get_backend
from esp.breaker import Breaker
from esp.deadline import time_budget
from esp.errors import NotAsked
from esp.metrics import ObservedBackend


class Gate:
    """Lets calls through to the backend: while the breaker allows, not too many at once.

    `concurrency`: how many threads may wait for the ESP at the same time; the others of the
    process stay free for the players who need no ESP.
    """

    def __init__(self, *, concurrency: int) -> None:
        self.breaker = Breaker()
        self._free = threading.Semaphore(concurrency)

    def is_open(self) -> bool:
        """Return whether a call would be let through, as far as can be told without making it."""
        # The semaphore has no public way to look without taking.
        return not self.breaker.wait_seconds and self._free._value > 0  # noqa: SLF001

    @contextmanager
    def backend(self, *, seconds: float) -> Iterator[ObservedBackend]:
        """Give the backend, for calls that together take at most `seconds`.

        Raise NotAsked at once where the breaker is open or too many calls are under way.
        """
        if not self._free.acquire(blocking=False):
            raise NotAsked("too many calls at once")
        try:
            with self.breaker.call(), time_budget(seconds):
                yield ObservedBackend(get_backend())
        finally:
            self._free.release()


@cache
def get_gate() -> Gate:
    """Return this process's gate."""
    return Gate(concurrency=settings.ESP_CONCURRENCY)


@receiver(setting_changed)
def forget_gate(**_kwargs: object) -> None:
    """Let a test's changed setting take effect."""
    get_gate.cache_clear()
