"""The ESP client: the only way to the backend. It limits the number, rate and time of calls."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache, partial
from time import perf_counter
from typing import Any, TypeVar

from django.conf import settings

from esp.backends import base, get_backend
from esp.breaker import Breaker
from esp.call_rate import CallTurns
from esp.deadline import time_budget
from esp.errors import (
    ContactRejected,
    ESPCallSkipped,
    ESPMisconfigured,
    ESPUnavailable,
    RateLimited,
)
from esp.metrics import CALL_SECONDS, OUTCOMES
from esp.probe import PATIENCE, Limits, judge, probe
from esp.turns import use_turns

T = TypeVar("T")
logger = logging.getLogger(__name__)


class ESPClient:
    """One process's access to the ESP, through a circuit breaker and a limit on concurrent calls.

    `concurrency`: how many threads may wait for the ESP at once. The other threads serve returning
    players, for whom the ESP is not called.
    """

    def __init__(self, *, concurrency: int) -> None:
        self.breaker = Breaker()
        self._free = threading.BoundedSemaphore(concurrency)
        self.limits = Limits()

    @contextmanager
    def calls(self, *, seconds: float, patient: bool = False) -> Iterator["ObservedBackend"]:
        """Yield the backend for calls about contacts that together take at most `seconds`.

        `patient`: leave the ESP's limit to new players first. Raise ESPCallSkipped at once if the
        breaker is open or too many threads wait for the ESP. Raise ESPMisconfigured only if a probe
        has met it too: whatever the ESP answers for one contact concerns that contact alone.
        """
        backend = get_backend()
        limit = settings.ESP_RATE or getattr(backend, "calls_per_second", None)
        with self._slot(), use_turns(CallTurns(limit, patient=patient)) if limit else nullcontext():
            self._enter(patient=patient)
            observed = ObservedBackend(backend)
            try:
                with time_budget(seconds):
                    yield observed
            except ESPCallSkipped:
                raise
            except RateLimited as error:
                self.limits.heed(error, observed.asked_for)
                raise
            except ContactRejected:
                self._succeeded()
                raise
            except Exception as error:  # noqa: BLE001 - raised below, outside this handler
                failure = judge(error, self.breaker, partial(self.probe, patient=patient))
            else:
                self._succeeded()
                return
            raise failure

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._free.acquire(blocking=False):
            raise ESPCallSkipped("too many calls at once")
        try:
            yield
        finally:
            self._free.release()

    def _succeeded(self) -> None:
        self.breaker.succeeded()
        self.limits.met_by.clear()

    def _enter(self, *, patient: bool) -> None:
        """Refuse the call while the breaker is open; probe the ESP first if that is due."""
        if self.breaker.state == "closed":
            return
        if not self.breaker.take_probe():
            raise ESPCallSkipped("paused after repeated failures")
        try:
            self.probe(patient=patient)
        except ESPMisconfigured:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, the ESP cannot be asked
            raise ESPCallSkipped("it does not answer yet") from None

    def probe(self, *, patient: bool = True) -> None:
        """Ask the ESP something that concerns no contact; open or close the breaker.

        A player waits for it no longer than `ESP_BUDGET`; whoever is `patient` does. Raise
        ESPMisconfigured if an operator must act, and whatever else the backend raises.
        """
        try:
            probe(get_backend(), seconds=PATIENCE if patient else settings.ESP_BUDGET)
        except RateLimited:
            pass  # a limit is an answer too
        except Exception as error:
            self.breaker.open(error)
            raise
        self.breaker.close()


class ObservedBackend:
    """The backend, with every call counted and timed."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self.asked_for = ""  # the contact of the last call
        # Whether adding tells if the contact was there, so that no look-up is needed.
        self.adds_or_finds = isinstance(backend, base.AddsOrFinds)
        self.forgets_contacts = isinstance(backend, base.ForgetsContacts)

    def has_contact(self, email: str) -> bool:
        return bool(self._observe("has_contact", self._backend.has_contact, email))

    def add_contact(
        self, email: str, *, again: bool = False, fields: base.Fields = base.NO_FIELDS
    ) -> None:
        """Add the contact. `again`: it was not there when an earlier attempt looked."""
        backend = self._backend
        if again and isinstance(backend, base.AddsAgain):
            self._add(backend.add_again, email, fields)
        elif fields and isinstance(backend, base.TakesFields):
            self._add(backend.add_contact_with, email, fields)
        else:
            self._add(backend.add_contact, email, base.NO_FIELDS)

    def add_or_find(self, email: str, fields: base.Fields = base.NO_FIELDS) -> bool:
        """Add the contact unless it is there; return whether it was. Check `adds_or_finds`."""
        return bool(self._add(self._backend.add_or_find, email, fields))

    def _add(self, add: Callable[..., T], email: str, fields: base.Fields) -> T:
        """Add the contact; without its fields if the ESP refuses it with them."""
        taken = self._taken(fields)
        try:
            return self._observe("add_contact", add, email, *taken)
        except (ContactRejected, ESPUnavailable) as error:
            # An ESP may blame the address for a field, as in "email preference is not valid".
            if not (taken and error.answered):
                raise
            refusal = str(error)
        added = self._observe("add_contact", add, email, base.NO_FIELDS)
        logger.warning("contact added without its fields, check ESP_FIELDS: %s", refusal)
        return added

    def settle_many(
        self, emails: Sequence[str], fields: Mapping[str, base.Fields] = base.NO_FIELDS
    ) -> Mapping[str, bool]:
        """Settle contacts in one call. `fields`: attributes of some of them, by address."""
        settle: Callable[..., Mapping[str, bool]] = self._backend.settle_many
        return self._observe("settle_many", settle, emails, *self._taken(fields))

    def _taken(self, fields: base.Fields) -> tuple[base.Fields, ...]:
        """Return the fields as an argument, if there are any and the backend takes them."""
        return (fields,) if fields and isinstance(self._backend, base.TakesFields) else ()

    def remove_contact(self, email: str) -> None:
        """Remove the contact. The caller has checked `forgets_contacts`."""
        self._observe("remove_contact", self._backend.remove_contact, email)

    def _observe(self, operation: str, method: Callable[..., T], *arguments: Any) -> T:
        started, outcome = perf_counter(), "ok"
        self.asked_for = str(arguments[0])
        try:
            return method(*arguments)
        except Exception as error:
            outcome = OUTCOMES.get(type(error), "fault")
            raise
        finally:
            name = type(self._backend).__name__
            CALL_SECONDS.labels(name, operation, outcome).observe(perf_counter() - started)


@cache
def get_client() -> ESPClient:
    """Return this process's client."""
    return ESPClient(concurrency=settings.ESP_CONCURRENCY)
