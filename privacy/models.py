"""Erasures: the keyed hash of each erased address, and the removal of its contact at the ESP."""

from collections.abc import Iterable
from typing import Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from games.contact_queue import backoff
from games.models import LEASE
from serving.addresses import AddressField
from serving.keyed_hash import keyed_hash


class RemovalState(models.TextChoices):
    PENDING = "pending", _("pending")
    DONE = "done", _("done")
    BY_HAND = "by hand", _("to be done by hand")


class ErasureQuerySet(models.QuerySet["Erasure"]):
    def persons(self) -> Self:
        """Return the erasures of persons, without the removals of a contact alone."""
        return self.filter(only_contact=False)

    def of(self, email: str) -> Self:
        return self.persons().filter(digest=keyed_hash(email))

    def erased_among(self, emails: Iterable[str]) -> set[str]:
        digests = {keyed_hash(email): email for email in emails}
        known = self.persons().filter(digest__in=digests).values_list("digest", flat=True)
        return {digests[one] for one in known}

    def claim_due(self) -> "Erasure | None":
        """Claim one due removal that no other process holds; return None if there is none."""
        with transaction.atomic():
            due = self.filter(esp_state=RemovalState.PENDING, due_at__lte=timezone.now())
            erasure = due.select_for_update(skip_locked=True).order_by("due_at").first()
            if erasure:
                erasure.due_at = timezone.now() + LEASE
                erasure.attempts += 1
                erasure.save(update_fields=["due_at", "attempts"])
        return erasure

    def close(self, erasure: "Erasure", state: RemovalState) -> None:
        """Store the outcome, and delete the address: nothing needs it any more."""
        self.filter(pk=erasure.pk).update(esp_state=state, email=None, error="")

    def retry_later(self, erasure: "Erasure", error: str, wait: float | None = None) -> None:
        due_at = timezone.now() + backoff(erasure.attempts, wait)
        self._held(erasure).update(due_at=due_at, error=error[:200])

    def release(self, erasure: "Erasure") -> None:
        """Give back a claimed removal that was not asked for."""
        self._held(erasure).update(due_at=timezone.now(), attempts=F("attempts") - 1)

    def _held(self, erasure: "Erasure") -> Self:
        # Not if another process has claimed it since.
        return self.filter(pk=erasure.pk, due_at=erasure.due_at, esp_state=RemovalState.PENDING)


class Erasure(models.Model):
    """A tombstone, and the removal of the person's contact at the ESP.

    With `only_contact` the removal alone: the person has withdrawn the consent to mailing, or has a
    new address. The address is stored only while the removal is pending: the ESP knows no hash.
    """

    digest = models.CharField(max_length=64, db_index=True, editable=False)
    erased_at = models.DateTimeField(_("erased"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, verbose_name=_("by")
    )  # null: on the command line
    reason = models.CharField(_("reason"), max_length=200)
    esp_state = models.CharField(
        _("removal from the ESP"), max_length=8, choices=RemovalState, default=RemovalState.PENDING
    )
    email = AddressField(null=True)
    # The ESP at the time of the erasure. It may be another one when the removal is due.
    backend = models.CharField(max_length=200, default="", db_default="", editable=False)
    only_contact = models.BooleanField(
        _("only the contact"), default=False, db_default=False, editable=False
    )
    due_at = models.DateTimeField(_("next attempt"), default=timezone.now)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    error = models.CharField(_("last error"), max_length=200, blank=True, default="")

    objects = ErasureQuerySet.as_manager()

    class Meta:
        # The app that had this model first: its table, admin address and permissions stay.
        app_label = "games"
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(email__isnull=False, esp_state=RemovalState.PENDING)
                | Q(email__isnull=True)
                & Q(esp_state__in=[RemovalState.DONE, RemovalState.BY_HAND]),
                name="erasure_keeps_address_while_owed",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(esp_state=RemovalState.PENDING), name="erasure_due"
            )
        ]

    def __str__(self) -> str:
        return gettext("Erasure %(number)s") % {"number": self.pk}
