"""The limit on ESP calls, and the contacts of the mock ESP."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from serving.addresses import AddressField, normalised_constraint


class CallRate(models.Model):
    """When the next call to the ESP may be made, and the rate that its refusals have taught."""

    backend = models.CharField(max_length=200, unique=True)  # as in ESP_BACKEND
    next_call_at = models.DateTimeField(default=timezone.now)
    per_second = models.FloatField()
    held_until = models.DateTimeField(null=True)  # after the last refusal

    def __str__(self) -> str:
        return self.backend


class MockContact(models.Model):
    """A contact of the mock ESP. Contacts of a real ESP are not in this database."""

    email = AddressField(_("address"))
    added_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    times_added = models.PositiveIntegerField(
        _("times added"),
        default=1,
        editable=False,
        help_text=_("More than once means that two processes added the contact at the same time."),
    )
    fields = models.JSONField(_("fields"), default=dict, db_default={}, editable=False)

    class Meta:
        verbose_name = _("contact of the mock ESP")
        verbose_name_plural = _("contacts of the mock ESP")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["email"], name="mock_contact_email_unique"),
            normalised_constraint("mock_contact_email_normalised"),
        ]

    def __str__(self) -> str:
        # Not the address: the admin's log stores this text, and outlives the contact.
        return gettext("Contact %(number)s") % {"number": self.pk}
