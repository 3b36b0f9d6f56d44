"""Players and their plays."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from games.consent import ConsentText  # noqa: F401 - Django looks for models in this file
from games.contact_state import UNDELIVERED, ContactState
from games.delivery_pause import DeliveryPause  # noqa: F401 - as above
from games.erased_keys import ErasedKey  # noqa: F401 - as above
from serving.addresses import AddressField, normalised_constraint

# How long a process holds a contact that it claimed: longer than settling takes, and short enough
# that the contacts of a dead process are soon tried again.
LEASE = timedelta(seconds=30)
MAX_PLAYS = 10_000  # that staff may give one player by hand; more is a typing error


class Game(models.Model):
    """A player: one address, how often it played, and its contact at the ESP.

    The row is its own outbox entry: while `contact_state` is pending, delivery asks the ESP from
    `contact_due_at` on.
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
        help_text=_("The contact at the ESP."),
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

    # Since when each attempt for the contact has failed; null if the last one did not.
    contact_failing_since = models.DateTimeField(null=True, editable=False)
    # The ESP did not have the contact when it was first asked, or has only a part of it.
    contact_was_absent = models.BooleanField(default=False, db_default=False, editable=False)
    # The id of the request that made the contact pending. Delivery logs it again.
    request_id = models.CharField(
        max_length=64, blank=True, default="", db_default="", editable=False
    )

    class Meta:
        verbose_name = _("player")
        verbose_name_plural = _("players")
        ordering = ["-pk"]
        # Migration 0003 gives them to groups.
        permissions = [
            ("view_address", gettext_noop("Can see addresses")),
            ("export_game", gettext_noop("Can export players and plays")),
            ("import_game", gettext_noop("Can import addresses")),
            ("deliver_game", gettext_noop("Can deliver contacts now or again")),
            ("view_person", gettext_noop("Can see everything about one person")),
            ("erase_game", gettext_noop("Can erase a person")),
            ("change_address", gettext_noop("Can change the address of a player")),
            ("change_count", gettext_noop("Can change the number of plays")),
            ("withdraw_consent", gettext_noop("Can withdraw a consent at its person's wish")),
        ]
        constraints = [
            # Not unique=True on the field: that makes a second index in PostgreSQL, for LIKE.
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
        # No index on what every play changes: PostgreSQL then leaves the indexes alone.
        indexes = [
            models.Index(fields=["first_played_at"], name="game_first_played_at"),
            models.Index(
                fields=["contact_due_at"],
                condition=Q(contact_state=ContactState.PENDING),
                name="game_contact_due",
            ),
            # What the overview, the health checks and the lists count.
            models.Index(
                fields=["contact_state", "first_played_at"],
                include=["contact_error", "contact_failing_since"],
                condition=Q(contact_state__in=UNDELIVERED),
                name="game_undelivered",
            ),
        ]

    def __str__(self) -> str:
        # Not the address: the admin's log stores this text, and outlives the player.
        return gettext("Player %(number)s") % {"number": self.pk}

    @property
    def esp_status(self) -> bool | None:
        """Whether the address is in the ESP; None while that is not known."""
        return ContactState(self.contact_state).esp_status

    def count_play(self, now: datetime) -> datetime:
        """Count one more play; return its time. The caller has locked the row, and saves it.

        Times never go backwards, even if a clock is set back.
        """
        self.play_count += 1
        self.first_played_at = self.first_played_at or now
        self.last_played_at = max(now, self.last_played_at or now)
        return self.last_played_at

    def plays_on(self, moment: datetime) -> int:
        """Return how often the address has played on that day of the site's clock."""
        day = timezone.localtime(moment)
        # fold: where clocks go back at midnight, the day begins at the first of the two.
        midnight = day.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        return self.plays.filter(played_at__gte=midnight).count()

    def stop_withholding(self, now: datetime) -> None:
        """Let a withheld contact go to the ESP. The caller has locked the row, and saves it."""
        if self.contact_state == ContactState.WITHHELD:
            self.contact_state = ContactState.PENDING
            self.contact_due_at = now

    def claim_contact(self, now: datetime) -> bool:
        """Claim the contact if it is due; return whether it was. The caller has locked the row."""
        if self.contact_state != ContactState.PENDING or self.contact_due_at > now:
            return False
        self.contact_due_at = now + LEASE
        self.contact_attempts += 1
        return True


class Play(models.Model):
    """One finished game for which an address was left.

    Rows are append-only, but for `esp_status`: it is set once, when the ESP has answered.
    """

    game = models.ForeignKey(
        Game,
        on_delete=models.CASCADE,
        related_name="plays",
        db_index=False,  # the index of the unique constraint begins with this column
        verbose_name=_("player"),
    )
    number = models.PositiveIntegerField(_("number"))
    played_at = models.DateTimeField(_("played"), db_index=True)
    esp_status = models.BooleanField(
        _("in the ESP"), null=True, help_text=_("As answered; unknown where the ESP did not say.")
    )
    idempotency_key = models.CharField(_("idempotency key"), max_length=255, null=True)  # noqa: DJ001 - NULLs are not equal
    # What the site sent beside the address: only what PLAY_FIELDS names.
    fields = models.JSONField(_("fields"), null=True)

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
        values = {"player": self.game, "number": self.number}
        return gettext("%(player)s, play %(number)s") % values
