"""A mock ESP for development, demos and tests. It stores contacts in the database."""

import time
from collections.abc import Sequence

from django.utils import timezone

from esp.backends.base import Fields
from esp.deadline import remaining
from esp.errors import ContactRejected, ESPUnavailable
from esp.models import MockContact
from serving.postgresql.base import Statement

HAS_CONTACT = Statement(
    "mock_has_contact",
    "SELECT EXISTS (SELECT 1 FROM esp_mockcontact WHERE email = %(email)s)",
    email="text",
)
# The ORM has no "insert, or increment if it exists".
ADD_CONTACT = Statement(
    "mock_add_contact",
    "INSERT INTO esp_mockcontact (email, added_at, times_added) VALUES (%(email)s, %(now)s, 1)"
    " ON CONFLICT (email) DO UPDATE SET times_added = esp_mockcontact.times_added + 1",
    email="text",
    now="timestamptz",
)


class MockBackend:
    """Contacts in the table of MockContact, which all processes share.

    `latency`: seconds that each call takes; it fails if the caller has less time.
    `failing`: every call fails, as in an outage.
    `rejecting`: domains whose addresses are refused for good.
    """

    def __init__(
        self, *, latency: float = 0.0, failing: bool = False, rejecting: Sequence[str] = ()
    ) -> None:
        if isinstance(rejecting, str):
            raise TypeError("rejecting is a list of domains")
        if not (latency >= 0 and isinstance(failing, bool)):
            raise TypeError("latency is seconds, failing is true or false")
        self.latency = latency
        self.failing = failing
        self.rejecting = frozenset(rejecting)

    def has_contact(self, email: str) -> bool:
        self._answer()
        (known,) = HAS_CONTACT.execute(email=email)
        return bool(known)

    def add_contact(self, email: str) -> None:
        self._answer()
        if email.rpartition("@")[2] in self.rejecting:
            raise ContactRejected("the mock refuses this domain")
        ADD_CONTACT.execute(email=email, now=timezone.now())

    def add_contact_with(self, email: str, fields: Fields) -> None:
        self.add_contact(email)
        MockContact.objects.filter(email=email, times_added=1).update(fields=dict(fields))

    def remove_contact(self, email: str) -> None:
        self._answer()
        MockContact.objects.filter(email=email).delete()

    def _answer(self) -> None:
        if self.latency:  # sleep(0) would give up the GIL
            budget = remaining(default=self.latency)
            time.sleep(min(self.latency, budget))
            if budget < self.latency:
                raise ESPUnavailable("the mock is too slow")
        if self.failing:
            raise ESPUnavailable("the mock is set to fail")
