"""How many plays fell into which hour, kept so that nobody waits while millions are counted."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import connection, models, transaction
from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import ExtractHour, TruncDate
from django.utils import timezone

# A play is dated before its transaction ends; a day is closed when none of its plays is under way.
SETTLED = timedelta(minutes=10)


class PlayHourQuerySet(models.QuerySet["PlayHour"]):
    """The hours of closed days. Made from the plays, and so never the only place of a number."""

    def fill(self) -> date | None:
        """Count the days that have closed since the last time; return the last one kept."""
        last = self._last_day()
        today = timezone.localdate(timezone.now() - SETTLED)
        if last is not None and last >= today - timedelta(days=1):
            return last
        with transaction.atomic():
            self._lock()
            hours = count_hours(since=_after(self._last_day()), until=day_start(today))
            zone = timezone.get_default_timezone_name()
            self.bulk_create([self.model(zone=zone, **hour) for hour in hours])
        return self._last_day()

    def forget(self) -> None:
        """Drop what is kept, in the transaction that changes plays of the past."""
        with transaction.atomic():
            self._lock()
            self.all().delete()

    def _lock(self) -> None:
        """Let nobody else fill or forget until the transaction ends. SQLite has one writer."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE games_playhour IN SHARE ROW EXCLUSIVE MODE")

    def current(self) -> PlayHourQuerySet:
        """Return the hours of the site's time zone; those of a zone that it left are useless."""
        return self.filter(zone=timezone.get_default_timezone_name())

    def _last_day(self) -> date | None:
        return self.current().aggregate(last=Max("day"))["last"]


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


def day_start(day: date) -> datetime:
    """Return the moment at which a day begins by the site's clock."""
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_default_timezone())


def _after(day: date | None) -> datetime | None:
    return None if day is None else day_start(day + timedelta(days=1))


def count_hours(*, since: datetime | None, until: datetime | None) -> QuerySet:
    """Return day, hour, plays and new of the plays between two moments, None being open."""
    from games.models import Play  # noqa: PLC0415 - models import this file

    zone = timezone.get_default_timezone()
    plays = Play.objects.order_by()
    if since is not None:
        plays = plays.filter(played_at__gte=since)
    if until is not None:
        plays = plays.filter(played_at__lt=until)
    return plays.values(
        day=TruncDate("played_at", tzinfo=zone), hour=ExtractHour("played_at", tzinfo=zone)
    ).annotate(plays=Count("pk"), new=Count("pk", filter=Q(number=1)))
