"""Draws of winners: the filters, the two hashes, and afterwards the seed and the places."""

import hashlib
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Value
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from games.contact_state import ContactState
from games.models import Game
from serving.addresses import readable_address
from stats.totals import day_start

MOST = 1_000  # places that one page can show
ACCOUNT = settings.AUTH_USER_MODEL
DAYS = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31))]


class Draw(models.Model):
    """A draw, from its preparation on. Nothing of it changes once it is drawn."""

    winners = models.PositiveIntegerField(
        _("winners"), validators=[MinValueValidator(1), MaxValueValidator(MOST)]
    )
    reserves = models.PositiveIntegerField(
        _("reserves"), default=0, validators=[MaxValueValidator(MOST)]
    )
    weighted = models.BooleanField(
        _("each play is a ticket"), default=False, help_text=_("Else each address has one ticket.")
    )
    first_day = models.DateField(_("first day of play"), null=True, blank=True, validators=DAYS)
    last_day = models.DateField(_("last day of play"), null=True, blank=True, validators=DAYS)
    least_plays = models.PositiveIntegerField(
        _("plays, at least"),
        default=1,
        validators=[MinValueValidator(1)],
        help_text=_("Plays on these days."),
    )
    excluded_domains = models.CharField(
        _("excluded domains"),
        max_length=1000,
        blank=True,
        help_text=_("Such as your own: example.com, пример.рф"),
    )
    contact_state = models.CharField(
        _("contact"), max_length=8, blank=True, choices=[("", _("any")), *ContactState.choices]
    )
    public_source = models.CharField(
        _("public value"),
        max_length=200,
        blank=True,
        help_text=_(
            "Optional: what is published later and then added to the seed, such as the winning "
            "numbers of a lottery on a certain day."
        ),
    )

    prepared_at = models.DateTimeField(_("prepared"), auto_now_add=True)
    prepared_by = models.ForeignKey(
        ACCOUNT, models.SET_NULL, null=True, related_name="+", verbose_name=_("prepared by")
    )
    plays_until = models.DateTimeField(editable=False)  # later plays do not count
    candidates = models.PositiveIntegerField(_("candidates"), editable=False)
    list_hash = models.CharField(max_length=64, editable=False)  # of the candidates
    seed = models.CharField(max_length=64, editable=False)  # shown once it is drawn
    public_value = models.CharField(max_length=200, blank=True, editable=False)
    drawn_at = models.DateTimeField(_("drawn"), null=True, editable=False)
    drawn_by = models.ForeignKey(
        ACCOUNT, models.SET_NULL, null=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = _("draw")
        verbose_name_plural = _("draws")
        ordering = ["-pk"]
        default_permissions = ()
        permissions = [("draw_winners", "Can draw winners")]

    def __str__(self) -> str:
        return gettext("Draw %(number)s") % {"number": self.pk}

    def clean(self) -> None:
        if self.first_day and self.last_day and self.first_day > self.last_day:
            raise ValidationError({"last_day": gettext("The last day is before the first.")})

    @property
    def seed_hash(self) -> str:
        """The commitment: whoever knows it can check that the seed is no other."""
        return hashlib.sha256(self.seed.encode()).hexdigest()

    def candidate_players(self) -> QuerySet[Game]:
        """Return the candidates with their `tickets`, in the order of their numbers."""
        limits: dict[str, Any] = {"plays__played_at__lt": self.plays_until}
        if self.first_day:
            limits["plays__played_at__gte"] = day_start(self.first_day)
        if self.contact_state:
            limits["contact_state"] = self.contact_state
        players = Game.objects.filter(**limits)
        for domain in self.excluded_domains.split():
            players = players.exclude(email__endswith=f"@{domain}")
        players = players.annotate(played=Count("plays")).filter(played__gte=self.least_plays)
        tickets = F("played") if self.weighted else Value(1)
        # By number, the rows come at once and one by one: nothing has to be sorted before.
        return players.annotate(tickets=tickets).order_by("pk")

    def candidates_with_places(self) -> QuerySet[Game]:
        places = DrawnPlace.objects.filter(draw=self, game=OuterRef("pk"))
        return self.candidate_players().annotate(place=Subquery(places.values("place")))

    @admin.display(description=_("filters"))
    def filters_in_words(self) -> str:
        """Return filters and tickets as one line of text."""
        plays = ngettext("%(n)d play or more", "%(n)d plays or more", self.least_plays)
        words = [plays % {"n": self.least_plays}]
        if self.first_day:
            words.append(gettext("from %(day)s") % {"day": date_format(self.first_day)})
        if self.last_day:
            words.append(gettext("until %(day)s") % {"day": date_format(self.last_day)})
        if self.excluded_domains:
            # As people write them, in their own script.
            domains = [readable_address(f"@{name}")[1:] for name in self.excluded_domains.split()]
            words.append(gettext("without %(domains)s") % {"domains": ", ".join(domains)})
        if self.contact_state:
            state = self.get_contact_state_display()
            words.append(gettext("contact: %(state)s") % {"state": state})
        each_play, each_address = _("one ticket for each play"), _("one ticket for each address")
        words.append(str(each_play if self.weighted else each_address))
        return "; ".join(words)


class DrawnPlace(models.Model):
    """A place of a draw. The winners have the first places, the reserves those after them."""

    draw = models.ForeignKey(Draw, models.CASCADE, related_name="places")
    place = models.PositiveIntegerField()
    # Without a constraint in the database: the release before this table may erase players too.
    game = models.ForeignKey(
        Game, models.SET_NULL, null=True, related_name="+", db_constraint=False
    )

    class Meta:
        default_permissions = ()
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["draw", "place"], name="drawnplace_once"),
            models.UniqueConstraint(fields=["draw", "game"], name="drawnplace_each_player_once"),
        ]

    def __str__(self) -> str:
        return f"{self.draw}, {self.place}"
