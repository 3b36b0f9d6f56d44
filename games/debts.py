"""What is owed to the ESP, for those who watch the site from outside."""

import time
from typing import NamedTuple, Self

from django.db import Error, connection, transaction
from django.db.models import Count, Min
from django.utils import timezone

from games.contact_state import ContactState
from games.models import DeliveryPause, Game

KEPT = 10.0  # seconds for which a process shows the same numbers, whoever asks
LIMIT = "SET LOCAL statement_timeout = '2s'"


class Debts(NamedTuple):
    """How many contacts are pending, since when, and why delivery stands still."""

    pending: int
    oldest_seconds: float  # since the first play of the one that has been pending longest
    pause_reason: str  # empty while delivery goes on

    @classmethod
    def read(cls) -> Self:
        """Read them; raise the database's error where it is away or takes too long."""
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute(LIMIT)
            pending = Game.objects.filter(contact_state=ContactState.PENDING)
            totals = pending.aggregate(n=Count("pk"), oldest=Min("first_played_at"))
            pause = DeliveryPause.objects.first()
        oldest = totals["oldest"]
        seconds = (timezone.now() - oldest).total_seconds() if oldest else 0.0
        return cls(totals["n"], seconds, pause.reason if pause else "")


_kept: dict[str, tuple[float, Debts | None]] = {}


def recent_debts() -> Debts | None:
    """Return the debts of a few seconds ago at most; None if the database did not tell them."""
    until, debts = _kept.get("debts", (0.0, None))
    if time.monotonic() >= until:
        try:
            debts = Debts.read()
        except Error:
            debts = None
        _kept["debts"] = (time.monotonic() + KEPT, debts)
    return debts
