"""The numbers of today, yesterday, a week, a month and ever."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from games.contact_state import ContactState
from games.dashboard.plays_by_hour import PlaysByHour
from games.erased_hours import COUNTED
from games.kept_days import day_start
from games.models import Game, Play


@dataclass(frozen=True)
class Period:
    """Whole days by the site's clock, both included; the first is None for ever."""

    name: Any
    first: date | None
    last: date

    def within(self, name: str) -> Q:
        """Return the condition that a time of a row is in the period."""
        if self.first is None:
            return Q(**{f"{name}__isnull": False})
        end = day_start(self.last + timedelta(days=1))
        return Q(**{f"{name}__gte": day_start(self.first), f"{name}__lt": end})


@dataclass(frozen=True)
class PeriodNumbers:
    """A card of the dashboard."""

    name: Any
    plays: int
    players: int  # addresses that played in the period
    new: int  # of them, those that played for the first time
    known: float | None  # percent of the new, of those settled, that the ESP had before
    pending: int  # of the new
    rejected: int  # of the new


def period_numbers(plays: PlaysByHour) -> list[PeriodNumbers]:
    today = timezone.localdate()
    yesterday, week, month = (today - timedelta(days=n) for n in (1, 6, 29))
    periods = [
        Period(_("Today"), today, today),
        Period(_("Yesterday"), yesterday, yesterday),
        Period(_("7 days"), week, today),
        Period(_("30 days"), month, today),
        Period(_("All time"), None, today),
    ]
    games = _games_by_state(periods)
    return [_numbers(n, period, games, plays) for n, period in enumerate(periods)]


def _games_by_state(periods: list[Period]) -> dict[str, dict[str, Any]]:
    """Count, in one pass, each period's new games and those that it was the last to see."""
    counts = {}
    for n, period in enumerate(periods):
        counts[f"new{n}"] = Count("pk", filter=period.within("first_played_at"))
        counts[f"players{n}"] = Count("pk", filter=period.within("last_played_at"))
    rows = Game.objects.order_by().values("contact_state").annotate(**counts)
    return {row["contact_state"]: dict(row) for row in rows}


def _numbers(
    n: int, period: Period, games: dict[str, dict[str, Any]], plays: PlaysByHour
) -> PeriodNumbers:
    new = {state: games.get(state, {}).get(f"new{n}", 0) for state in ContactState}
    players = sum(row[f"players{n}"] for row in games.values())
    if period.last < timezone.localdate():  # some of its players have played since
        players = Play.objects.filter(period.within("played_at")).aggregate(
            n=Count("game_id", distinct=True)
        )["n"]
    erased = _erased(period, plays)
    players += erased["players"] if period.last < timezone.localdate() else erased["last"]
    known = new[ContactState.FOUND] + erased["found"]
    added = new[ContactState.ADDED] + erased["added"]
    return PeriodNumbers(
        name=period.name,
        plays=plays.between(period.first or date.min, period.last),
        players=players,
        new=sum(new.values()) + erased["new"],
        known=100 * known / (known + added) if known + added else None,
        pending=new[ContactState.PENDING],
        rejected=new[ContactState.REJECTED] + erased["rejected"],
    )


def _erased(period: Period, plays: PlaysByHour) -> Counter[str]:
    counts: Counter[str] = Counter()
    for hour in plays.erased:
        if (period.first or date.min) <= hour.day <= period.last:
            counts.update({name: getattr(hour, name) for name in COUNTED})
    return counts
