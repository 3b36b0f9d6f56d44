"""What erased games and plays added up to, so that the totals stay right without them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

from games.contact_state import ContactState

if TYPE_CHECKING:
    from games.models import Game

Counts = defaultdict[datetime, Counter[str]]


class ErasedHourQuerySet(models.QuerySet["ErasedHour"]):
    """Hours, in which nobody can be told from anybody else."""

    def keep(self, games: Sequence[Game]) -> None:
        """Add what these games count for, in the transaction that erases them.

        The caller holds the games' locks, and the one of `PlayHour.objects.forget()`: nobody else
        adds meanwhile.
        """
        counts = _count(games)
        kept: dict[datetime, ErasedHour] = {row.hour: row for row in self.filter(hour__in=counts)}
        for hour, counted in counts.items():
            row = kept.setdefault(hour, ErasedHour(hour=hour))
            for name, number in counted.items():
                setattr(row, name, getattr(row, name) + number)
        self.bulk_create(
            [*kept.values()], update_conflicts=True, unique_fields=["hour"], update_fields=COUNTED
        )


class ErasedHour(models.Model):
    """One hour by the site's clock; the moment at which it began."""

    hour = models.DateTimeField(unique=True)
    plays = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)  # first plays
    found = models.PositiveIntegerField(default=0)  # of the first plays, by contact
    added = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    last = models.PositiveIntegerField(default=0)  # players who played for the last time
    players = models.PositiveIntegerField(default=0)  # the same, for the last time on that day

    objects = ErasedHourQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.hour}"

    @property
    def day(self) -> date:
        return timezone.localdate(self.hour)


COUNTED = ["plays", "new", "found", "added", "rejected", "last", "players"]


def _count(games: Sequence[Game]) -> Counts:
    from games.models import Play  # noqa: PLC0415 - models import this file

    counts: Counts = defaultdict(Counter)
    days: dict[tuple[int, date], datetime] = {}
    plays = Play.objects.filter(game__in=games).order_by("played_at")
    for pk, number, at in plays.values_list("game_id", "number", "played_at"):
        hour = _hour(at)
        counts[hour]["plays"] += 1
        counts[hour]["new"] += number == 1
        days[pk, hour.date()] = hour  # the last one stays
    for hour in days.values():
        counts[hour]["players"] += 1
    for game in games:
        if game.first_played_at and game.last_played_at:
            counts[_hour(game.last_played_at)]["last"] += 1
            if game.contact_state != ContactState.PENDING:  # nobody is owed anything any more
                counts[_hour(game.first_played_at)][str(game.contact_state)] += 1
    return counts


def _hour(at: datetime) -> datetime:
    local = at.astimezone(timezone.get_default_timezone())
    return local.replace(minute=0, second=0, microsecond=0)
