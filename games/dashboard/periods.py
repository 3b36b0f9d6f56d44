"""The numbers of today, yesterday, a week, a month and ever."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Count, IntegerField, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from games.contact_state import ContactState
from games.dashboard.plays_by_hour import PlaysByHour
from games.models import Game, Play
from games.play_hours import day_start

NEVER = 9


@dataclass(frozen=True)
class Period:
    """Whole days by the site's clock, from the first to the last, both included."""

    name: Any
    first: date
    last: date
    ages: range  # see `_age`


@dataclass(frozen=True)
class PeriodNumbers:
    """One column of the dashboard's table."""

    name: Any
    plays: int
    players: int  # addresses that played in the period
    new: int  # of them, those that played for the first time
    known: float | None  # part of the new, of those settled, that the ESP had before
    pending: int  # of the new
    rejected: int  # of the new

    @property
    def known_percent(self) -> float | None:
        return None if self.known is None else self.known * 100


def period_numbers(plays: PlaysByHour) -> list[PeriodNumbers]:
    today = timezone.localdate()
    rows = _games_by_age(today)
    return [_numbers(period, rows, plays, today) for period in _periods(today)]


def _periods(today: date) -> list[Period]:
    yesterday, week, month = (today - timedelta(days=n) for n in (1, 6, 29))
    return [
        Period(_("Today"), today, today, range(1)),
        Period(_("Yesterday"), yesterday, yesterday, range(1, 2)),
        Period(_("7 days"), week, today, range(3)),
        Period(_("30 days"), month, today, range(4)),
        Period(_("All time"), date.min, today, range(5)),
    ]


def _games_by_age(today: date) -> list[dict[str, Any]]:
    """Count the games by how long ago they first and last played, and by state, in one pass."""
    return list(
        Game.objects.order_by()
        .values(first=_age("first_played_at", today), last=_age("last_played_at", today))
        .values("first", "last", "contact_state")
        .annotate(games=Count("pk"))
    )


def _age(name: str, today: date) -> Case:
    """Return 0 for today, 1 for yesterday, 2 for the week, 3 for the month, 4 for before."""
    starts = [day_start(today - timedelta(days=n)) for n in (0, 1, 6, 29)]
    cases = [When(**{f"{name}__gte": at, "then": Value(n)}) for n, at in enumerate(starts)]
    never = When(**{f"{name}__isnull": True, "then": Value(NEVER)})
    return Case(*cases, never, default=Value(4), output_field=IntegerField())


def _numbers(
    period: Period, rows: list[dict[str, Any]], plays: PlaysByHour, today: date
) -> PeriodNumbers:
    def games(accept: Callable[[dict[str, Any]], bool]) -> int:
        return sum(row["games"] for row in rows if accept(row))

    def new(*states: ContactState) -> int:
        return games(lambda row: row["first"] in period.ages and row["contact_state"] in states)

    known, added = new(ContactState.FOUND), new(ContactState.ADDED)
    players = games(lambda row: row["last"] in period.ages)
    if period.last < today:  # whoever has played since then is not counted by the last play
        players = _players_of(period)
    return PeriodNumbers(
        name=period.name,
        plays=plays.between(period.first, period.last),
        players=players,
        new=new(*ContactState),
        known=known / (known + added) if known + added else None,
        pending=new(ContactState.PENDING),
        rejected=new(ContactState.REJECTED),
    )


def _players_of(period: Period) -> int:
    start, end = day_start(period.first), day_start(period.last + timedelta(days=1))
    played = Play.objects.filter(played_at__gte=start, played_at__lt=end)
    return played.aggregate(players=Count("game_id", distinct=True))["players"]
