"""Asks the ESP something that concerns no contact, to tell whose fault a failure is."""

import secrets
from collections.abc import Callable

from django.conf import settings

from esp.backends import get_backend
from esp.backends.base import ESPBackend
from esp.breaker import Breaker
from esp.deadline import time_budget
from esp.errors import ESPError, ESPMisconfigured, ESPUnavailable, RateLimited
from esp.turns import SHORT_WAIT, USUAL_WAIT, hold_back, use_turns

PATIENCE = 5.0  # seconds that a probe may take in delivery
LONGEST_UNPROVED_WAIT = 60.0  # seconds; a limit by the minute
ENOUGH_LIMITS = 3  # contacts in a row, to be believed


def probe(backend: ESPBackend, *, seconds: float) -> None:
    """Raise what is wrong with the ESP for all contacts, within `seconds`.

    A refusal of any kind is ESPMisconfigured here: it cannot be the fault of a contact. A probe is
    rare, and waits for no turn.
    """
    try:
        with use_turns(None), time_budget(seconds):
            if check_list := getattr(backend, "check_list", None):
                check_list()
            else:
                backend.has_contact(f"{secrets.token_hex(16)}@example.com")
    except ESPError as error:
        if not error.answered:
            raise
        refusal = str(error)
    else:
        return
    raise ESPMisconfigured(refusal)


def judge(error: Exception, breaker: Breaker, probe_again: Callable[[], None]) -> Exception:
    """Return what a contact's failure comes to, once the ESP was probed if need be."""
    at_once = isinstance(error, ESPError) and (
        error.answered or isinstance(error, ESPMisconfigured)
    )
    if breaker.failed(at_once=at_once):
        try:
            probe_again()
        except ESPMisconfigured as general:
            return general
        except Exception:  # noqa: BLE001 - the breaker is open; the contact's error stands
            return error
    if isinstance(error, ESPMisconfigured):
        reason = f"{error} (for this contact)"
        return ESPUnavailable(reason, answered=True, half_done=error.half_done)
    return error


class Limits:
    """Finds out whether a limit that a contact met concerns all. Threads may share it."""

    def __init__(self) -> None:
        # Hashes of the contacts that met one in a row; the client clears them after a success.
        self.met_by: set[int] = set()

    def heed(self, error: RateLimited, contact: str) -> None:
        """Hold all calls back, as far as the limit may concern all.

        A short wait is believed. A longer one is if a probe meets the limit too, or if several
        contacts in a row have met it: some vendors limit each kind of call by itself.
        """
        self.met_by.add(hash(contact))
        seconds = USUAL_WAIT if error.retry_after is None else error.retry_after
        if seconds <= SHORT_WAIT:
            hold_back(seconds)
        elif len(self.met_by) >= ENOUGH_LIMITS:
            hold_back(min(seconds, LONGEST_UNPROVED_WAIT))
        else:
            self._hold_back_if_limited(seconds)

    def _hold_back_if_limited(self, seconds: float) -> None:
        try:
            probe(get_backend(), seconds=settings.ESP_BUDGET)
        except RateLimited:
            hold_back(seconds)
        except Exception:  # noqa: BLE001, S110 - another failure says nothing of the limit
            pass
