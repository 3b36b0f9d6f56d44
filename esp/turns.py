"""Turns to call the ESP: the client says who gives them, a backend takes one before each call."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from esp.deadline import remaining

if TYPE_CHECKING:  # it needs Django's models, backends do not
    from esp.call_rate import CallTurns

USUAL_WAIT = 1.0  # seconds, if the ESP refuses a call and does not say for how long
SHORT_WAIT = 2.0  # seconds; a limit by the second


_turns: ContextVar["CallTurns | None"] = ContextVar("esp_turns", default=None)


@contextmanager
def use_turns(turns: "CallTurns | None") -> Iterator[None]:
    """Have the calls inside the block take these turns; None is no limit."""
    token = _turns.set(turns)
    try:
        yield
    finally:
        _turns.reset(token)


def take_turn() -> None:
    """Wait until the next call may be made."""
    if turns := _turns.get():
        turns.take()


def hold_back(seconds: float) -> None:
    """Hold all calls back."""
    if turns := _turns.get():
        turns.slow_down(seconds)


def wait_for_limit(retry_after: float | None) -> bool:
    """Hold all calls back if the wait is short and fits the budget; return whether it does."""
    seconds = USUAL_WAIT if retry_after is None else retry_after
    fits = _turns.get() is not None and seconds < min(SHORT_WAIT, remaining(default=0.0))
    if fits:
        hold_back(seconds)
    return fits
