"""All numbers by day, and the plays by weekday and hour, read by one statement.

One statement sees one state of the database: a day that is closed or a player who is erased
meanwhile changes no figure.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from operator import add
from typing import Any, Self

from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models.expressions import Combinable
from django.utils import timezone

from games.contact_state import ContactState
from games.models import Game, Play
from stats.days import Days, Figures
from stats.latest import Latest
from stats.models import HourlyTotal
from stats.totals import UNTIL, Closed, day_start

# Beside the figures: players by the day of their last play of all, and by each day of a play.
NAMES = (*Figures._fields, "last", "daily")
STATES = {state: Count("pk", filter=Q(contact_state=state)) for state in ContactState.values}
QUARTER = timedelta(minutes=15)  # in every zone hours begin at a quarter
DAY = timedelta(days=1)


class PlaysByHour:
    """The numbers of each day, and of all time how many plays fell into each hour of a weekday."""

    def __init__(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Add up rows of a moment and its numbers, which are in the order of NAMES."""
        self.by_day: dict[date, list[int]] = {}
        self.week = [[0] * 24 for _ in range(7)]  # from Monday
        zone = timezone.get_default_timezone()
        for moment, *numbers in rows:
            local = moment.astimezone(zone)
            day = local.date()
            known = self.by_day.get(day)
            self.by_day[day] = list(map(add, known, numbers)) if known else numbers
            self.week[local.weekday()][local.hour] += numbers[0]

    @classmethod
    def read(cls, closed: Closed, *, with_players: bool) -> Self:
        """Read the totals, the plays since then, and the states of all contacts.

        Who played last or yesterday only `with_players`: that looks at all players once more.
        """
        today, first = timezone.localdate(), timezone.localdate(closed.first)
        days = [day_start(first + n * DAY) for n in range(max(0, (today - first).days) + 1)]
        parts = [_plays_since(closed.until), _players("first_played_at", days, **STATES)]
        if with_players:
            parts.append(_players("last_played_at", days, last=Count("pk")))
            parts.append(_players_between(day_start(today - DAY), day_start(today)))
        return cls(_totals().union(*parts, all=True))

    def sum(self, name: str, first: date | None, last: date) -> int:
        """Return the sum of a number over some days, both included; `first` None is for ever."""
        place, start = NAMES.index(name), first or date.min
        return sum(n[place] for day, n in self.by_day.items() if start <= day <= last)

    def days(self) -> Days:
        return Days({day: Figures(*numbers[:-2]) for day, numbers in self.by_day.items()})


def _totals() -> QuerySet[Any, Any]:
    erased = {name: Sum(f"erased_{name}") for name in ("found", "added", "rejected")}
    players = {name: Sum(f"erased_{name}") for name in ("last", "daily")}
    plays = {"plays": Sum("plays"), "new": Sum("new_players")}
    return _rows(HourlyTotal.objects.all(), F("hour"), **plays, **erased, **players)


def _plays_since(until: datetime) -> QuerySet[Any, Any]:
    # The planner needs to know the moment; what counts is the watermark as the statement sees it.
    plays = Play.objects.filter(played_at__gte=until).filter(played_at__gte=UNTIL)
    elapsed = timezone.now() - until
    quarters = [until + n * QUARTER for n in range(max(0, elapsed // QUARTER) + 1)]
    first_plays = Count("pk", filter=Q(number=1))
    return _rows(plays, Latest("played_at", quarters), plays=Count("pk"), new=first_plays)


def _players(time: str, days: list[datetime], **numbers: Count) -> QuerySet[Any, Any]:
    players = Game.objects.filter(**{f"{time}__gte": days[0]})
    return _rows(players, Latest(time, days), **numbers)


def _players_between(start: datetime, end: datetime) -> QuerySet[Any, Any]:
    plays = Play.objects.filter(played_at__gte=start, played_at__lt=end)
    return _rows(plays, Latest("played_at", [start]), daily=Count("game_id", distinct=True))


def _rows(rows: QuerySet[Any], moment: Combinable, **numbers: Combinable) -> QuerySet[Any, Any]:
    """Return (moment, number of each of NAMES), zero for those that are not given."""
    columns = {f"number_of_{name}": numbers.get(name, Value(0)) for name in NAMES}
    grouped: QuerySet[Any, Any] = rows.order_by().values(moment=moment).annotate(**columns)
    return grouped.values_list("moment", *columns)
