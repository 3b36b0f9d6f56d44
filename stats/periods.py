"""The numbers of today, yesterday, a week, a month and ever."""

from datetime import date, timedelta
from typing import NamedTuple

from django.utils import timezone

from stats.plays_by_hour import PlaysByHour


class PeriodNumbers(NamedTuple):
    """A period in the answer of the staff API."""

    plays: int
    players: int  # addresses that played in the period
    new: int  # of them, those that played for the first time
    known: float | None  # percent of the new, of those settled, that the ESP had before
    pending: int  # of the new
    rejected: int  # of the new


def period_numbers(plays: PlaysByHour) -> list[PeriodNumbers]:
    today = timezone.localdate()
    yesterday, week, month = (today - timedelta(days=n) for n in (1, 6, 29))
    return [
        _numbers(plays, today, today, "last"),
        # Some of its players have played since.
        _numbers(plays, yesterday, yesterday, "daily"),
        _numbers(plays, week, today, "last"),
        _numbers(plays, month, today, "last"),
        _numbers(plays, None, today, "last"),
    ]


def _numbers(plays: PlaysByHour, first: date | None, last: date, players: str) -> PeriodNumbers:
    figures = plays.days().total(first, last)
    settled = figures.found + figures.added
    return PeriodNumbers(
        plays=figures.plays,
        players=plays.sum(players, first, last),
        new=figures.new,
        known=100 * figures.found / settled if settled else None,
        pending=figures.pending,
        rejected=figures.rejected,
    )
