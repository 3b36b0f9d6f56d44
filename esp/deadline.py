"""How long the caller can wait for the ESP, said once and heeded by every call below it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends_at: ContextVar[float | None] = ContextVar("esp_deadline", default=None)


@contextmanager
def time_budget(seconds: float) -> Iterator[None]:
    """Give all ESP calls inside the block, together, this many seconds.

    Of nested budgets the one that ends first counts. It holds for this thread (or task) only.
    """
    ends_at = time.monotonic() + seconds
    outer = _ends_at.get()
    token = _ends_at.set(ends_at if outer is None else min(ends_at, outer))
    try:
        yield
    finally:
        _ends_at.reset(token)


def remaining(default: float) -> float:
    """Return the seconds left of the budget, never below 0, or `default` where there is none."""
    ends_at = _ends_at.get()
    return default if ends_at is None else max(0.0, ends_at - time.monotonic())
