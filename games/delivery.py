"""Delivery: settle, later, the contacts that are still pending."""

import logging
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from esp.backends import bulk_size
from esp.backends.base import NO_FIELDS, Fields
from esp.client import get_client
from esp.errors import ESPMisconfigured
from esp.probe import PATIENCE
from games.contact_queue import claim_due, release, store
from games.contact_state import Outcome
from games.contacts import fields_of, settle, settle_many
from games.delivery_pause import DeliveryPause, pause_is_over
from games.metrics import DELIVERED
from games.models import Game
from serving.exceptions import database_is_unavailable
from serving.keyed_hash import keyed_hash
from serving.logs import logging_context
from serving.threads import in_threads

logger = logging.getLogger(__name__)

IDLE_SECONDS = 2.0  # between looks at the database while nothing is due or it is unavailable
CONTACT_BUDGET = 12.0  # seconds for one contact or bulk call; well within the lease
SMALL_BULK = 16  # contacts; fewer are settled one by one


class Job(Protocol):
    """Something that delivery does in batches."""

    def run_batch(self, stopping: threading.Event) -> Counter[str]:
        """Do one batch; return how many items came to which state, nothing if none is due."""
        ...


class Delivery:
    """Runs its jobs in turn, batch by batch, until told to stop.

    Any number of processes may deliver at once. What a process claimed is freed by its lease if the
    process dies.
    """

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = jobs
        self.stopping = threading.Event()

    def run(self) -> None:
        """Deliver until `stopping` is set. Restarts of the database are waited for."""
        unavailable = False
        while not self.stopping.is_set():
            try:
                delivered = self.deliver_batch()
            except (DatabaseError, InterfaceError) as error:
                if not database_is_unavailable(error):
                    raise
                if not unavailable:
                    logger.error("database unavailable: %s", type(error).__name__)  # noqa: TRY400
                unavailable, delivered = True, Counter()
                connection.close()
            else:
                unavailable = False
            if not delivered:
                self.stopping.wait(self.idle_seconds())

    def idle_seconds(self) -> float:
        return max(IDLE_SECONDS, get_client().breaker.wait_seconds)

    def run_once(self) -> Counter[str]:
        """Deliver what is due now; return how many items came to which state.

        An operator who runs this may just have corrected the settings, so a pause is probed at
        once.
        """
        DeliveryPause.objects.probe_now()
        total: Counter[str] = Counter()
        while not self.stopping.is_set() and (delivered := self.deliver_batch()):
            total += delivered
        return total

    def deliver_batch(self) -> Counter[str]:
        """Run one batch of each job, unless the ESP does not work or delivery is paused."""
        delivered: Counter[str] = Counter()
        if get_client().breaker.wait_seconds or not pause_is_over():
            return delivered
        for job in self.jobs:
            delivered += job.run_batch(self.stopping)
        if delivered:
            logger.info("delivered: %s", dict(delivered))
        return delivered


class ContactsJob:
    """Settles due contacts: many in one call where the backend can, else several at once."""

    def __init__(self, *, batch: int = 100) -> None:
        self.batch = batch
        self.bulk_size = self.largest_bulk = bulk_size()

    def run_batch(self, stopping: threading.Event) -> Counter[str]:
        if self.bulk_size < SMALL_BULK:
            self.bulk_size = self.largest_bulk
            return self._deliver_singly(claim_due(self.batch), stopping)
        return self._deliver_in_bulk(claim_due(self.bulk_size), stopping)

    def _deliver_in_bulk(self, players: list[Game], stopping: threading.Event) -> Counter[str]:
        """Settle the contacts in one call.

        If that fails, one of them may be the reason. So each quarter is tried, and at last each
        contact by itself; then only the one that is the reason backs off.
        """
        fresh = [player.email for player in players if not player.contact_was_absent]
        if len(fresh) < SMALL_BULK or not _may_continue(players[0], stopping):
            return self._deliver_singly(players, stopping)
        try:
            outcomes = settle_many(fresh, seconds=CONTACT_BUDGET, fields=fields_of(players))
        except ESPMisconfigured as error:
            DeliveryPause.objects.begin(str(error))
            release(players)
            return Counter()
        if not outcomes:
            size = self.bulk_size = len(players) // 4  # smaller next time, if the lease runs out
            quarters = [players[at : at + size] for at in range(0, len(players), size)]
            return sum((self._deliver_in_bulk(some, stopping) for some in quarters), Counter())
        self.bulk_size = self.largest_bulk
        known = [player for player in players if player.email in outcomes]
        delivered: Counter[str] = Counter()
        for player in known:
            with _log_context(player):
                delivered[_store(player, outcomes[player.email])] += 1
        rest = [player for player in players if player.email not in outcomes]
        return delivered + self._deliver_singly(rest, stopping)

    def _deliver_singly(self, players: list[Game], stopping: threading.Event) -> Counter[str]:
        fields = fields_of(players)

        def deliver(player: Game) -> str | None:
            return _deliver(player, fields) if _may_continue(player, stopping) else None

        threads = min(settings.ESP_DELIVERY_THREADS, settings.ESP_CONCURRENCY)
        states = list(in_threads(deliver, players, threads=threads))
        left = [player for player, state in zip(players, states, strict=True) if state is None]
        release(left)
        return Counter(state for state in states if state)


def _may_continue(player: Game, stopping: threading.Event) -> bool:
    """Return whether there is time and reason to settle this contact of the batch."""
    lease = (player.contact_due_at - timezone.now()).total_seconds()
    enough = lease > CONTACT_BUDGET + PATIENCE  # a probe may come on top
    return enough and not stopping.is_set() and not get_client().breaker.wait_seconds


def _deliver(player: Game, fields: Mapping[str, Fields]) -> str | None:
    """Settle one contact; return None if it could not be asked for."""
    with _log_context(player):
        outcome = settle(
            player.email,
            seconds=CONTACT_BUDGET,
            was_absent=player.contact_was_absent,
            patient=True,
            fields=fields.get(player.email, NO_FIELDS),
        )
        if outcome.misconfigured:
            DeliveryPause.objects.begin(outcome.error)
        return _store(player, outcome) if outcome.asked else None


def _log_context(player: Game) -> AbstractContextManager[None]:
    """Give the log lines of a contact the id of the request that made it pending."""
    return logging_context(request_id=player.request_id, address_hash=keyed_hash(player.email))


def _store(player: Game, outcome: Outcome) -> str:
    store(player, outcome)
    logger.info("contact %s", outcome.state)
    DELIVERED.labels(outcome.state).inc()
    return str(outcome.state)
