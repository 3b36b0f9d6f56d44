"""The state of a contact at the ESP, and what asking the ESP for it came to."""

from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext_lazy as _


class ContactState(models.TextChoices):
    """PENDING means that the ESP must still be asked; the other states are settled.

    WITHHELD: the ESP is not asked, since the person has not agreed to mailing or the address is a
    disposable one.
    """

    PENDING = "pending", _("pending")
    FOUND = "found", _("found at the ESP")
    ADDED = "added", _("added to the ESP")
    REJECTED = "rejected", _("rejected or given up")
    WITHHELD = "withheld", _("withheld from the ESP")

    @property
    def esp_status(self) -> bool | None:
        """Whether the ESP has the contact; None while that is not known."""
        if self is ContactState.PENDING:
            return None
        return self in (ContactState.FOUND, ContactState.ADDED)


UNDELIVERED = [ContactState.PENDING, ContactState.REJECTED]


class Outcome(NamedTuple):
    """What asking the ESP for one contact came to."""

    state: ContactState
    esp_status: bool | None  # whether the ESP had the contact before
    error: str = ""
    retry_after: float | None = None  # seconds, if the ESP named them
    asked: bool = True  # False: the client skipped the call
    misconfigured: bool = False  # no contact gets through until an operator acts
    was_absent: bool = False  # the ESP did not have the contact, or has only a part of it

    @property
    def counts_as_attempt(self) -> bool:
        """Whether the failure belongs to this contact, not to all contacts."""
        return self.asked and not self.misconfigured


FOUND = Outcome(ContactState.FOUND, esp_status=True)
ADDED = Outcome(ContactState.ADDED, esp_status=False)
