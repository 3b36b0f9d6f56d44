"""The backlog: the contacts that are pending; for the overview, health checks and metrics."""

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from django.db import Error, connection, transaction
from django.db.models import Count, Max, Subquery
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from games.contact_queue import fails_alone
from games.contact_state import ContactState
from games.delivery_pause import DeliveryPause
from games.models import Game
from serving.postgresql.base import PING, limited

logger = logging.getLogger(__name__)

CACHE_SECONDS = 10.0  # a process reads the database no more often, however many ask
CACHE_FACTOR = 20  # nor for more than a twentieth of its time
STATEMENT_TIMEOUT = "SET LOCAL statement_timeout = '2s'"
LATE_AFTER = timedelta(minutes=5)
MOST = 100_000  # contacts; more are not counted
LAST_DUE = 1_000  # contacts among which the last error is looked for


class Backlog(NamedTuple):
    """The pending contacts, and why delivery is paused."""

    pending: int  # MOST means at least so many
    failing_alone: int  # of the pending, while contacts of others get through
    oldest: datetime | None  # first play of the oldest contact that does not fail alone
    last_error: str
    pause: DeliveryPause | None

    @classmethod
    def read(cls) -> Self:
        # Only columns of the index game_undelivered, so that no player's row is read for a count.
        pending = Game.objects.filter(contact_state=ContactState.PENDING)
        pending = pending.order_by("first_played_at")
        alone = fails_alone()
        waiting = pending.exclude(alone).filter(first_played_at__isnull=False)
        longest = Subquery(waiting.values("first_played_at")[:1])
        counted = pending.values("contact_state", "contact_failing_since", longest=longest)[:MOST]
        totals = counted.aggregate(
            n=Count("contact_state"),
            alone=Count("contact_state", filter=alone),
            oldest=Max("longest"),
        )
        # A failure delays the next attempt, so that failed contacts are due last.
        errors = pending.order_by("-contact_due_at").values_list("contact_error", flat=True)
        last_error = next(filter(None, errors[:LAST_DUE]), "")
        pause = DeliveryPause.objects.first()
        return cls(totals["n"], totals["alone"], totals["oldest"], last_error, pause)

    @property
    def is_capped(self) -> bool:
        return self.pending >= MOST

    @property
    def late(self) -> bool:
        """Whether a contact waits for longer than its own play and one round of delivery."""
        return self.oldest is not None and timezone.now() - self.oldest > LATE_AFTER

    @property
    def oldest_seconds(self) -> float:
        return (timezone.now() - self.oldest).total_seconds() if self.oldest else 0.0


_cache: dict[str, tuple[float, Backlog | None]] = {}


def recent_backlog() -> Backlog | None:
    """Return the backlog, seconds old, or the last one that could be counted in time, if any."""
    until, backlog = _cache.get("backlog", (0.0, None))
    begin = time.monotonic()
    if begin >= until:
        try:
            with limited(), transaction.atomic():
                if connection.vendor == "postgresql":
                    with connection.cursor() as cursor:
                        cursor.execute(STATEMENT_TIMEOUT)
                backlog = Backlog.read()
        except Error as error:
            logger.warning("the backlog was not counted: %s", type(error).__name__)
        end = time.monotonic()
        _cache["backlog"] = (end + max(CACHE_SECONDS, CACHE_FACTOR * (end - begin)), backlog)
    return backlog


def database_answers() -> bool:
    """Return whether a query that needs no table gets an answer. A slow count does not matter."""
    try:
        PING.execute(number=1)
    except Error:
        return False
    return True


class BacklogCollector(Collector):
    """The backlog as metrics. An unavailable database is a metric too, not a failure."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        database_up = database_answers()
        yield GaugeMetricFamily(
            "esp_mail_database_up", "Whether the database answers.", value=float(database_up)
        )
        backlog = recent_backlog() if database_up else None
        if backlog is None:
            return
        yield GaugeMetricFamily(
            "esp_mail_contacts_pending",
            f"Contacts owed to the ESP; {MOST} are at least so many.",
            value=backlog.pending,
        )
        yield GaugeMetricFamily(
            "esp_mail_contacts_oldest_pending_seconds",
            "Time since the first play of the longest pending contact that does not fail alone.",
            value=backlog.oldest_seconds,
        )
        yield GaugeMetricFamily(
            "esp_mail_delivery_paused",
            "Whether delivery stands still until an operator mends the ESP's key or list.",
            value=float(backlog.pause is not None),
        )
