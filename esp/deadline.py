"""A time limit for several calls to the ESP together."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends_at: ContextVar[float | None] = ContextVar("esp_deadline", default=None)


@contextmanager
def time_budget(seconds: float) -> Iterator[None]:
    """Limit the total time of all ESP calls inside the block.

    A nested budget can only shorten the outer one. A budget applies to one thread or task.
    """
    ends_at = time.monotonic() + seconds
    outer = _ends_at.get()
    token = _ends_at.set(ends_at if outer is None else min(ends_at, outer))
    try:
        yield
    finally:
        _ends_at.reset(token)


def remaining(default: float) -> float:
    """Return the seconds left of the budget, never below 0; `default` if there is no budget."""
    ends_at = _ends_at.get()
    return default if ends_at is None else max(0.0, ends_at - time.monotonic())
