"""How calls to the ESP end, and how long they take."""

from collections.abc import Callable
from time import perf_counter
from typing import TypeVar, cast

from prometheus_client import Gauge, Histogram

from esp.backends.base import ESPBackend, ForgetsContacts
from esp.errors import ContactRejected, ESPMisconfigured, ESPUnavailable

T = TypeVar("T")

SECONDS = Histogram(
    "esp_mail_esp_call_seconds",
    "Calls to the ESP, and how long each took.",
    ["backend", "operation", "outcome"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 12),
)
BREAKERS_OPEN = Gauge(
    "esp_mail_breakers_open",
    "Processes that leave the ESP alone after failures, or probe whether it is back.",
    multiprocess_mode="livesum",
)
OUTCOMES = {
    ContactRejected: "rejected",
    ESPMisconfigured: "misconfigured",
    ESPUnavailable: "unavailable",
}


class ObservedBackend:
    """A backend whose calls are counted and timed."""

    def __init__(self, backend: ESPBackend) -> None:
        self._backend = backend

    def has_contact(self, email: str) -> bool:
        return self._observe("has_contact", self._backend.has_contact, email)

    def add_contact(self, email: str) -> None:
        self._observe("add_contact", self._backend.add_contact, email)

    def remove_contact(self, email: str) -> None:
        """As the backend does, of which the caller knows that it can."""
        self._observe("remove_contact", cast(ForgetsContacts, self._backend).remove_contact, email)

    def _observe(self, operation: str, method: Callable[[str], T], email: str) -> T:
        started, outcome = perf_counter(), "ok"
        try:
            return method(email)
        except Exception as error:
            outcome = OUTCOMES.get(type(error), "fault")
            raise
        finally:
            name = type(self._backend).__name__
            SECONDS.labels(name, operation, outcome).observe(perf_counter() - started)
