"""Delivery: settling, later, the contacts that are still owed to the ESP."""

import logging
import threading
import time
from collections import Counter

from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone

from esp.gate import get_gate
from esp_mail.keyed_hash import keyed_hash
from esp_mail.logs import lines_about
from games.contact_state import ContactState
from games.contacts import Outcome, settle
from games.exceptions import database_is_away
from games.metrics import DELIVERED
from games.models import DeliveryPause, Game
from games.removals import remove_next

logger = logging.getLogger(__name__)

IDLE = 2.0  # seconds between looks at the database where nothing is due, or it is away
CONTACT_BUDGET = 12.0  # seconds for one contact; well within the lease


class Delivery:
    """Takes due contacts in small batches and settles them one by one, until told to stop.

    Any number of processes may deliver at once. What a process claimed is freed by its lease if
    the process dies. `rate`: contacts a second at most, each two calls to the ESP or three.
    """

    def __init__(self, *, batch: int = 20, rate: float | None = None) -> None:
        self.batch = batch
        self.interval = 1 / rate if rate else 0.0
        self.stopping = threading.Event()

    def run(self) -> None:
        """Deliver until `stopping` is set; outlives restarts of the database."""
        away = False
        while not self.stopping.is_set():
            try:
                delivered = self.deliver_batch()
            except (DatabaseError, InterfaceError) as error:
                if not database_is_away(error):
                    raise
                if not away:
                    logger.error("database unavailable: %s", type(error).__name__)  # noqa: TRY400
                away, delivered = True, Counter()
                connection.close()
            else:
                away = False
            if not delivered:
                self.stopping.wait(max(IDLE, get_gate().breaker.wait_seconds))

    def run_once(self) -> Counter[str]:
        """Deliver what is due now; return how many contacts came to which state.

        Somebody who asks for it may just have mended the settings: a pause is probed at once.
        """
        DeliveryPause.objects.probe_now()
        total: Counter[str] = Counter()
        while not self.stopping.is_set() and (delivered := self.deliver_batch()):
            total += delivered
        return total

    def deliver_batch(self) -> Counter[str]:
        """Deliver one batch; return how many contacts came to which state, nothing if none may."""
        delivered: Counter[str] = Counter()
        if get_gate().breaker.wait_seconds or not DeliveryPause.objects.may_deliver():
            return delivered
        self._remove(delivered)
        games = Game.objects.claim_due(self.batch)
        if not games:  # nobody is kept waiting, nor is there anything to probe with
            DeliveryPause.objects.end()
        while games and self._goes_on(games[0]):
            started = time.monotonic()
            game = games.pop(0)
            delivered[self._settle(game)] += 1
            self.stopping.wait(max(0.0, started + self.interval - time.monotonic()))
        Game.objects.release(games)
        if delivered:
            logger.info("delivered: %s", dict(delivered))
        return delivered

    def _remove(self, delivered: Counter[str]) -> None:
        """Have the ESP forget whom it is owed to forget, a batch at most."""
        for _ in range(self.batch):
            if self.stopping.is_set() or get_gate().breaker.wait_seconds:
                return
            if not (state := remove_next(seconds=CONTACT_BUDGET)):
                return
            delivered[state] += 1

    def _goes_on(self, game: Game) -> bool:
        """Return whether to settle this next one of the batch, rather than give the rest back."""
        lease = (game.contact_due_at - timezone.now()).total_seconds()
        return (
            lease > CONTACT_BUDGET
            and not self.stopping.is_set()
            and not get_gate().breaker.wait_seconds
        )

    def _settle(self, game: Game) -> str:
        """Settle one contact; what is logged meanwhile names the request that left it."""
        with lines_about(request_id=game.request_id, address_hash=keyed_hash(game.email)):
            outcome = settle(game.email, seconds=CONTACT_BUDGET)
            self._store(game, outcome)
            logger.info("contact %s", outcome.state)
        DELIVERED.labels(outcome.state).inc()
        return str(outcome.state)

    def _store(self, game: Game, outcome: Outcome) -> None:
        Game.objects.store(game, outcome)
        if outcome.misconfigured:
            DeliveryPause.objects.begin(outcome.error)
        elif outcome.state != ContactState.PENDING:
            DeliveryPause.objects.end()
