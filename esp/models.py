"""The contacts of the mock ESP."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from esp.addresses import AddressField, normalised_constraint


class MockContact(models.Model):
    """A contact of the mock. Real ESPs keep theirs to themselves."""

    email = AddressField(_("address"))
    added_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    times_added = models.PositiveIntegerField(
        _("times added"),
        default=1,
        editable=False,
        help_text=_("More than once means that two processes added the contact at the same time."),
    )

    class Meta:
        verbose_name = _("contact of the mock ESP")
        verbose_name_plural = _("contacts of the mock ESP")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["email"], name="mock_contact_email_unique"),
            normalised_constraint("mock_contact_email_normalised"),
        ]

    def __str__(self) -> str:
        # Not the address: this goes into the admin's log, which outlives it.
        return gettext("Contact %(number)s") % {"number": self.pk}
