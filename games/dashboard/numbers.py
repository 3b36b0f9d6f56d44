"""All numbers of the dashboard. Words and drawing are left to the page."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.db.models import Count, Min, Sum
from django.utils import timezone

from esp.addresses import readable_address
from games.contact_state import ContactState
from games.dashboard.periods import PeriodNumbers, period_numbers
from games.dashboard.plays_by_hour import Day, PlaysByHour
from games.kept_days import DomainDay, PlayHour, count_domains, current
from games.models import DeliveryPause, Game

DAYS = 90
DOMAINS = 10
READS = 3  # at most, while the past is being changed
LATE = timedelta(minutes=5)


@dataclass(frozen=True)
class Standing:
    """How it stands with the ESP."""

    pause: DeliveryPause | None
    pending: int
    oldest: datetime | None  # first play of the contact that has been pending longest
    last_error: str

    @property
    def late(self) -> bool:
        """Whether a contact waits for longer than its own play and one round of delivery."""
        return self.oldest is not None and timezone.now() - self.oldest > LATE


@dataclass(frozen=True)
class Numbers:
    at: datetime
    periods: list[PeriodNumbers]
    days: list[Day]
    week: list[list[int]]
    domains: list[tuple[str, int]]
    standing: Standing

    @classmethod
    def read(cls) -> Self:
        """Read all numbers; again, if an import or a deletion drops the kept days meanwhile."""
        for _ in range(READS):
            since = PlayHour.objects.fill()
            newest = PlayHour.objects.newest()
            numbers = cls._read(since)
            if PlayHour.objects.newest() == newest:
                break
        return numbers

    @classmethod
    def _read(cls, since: datetime | None) -> Self:
        plays = PlaysByHour.read(since)
        return cls(
            at=timezone.now(),
            periods=period_numbers(plays),
            days=plays.days(DAYS),
            week=plays.week(),
            domains=_domains(since),
            standing=_standing(),
        )


def _domains(since: datetime | None) -> list[tuple[str, int]]:
    """Return the domains that most players have, readably, with their numbers."""
    players: Counter[str] = Counter()
    kept = current(DomainDay.objects.all()).values("domain").annotate(n=Sum("players"))
    for rows in (
        kept.values_list("domain", "n"),
        count_domains(since, None).values_list("domain", "players"),
    ):
        players.update(dict(rows))
    return [(readable_address(domain), n) for domain, n in players.most_common(DOMAINS)]


def _standing() -> Standing:
    pending = Game.objects.filter(contact_state=ContactState.PENDING)
    totals: dict[str, Any] = pending.aggregate(n=Count("pk"), oldest=Min("first_played_at"))
    failed = pending.exclude(contact_error="").order_by("-contact_due_at")
    return Standing(
        pause=DeliveryPause.objects.first(),
        pending=totals["n"],
        oldest=totals["oldest"],
        last_error=failed.values_list("contact_error", flat=True).first() or "",
    )
