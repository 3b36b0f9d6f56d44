"""Settling one contact with the ESP: find out whether it has it, add it if not."""

import logging
import random
import traceback
from datetime import timedelta
from typing import NamedTuple

from esp.errors import ContactRejected, ESPError, ESPMisconfigured, NotAsked
from esp.gate import get_gate
from games.contact_state import ContactState

logger = logging.getLogger(__name__)

# How long a process holds a contact that it claimed: longer than settling takes, short enough that
# the contacts of a process that died are soon tried again.
LEASE = timedelta(seconds=30)
BACKOFF_FIRST = 30.0  # seconds
BACKOFF_MOST = 3600.0


class Outcome(NamedTuple):
    """What came of asking the ESP for a contact."""

    state: ContactState
    esp_status: bool | None  # whether the ESP had the contact before it was asked
    error: str = ""
    retry_after: float | None = None  # seconds, where the ESP named them
    asked: bool = True
    misconfigured: bool = False  # no contact gets through: an operator must act

    @property
    def costs_attempt(self) -> bool:
        """Whether it is a failure of this contact, rather than of all or of nobody."""
        return self.asked and not self.misconfigured


def settle(email: str, *, seconds: float) -> Outcome:
    """Ask the ESP for the contact, and add it if need be, within `seconds`. Never raises."""
    try:
        with get_gate().backend(seconds=seconds) as backend:
            if backend.has_contact(email):
                return Outcome(ContactState.FOUND, esp_status=True)
            backend.add_contact(email)
    except ContactRejected as error:
        return Outcome(ContactState.REJECTED, esp_status=False, error=str(error))
    except ESPError as error:
        return _pending(error)
    except Exception as error:  # noqa: BLE001 - a backend's bug must not cost the player the answer
        log_fault(error)
        return Outcome(ContactState.PENDING, None, type(error).__name__)
    return Outcome(ContactState.ADDED, esp_status=False)


def log_fault(error: Exception) -> None:
    """Log a backend's bug; frames only: an exception's text may quote the address or the key."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    logger.error("ESP backend raised %s\n%s", type(error).__name__, frames)


def _pending(error: ESPError) -> Outcome:
    asked = not isinstance(error, NotAsked)
    return Outcome(
        ContactState.PENDING,
        esp_status=None,
        error=str(error) if asked else "",
        retry_after=getattr(error, "retry_after", None),
        asked=asked,
        misconfigured=isinstance(error, ESPMisconfigured),
    )


def backoff(attempts: int, retry_after: float | None) -> timedelta:
    """Return how long to leave a contact alone after its n-th failed attempt.

    Exponential with full jitter, so that the debts of one outage do not fall due together; but not
    before the time that the ESP named.
    """
    most = min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** min(attempts, 10))
    seconds = random.uniform(BACKOFF_FIRST, most)  # noqa: S311 - not a secret
    return timedelta(seconds=max(seconds, retry_after or 0))
