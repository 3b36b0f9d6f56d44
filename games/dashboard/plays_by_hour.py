"""All plays by day and hour of the site's clock, read once for every chart that needs them."""

from datetime import date, datetime, timedelta
from typing import NamedTuple, Self

from django.utils import timezone

from games.erased_hours import ErasedHour
from games.kept_days import PlayHour, count_hours, current


class Hour(NamedTuple):
    day: date
    hour: int
    plays: int
    new: int


class Day(NamedTuple):
    """A day's plays: the first ones of their address, and the others."""

    day: date
    new: int
    returning: int


class PlaysByHour(list[Hour]):
    """The hours that had plays: of closed days as kept, since then as counted now, and erased."""

    erased: list[ErasedHour]

    @classmethod
    def read(cls, since: datetime | None) -> Self:
        kept = current(PlayHour.objects.all()).values_list("day", "hour", "plays", "new")
        fresh = count_hours(since, None).values_list("day", "hour", "plays", "new")
        hours = cls(Hour(*row) for rows in (kept, fresh) for row in rows)
        hours.erased = list(ErasedHour.objects.all())
        hours += [
            Hour(one.day, timezone.localtime(one.hour).hour, one.plays, one.new)
            for one in hours.erased
        ]
        return hours

    def between(self, first: date, last: date) -> int:
        return sum(hour.plays for hour in self if first <= hour.day <= last)

    def days(self, number: int) -> list[Day]:
        """Return the last days up to today, those without plays too."""
        today = timezone.localdate()
        days = {today - timedelta(days=n): [0, 0] for n in reversed(range(number))}
        for hour in self:
            if hour.day in days:
                days[hour.day][0] += hour.new
                days[hour.day][1] += hour.plays - hour.new
        return [Day(day, new, returning) for day, (new, returning) in days.items()]

    def week(self) -> list[list[int]]:
        """Return how many plays fell into each hour of each weekday, from Monday, of all time."""
        grid = [[0] * 24 for _ in range(7)]
        for hour in self:
            grid[hour.day.weekday()][hour.hour] += hour.plays
        return grid
