"""Keeps the totals in step with the plays.

Plays before the watermark are in the totals, plays since then are counted when somebody looks. Days
are closed as they end. Everything that changes the past does it within `correcting()` or calls
`keep_erased()`.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from threading import Event
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count, Max, Q, QuerySet, Subquery, Value
from django.db.models.functions import (
    Coalesce,
    Least,
    StrIndex,
    Substr,
    TruncDate,
    TruncHour,
)
from django.utils import timezone

from games.contact_state import ContactState
from games.models import Game, Play
from stats.models import DomainTotal, HourlyTotal, Watermark

# A play is dated before its transaction ends. By now no play of yesterday is still under way.
DAY_CLOSES_AFTER = timedelta(minutes=10)

# The watermark at the moment of the statement that contains it. It may have moved since a look.
UNTIL = Subquery(Watermark.objects.values("until")[:1])


class Closed(NamedTuple):
    """What the totals cover."""

    first: datetime  # no player and no play is older
    until: datetime


class Counts(NamedTuple):
    """What some plays and players add up to."""

    hours: Counter[tuple[datetime, str]]  # by hour and field of HourlyTotal
    domains: Counter[str]  # players by domain


def day_start(day: date) -> datetime:
    """Return the moment at which a day begins by the site's clock."""
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_default_timezone())


def lock_watermark() -> Watermark:
    """Return the watermark, locked until the transaction ends.

    To avoid deadlocks it is locked before any player. It also keeps erasures and imports apart.
    """
    Watermark.objects.bulk_create([Watermark(pk=1)], ignore_conflicts=True)
    return Watermark.objects.select_for_update().get()


def close_days() -> Closed:
    """Add the days that have ended to the totals; return what the totals cover.

    The first call reads all plays, later ones those of a day.
    """
    end = day_start(timezone.localdate(timezone.now() - DAY_CLOSES_AFTER))
    first_hour = Subquery(HourlyTotal.objects.order_by("hour").values("hour")[:1])
    first = Coalesce(Least(first_hour, "until"), "until")
    rows = Watermark.objects.values_list(first, "until")
    row = rows.filter(until__gte=end).first()
    if row is None:
        with transaction.atomic():
            watermark = lock_watermark()
            if watermark.until is None or watermark.until < end:
                _add(_count(Q(), watermark.until, end))
                watermark.until = end
                watermark.save()
        row = rows.get()
    return Closed(*row)


class CloseDaysJob:
    """Closes each day as it ends, so that no page waits for it; a job of the delivery process."""

    def run_batch(self, _stopping: Event) -> Counter[str]:
        close_days()
        return Counter()


@contextmanager
def correcting(players: Q) -> Iterator[None]:
    """Let the block change plays of the past, and add the difference to the totals.

    `players` selects the players that the block changes or makes. Enter it first in a transaction.
    """
    until = lock_watermark().until
    if until is None:
        yield
        return
    before = _count(players, None, until)
    yield
    after = _count(players, None, until)
    after.hours.subtract(before.hours)
    after.domains.subtract(before.domains)
    _add(after)


def keep_erased(players: Collection[Game], watermark: Watermark) -> None:
    """Add what would vanish from the numbers with these players, who are about to be deleted.

    Their plays before the watermark are in the totals already, and stay there.
    """
    selected = Q(pk__in=[player.pk for player in players])
    counts = _count(selected, watermark.until, None)
    counts.hours.update(_count_erased(players))
    counts.domains.clear()
    if watermark.until is not None:
        counts.domains.subtract(_count(selected, None, watermark.until).domains)
    _add(counts)


def count_domains(players: QuerySet[Game]) -> QuerySet[Game, Any]:
    """Return (domain, players)."""
    domain = Substr("email", StrIndex("email", Value("@")) + 1)
    rows = players.order_by().values(domain=domain).annotate(players=Count("pk"))
    return rows.values_list("domain", "players")


def _count(players: Q, since: datetime | None, until: datetime | None) -> Counts:
    games = Game.objects.filter(players)
    plays = Play.objects.filter(game__in=games) if players else Play.objects.all()
    hour = TruncHour("played_at", tzinfo=timezone.get_default_timezone())
    rows = (
        plays.filter(_between("played_at", since, until))
        .order_by()
        .values(hour=hour)
        .annotate(all_plays=Count("pk"), new=Count("pk", filter=Q(number=1)))
    )
    domains = count_domains(games.filter(_between("first_played_at", since, until)))
    counts = Counts(Counter(), Counter(dict(domains)))
    for row in rows:
        counts.hours[row["hour"], "plays"] = row["all_plays"]
        counts.hours[row["hour"], "new_players"] = row["new"]
    return counts


def _between(name: str, since: datetime | None, until: datetime | None) -> Q:
    """Return the condition that a row has a time, not before `since`, and before `until`."""
    limits = {f"{name}__isnull": False, f"{name}__gte": since, f"{name}__lt": until}
    return Q(**{lookup: value for lookup, value in limits.items() if value is not None})


def _add(counts: Counts) -> None:
    """Append hourly rows, and add to the domains' rows. The caller holds the watermark's lock."""
    hours: dict[datetime, dict[str, int]] = {}
    for (hour, field), number in counts.hours.items():
        if number:
            hours.setdefault(hour, {})[field] = number
    HourlyTotal.objects.bulk_create(HourlyTotal(hour=hour, **hours[hour]) for hour in sorted(hours))
    changes = {domain: number for domain, number in counts.domains.items() if number}
    known = DomainTotal.objects.in_bulk(list(changes))
    rows = [known.get(name) or DomainTotal(domain=name, players=0) for name in changes]
    for row in rows:
        row.players += changes[row.domain]
    DomainTotal.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["domain"], update_fields=["players"]
    )
    DomainTotal.objects.filter(players=0).delete()


def _count_erased(players: Collection[Game]) -> Counter[tuple[datetime, str]]:
    """Return the numbers that only the rows of erased players contain, as `Counts.hours`."""
    counts: Counter[tuple[datetime, str]] = Counter()
    for player in players:
        if player.first_played_at and player.last_played_at:
            counts[_hour(player.last_played_at), "erased_last"] += 1
            # Of erased players nothing is pending or withheld any more.
            if player.contact_state not in (ContactState.PENDING, ContactState.WITHHELD):
                counts[_hour(player.first_played_at), f"erased_{player.contact_state}"] += 1
    day = TruncDate("played_at", tzinfo=timezone.get_default_timezone())
    plays = Play.objects.filter(game__in=players).order_by().values("game_id", day=day)
    for last_of_day in plays.values_list(Max("played_at"), flat=True):
        counts[_hour(last_of_day), "erased_daily"] += 1
    return counts


def _hour(moment: datetime) -> datetime:
    local = moment.astimezone(timezone.get_default_timezone())
    return local.replace(minute=0, second=0, microsecond=0)
