"""Who was forgotten, without saying who: what keeps an erased address from coming back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from esp.addresses import AddressField
from esp_mail.keyed_hash import keyed_hash
from games.contacts import LEASE, backoff


class RemovalState(models.TextChoices):
    """How far the ESP has forgotten the contact."""

    PENDING = "pending", _("pending")
    DONE = "done", _("done")
    BY_HAND = "by hand", _("to be done by hand")


def removal_due() -> datetime:
    """Return when the ESP is to forget: once nobody can be about to add the contact any more.

    Twice a lease: clocks differ, and an ESP may carry out late what it did not answer in time.
    """
    return timezone.now() + 2 * LEASE


class ErasureQuerySet(models.QuerySet["Erasure"]):
    """Tombstones, and the removals that are owed."""

    def of(self, email: str) -> ErasureQuerySet:
        return self.filter(digest=keyed_hash(email))

    def erased_among(self, emails: Iterable[str]) -> set[str]:
        """Return those of the addresses that were erased."""
        digests = {keyed_hash(email): email for email in emails}
        known = self.filter(digest__in=digests).values_list("digest", flat=True)
        return {digests[one] for one in known}

    def due(self) -> ErasureQuerySet:
        return self.filter(esp_state=RemovalState.PENDING, due_at__lte=timezone.now())

    def claim_due(self) -> Erasure | None:
        """Take on one due removal, which no other process holds."""
        with transaction.atomic():
            erasure = self.due().select_for_update(skip_locked=True).order_by("due_at").first()
            if erasure:
                erasure.due_at = timezone.now() + LEASE
                erasure.attempts += 1
                erasure.save(update_fields=["due_at", "attempts"])
        return erasure

    def close(self, erasure: Erasure, state: RemovalState) -> None:
        """Note what came of it: now the program has no need of the address."""
        self.filter(pk=erasure.pk).update(esp_state=state, email=None, error="")

    def try_later(self, erasure: Erasure, error: str, wait: float | None = None) -> None:
        due_at = timezone.now() + backoff(erasure.attempts, wait)
        self._held(erasure).update(due_at=due_at, error=error[:200])

    def give_back(self, erasure: Erasure) -> None:
        """Give back what was claimed and not asked for."""
        self._held(erasure).update(due_at=timezone.now(), attempts=F("attempts") - 1)

    def _held(self, erasure: Erasure) -> ErasureQuerySet:
        # Not where another process took it on since.
        return self.filter(pk=erasure.pk, due_at=erasure.due_at, esp_state=RemovalState.PENDING)


class Erasure(models.Model):
    """A tombstone: somebody was forgotten. And the debt to the ESP, which has to forget as well.

    The address itself is here only while that is owed, since the ESP knows no hash.
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
    # Which class was to be asked: the ESP may be another by the time.
    backend = models.CharField(max_length=200, default="", db_default="", editable=False)
    due_at = models.DateTimeField(_("next attempt"), default=removal_due)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    error = models.CharField(_("last error"), max_length=200, blank=True, default="")

    objects = ErasureQuerySet.as_manager()

    class Meta:
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
                fields=["due_at"],
                condition=Q(esp_state=RemovalState.PENDING),
                name="erasure_due",
            )
        ]

    def __str__(self) -> str:
        return gettext("Erasure %(number)s") % {"number": self.pk}


# A client repeats a play within minutes; after that its key means nothing.
KEY_LIFE = timedelta(days=1)


class ErasedKeyQuerySet(models.QuerySet["ErasedKey"]):
    def drop_old(self) -> None:
        """Forget the keys that nobody repeats any more."""
        self.filter(erasure__erased_at__lt=timezone.now() - KEY_LIFE).delete()


class ErasedKey(models.Model):
    """The key of an erased play, so that its repetition makes no row: it gets the same answer."""

    erasure = models.ForeignKey(Erasure, models.CASCADE, related_name="keys")
    digest = models.CharField(max_length=64, unique=True)
    number = models.PositiveIntegerField()
    esp_status = models.BooleanField(null=True)

    objects = ErasedKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return self.digest
