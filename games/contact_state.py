"""How an address stands with the ESP."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ContactState(models.TextChoices):
    """Pending is a debt to the ESP; the other states are settled."""

    PENDING = "pending", _("pending")
    FOUND = "found", _("found at the ESP")
    ADDED = "added", _("added to the ESP")
    REJECTED = "rejected", _("rejected by the ESP")

    @property
    def esp_status(self) -> bool | None:
        """Whether the address is in the ESP; None while that is not known."""
        if self is ContactState.PENDING:
            return None
        return self is not ContactState.REJECTED
