"""What the plays of closed days add up to, kept so that nobody waits while millions are counted."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TypeVar

from django.db import connection, models, transaction
from django.db.models import Count, Max, Q, QuerySet, Value
from django.db.models.functions import ExtractHour, StrIndex, Substr, TruncDate
from django.utils import timezone

from esp.addresses import MAX_LENGTH

Rows = TypeVar("Rows", bound=QuerySet)

# A play is dated before its transaction ends; a day is closed when none of its plays is under way.
SETTLED = timedelta(minutes=10)
BATCH = 2_000


class PlayHourQuerySet(models.QuerySet["PlayHour"]):
    """The hours of closed days. Made from the plays, and so never the only place of a number."""

    def fill(self) -> datetime | None:
        """Keep the days that have closed since the last time; return since when none is kept.

        The first time this reads every play; after that, those of a day.
        """
        today = timezone.localdate(timezone.now() - SETTLED)
        since, until = self._end(), day_start(today)
        if since == until:
            return since
        with transaction.atomic():
            self._lock()
            since = self._end()
            zone = timezone.get_default_timezone_name()
            self.bulk_create(self.model(zone=zone, **hour) for hour in count_hours(since, until))
            DomainDay.objects.bulk_create(
                (DomainDay(zone=zone, **day) for day in count_domains(since, until)), BATCH
            )
        return self._end()

    def newest(self) -> int | None:
        """Return what changes whenever the kept days do: the last row's number."""
        newest: int | None = self.aggregate(newest=Max("pk"))["newest"]
        return newest

    def forget(self) -> None:
        """Drop what is kept, in the transaction that changes plays of the past."""
        with transaction.atomic():
            self._lock()
            self.all().delete()
            DomainDay.objects.all().delete()

    def _lock(self) -> None:
        """Let nobody else fill or forget until the transaction ends. SQLite has one writer."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE games_playhour IN SHARE ROW EXCLUSIVE MODE")

    def _end(self) -> datetime | None:
        last = current(self).aggregate(last=Max("day"))["last"]
        return None if last is None else day_start(last + timedelta(days=1))


class PlayHour(models.Model):
    """One hour of a day by the site's clock, that had plays. `new`: first plays of an address."""

    zone = models.CharField(max_length=64)
    day = models.DateField()
    hour = models.PositiveSmallIntegerField()
    plays = models.PositiveIntegerField()
    new = models.PositiveIntegerField()

    objects = PlayHourQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["zone", "day", "hour"], name="play_hour_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.hour}:00"


class DomainDay(models.Model):
    """How many addresses of a mailbox domain played for the first time on a day."""

    zone = models.CharField(max_length=64)
    day = models.DateField()
    domain = models.CharField(max_length=MAX_LENGTH)
    players = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["zone", "day", "domain"], name="domain_day_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.domain}"


def day_start(day: date) -> datetime:
    """Return the moment at which a day begins by the site's clock."""
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_default_timezone())


def current(kept: Rows) -> Rows:
    """Return what was kept by the site's clock; another zone's days are useless."""
    return kept.filter(zone=timezone.get_default_timezone_name())


def count_hours(since: datetime | None, until: datetime | None) -> QuerySet:
    """Return day, hour, plays and new of the plays between two moments, None being open."""
    from games.models import Play  # noqa: PLC0415 - models import this file

    zone = timezone.get_default_timezone()
    hours: QuerySet = (
        _between(Play.objects.order_by(), "played_at", since, until)
        .values(day=TruncDate("played_at", tzinfo=zone), hour=ExtractHour("played_at", tzinfo=zone))
        .annotate(plays=Count("pk"), new=Count("pk", filter=Q(number=1)))
    )
    return hours


def count_domains(since: datetime | None, until: datetime | None) -> QuerySet:
    """Return day, domain and players of the games first played between two moments."""
    from games.models import Game  # noqa: PLC0415 - models import this file

    played = Game.objects.order_by().filter(first_played_at__isnull=False)
    zone = timezone.get_default_timezone()
    domains: QuerySet = (
        _between(played, "first_played_at", since, until)
        .values(
            day=TruncDate("first_played_at", tzinfo=zone),
            domain=Substr("email", StrIndex("email", Value("@")) + 1),
        )
        .annotate(players=Count("pk"))
    )
    return domains


def _between(rows: QuerySet, name: str, since: datetime | None, until: datetime | None) -> QuerySet:
    bounds = {f"{name}__gte": since, f"{name}__lt": until}
    found: QuerySet = rows.filter(**{bound: at for bound, at in bounds.items() if at is not None})
    return found
