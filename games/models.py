"""Plays, counted by address, and what is known of each address at the ESP."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from esp.addresses import AddressField, normalised_constraint
from games.contact_state import ContactState
from games.contacts import LEASE
from games.delivery_pause import DeliveryPauseQuerySet
from games.erased_hours import ErasedHour  # noqa: F401 - Django looks for models here
from games.erasures import Erasure
from games.kept_days import DomainDay, PlayHour  # noqa: F401 - Django looks for models here
from games.managers import GameQuerySet


class Game(models.Model):
    """One address: how often it played, and how it stands with the ESP.

    The row is its own outbox: a pending contact is a debt to the ESP, to be settled when due.
    """

    email = AddressField(_("address"))
    play_count = models.PositiveIntegerField(_("plays"), default=0, editable=False)
    first_played_at = models.DateTimeField(_("first play"), null=True, editable=False)
    last_played_at = models.DateTimeField(_("last play"), null=True, editable=False)
    contact_state = models.CharField(
        _("contact"),
        max_length=8,
        choices=ContactState,
        default=ContactState.PENDING,
        editable=False,
        help_text=_("How the address stands with the ESP."),
    )
    contact_attempts = models.PositiveIntegerField(
        _("attempts"), default=0, editable=False, help_text=_("How often the ESP was asked.")
    )
    contact_due_at = models.DateTimeField(
        _("next attempt"),
        default=timezone.now,
        editable=False,
        help_text=_("A pending contact is left alone until then."),
    )
    contact_error = models.CharField(
        _("last error"), max_length=200, blank=True, default="", editable=False
    )

    # The log's id of the request that left the contact to be settled; delivery logs it again.
    request_id = models.CharField(
        max_length=64, blank=True, default="", db_default="", editable=False
    )

    objects = GameQuerySet.as_manager()

    class Meta:
        verbose_name = _("game")
        verbose_name_plural = _("games")
        ordering = ["-pk"]
        # Besides Django's own. The groups that have them: migration 0003.
        permissions = [
            ("view_address", "Can see addresses"),
            ("export_game", "Can export games and plays"),
            ("import_game", "Can import addresses"),
            ("deliver_game", "Can deliver contacts now or again"),
            ("view_person", "Can see everything about one person"),
            ("erase_game", "Can erase a person"),
            ("change_address", "Can change the address of a game"),
            ("change_count", "Can change the number of plays"),
        ]
        constraints = [
            # Not unique=True on the field: PostgreSQL would get a second index, for LIKE.
            models.UniqueConstraint(fields=["email"], name="game_email_unique"),
            normalised_constraint("game_email_normalised"),
            models.CheckConstraint(
                condition=Q(contact_state__in=ContactState.values), name="game_contact_state_known"
            ),
            models.CheckConstraint(
                condition=Q(play_count=0, first_played_at=None, last_played_at=None)
                | Q(play_count__gt=0, first_played_at__isnull=False, last_played_at__isnull=False),
                name="game_played_has_times",
            ),
        ]
        # None on what every play changes: PostgreSQL then updates the row without its indexes.
        indexes = [
            models.Index(fields=["first_played_at"], name="game_first_played_at"),
            models.Index(
                fields=["contact_due_at"],
                condition=Q(contact_state=ContactState.PENDING),
                name="game_contact_due",
            ),
        ]

    def __str__(self) -> str:
        # Not the address: this goes into titles, messages and the admin's log, which outlives it.
        return gettext("Game %(number)s") % {"number": self.pk}

    def clean(self) -> None:
        """Refuse, by hand, an address that was erased: only a play of the person brings it back."""
        if self._state.adding and Erasure.objects.of(self.email).exists():
            raise ValidationError({"email": _("This person was erased. Only they can come back.")})

    @property
    def esp_status(self) -> bool | None:
        """Whether the address is in the ESP; None while that is not known."""
        return ContactState(self.contact_state).esp_status

    def count_play(self, now: datetime) -> datetime:
        """Count one more play; return its time. The caller holds the row's lock, and saves.

        Plays are in the order of their times, though a clock be set back, or another's go ahead.
        """
        self.play_count += 1
        self.first_played_at = self.first_played_at or now
        self.last_played_at = max(now, self.last_played_at or now)
        return self.last_played_at

    def claim_contact(self, now: datetime) -> bool:
        """Take on settling the contact if that is due; return whether it was. As `count_play`."""
        if self.contact_state != ContactState.PENDING or self.contact_due_at > now:
            return False
        self.contact_due_at = now + LEASE
        self.contact_attempts += 1
        return True


class Play(models.Model):
    """One finished game for which an address was left.

    Only `esp_status` changes afterwards, once, when the ESP has answered the play that asked it.
    """

    game = models.ForeignKey(
        Game,
        on_delete=models.CASCADE,
        related_name="plays",
        db_index=False,  # the unique constraint's index begins with it
        verbose_name=_("game"),
    )
    number = models.PositiveIntegerField(_("number"))
    played_at = models.DateTimeField(_("played"), db_index=True)
    esp_status = models.BooleanField(
        _("in the ESP"), null=True, help_text=_("As answered; unknown where the ESP did not say.")
    )
    idempotency_key = models.CharField(_("idempotency key"), max_length=255, null=True)  # noqa: DJ001 - NULLs are not equal

    class Meta:
        verbose_name = _("play")
        verbose_name_plural = _("plays")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["game", "number"], name="play_number_unique"),
            models.UniqueConstraint(
                fields=["idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                name="play_idempotency_key_unique",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="play_number_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.game}, {self.number}"


class DeliveryPause(models.Model):
    """Delivery stands still, for all processes: the ESP says that the key or the list is wrong.

    One row, while it lasts. One process at a time probes whether an operator has mended it.
    """

    reason = models.CharField(max_length=200)
    since = models.DateTimeField(default=timezone.now)
    probe_at = models.DateTimeField()

    objects = DeliveryPauseQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="delivery_pause_single")]

    def __str__(self) -> str:
        return self.reason
