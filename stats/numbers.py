"""All numbers of the overview, for the console and the staff API."""

from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple, Self, cast

from django.core.cache import caches
from django.utils import timezone

from games.models import Game
from serving.addresses import readable_address
from stats.backlog import Backlog
from stats.days import Day, Days
from stats.models import DomainTotal
from stats.periods import PeriodNumbers, period_numbers
from stats.plays_by_hour import PlaysByHour
from stats.totals import UNTIL, close_days, count_domains

LAST_DAYS = 90
SHOWN_DOMAINS = 10
MIN_DOMAIN_SIZE = 5  # players; the domain of fewer may tell whose it is
CACHE_SECONDS = 60


class Numbers(NamedTuple):
    at: datetime
    days: Days
    week: list[list[int]]
    domains: list[tuple[str, int]]
    backlog: Backlog
    periods: list[PeriodNumbers]

    @classmethod
    def read(cls, *, with_periods: bool = True) -> Self:
        """Read all numbers; the periods, which take as long as all others, only if asked for."""
        closed = close_days()
        plays = PlaysByHour.read(closed, with_players=with_periods)
        return cls(
            at=timezone.now(),
            days=plays.days(),
            week=plays.week,
            domains=_domains(closed.until),
            backlog=Backlog.read(),
            periods=period_numbers(plays) if with_periods else [],
        )

    @property
    def last_days(self) -> list[Day]:
        today = timezone.localdate()
        return self.days.within(today - timedelta(days=LAST_DAYS - 1), today)


def current_numbers(*, with_small_domains: bool, with_periods: bool = False) -> Numbers:
    """Return the numbers, at most a minute old. Small domains are for those who see addresses.

    Each process counts for itself: in a cache that all share, they would take six queries more.
    """
    key = f"numbers-{timezone.localdate()}-{with_periods}"  # never yesterday's "today"
    read = partial(Numbers.read, with_periods=with_periods)
    numbers = cast(Numbers, caches["process"].get_or_set(key, read, CACHE_SECONDS))
    if with_small_domains:
        return numbers
    return numbers._replace(domains=[row for row in numbers.domains if row[1] >= MIN_DOMAIN_SIZE])


def _domains(until: datetime) -> list[tuple[str, int]]:
    """Return the domains with most players, readable, with their numbers."""
    totals = DomainTotal.objects.values_list("domain", "players")
    new = Game.objects.filter(first_played_at__gte=until).filter(first_played_at__gte=UNTIL)
    players: Counter[str] = Counter()
    rows = totals.union(count_domains(new), all=True)  # one statement, as in PlaysByHour
    for domain, number in rows:
        players[domain] += number
    largest = sorted(players.items(), key=lambda row: (-row[1], row[0]))[:SHOWN_DOMAINS]
    return [(readable_address(domain), number) for domain, number in largest]
