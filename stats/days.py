"""The figures of each day, and what they add up to over some days."""

from datetime import date, timedelta
from typing import NamedTuple


class Figures(NamedTuple):
    """What a day or some days add up to.

    The contact states are those of the players whose first play was then, as they are now: a
    contact that is delivered later counts on the day of the first play.
    """

    plays: int = 0
    new: int = 0  # first plays of an address
    found: int = 0
    added: int = 0
    rejected: int = 0
    pending: int = 0
    withheld: int = 0

    @property
    def returning(self) -> int:
        return self.plays - self.new


class Day(NamedTuple):
    day: date
    figures: Figures


class Days(dict[date, Figures]):
    """All days by the site's clock that have figures."""

    def within(self, first: date, last: date) -> list[Day]:
        """Return the days from the first to the last, those without plays too."""
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return [Day(day, self.get(day, Figures())) for day in days]

    def total(self, first: date | None, last: date) -> Figures:
        """Return the sums over some days, both included; `first` None is for ever."""
        start = first or date.min
        chosen = [figures for day, figures in self.items() if start <= day <= last]
        return Figures(*map(sum, zip(*chosen, strict=True)))
