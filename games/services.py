"""Where the two systems meet: the plays in the database and the contacts at the ESP."""

import logging
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from esp.gate import get_gate
from games.contacts import settle
from games.metrics import PLAYS
from games.models import DeliveryPause, Game, Play

logger = logging.getLogger(__name__)

plays_of = cache(PLAYS.labels)
STATUSES = {True: "true", False: "false", None: "null"}


class PlayResult(NamedTuple):
    """What the frontend is told of a play."""

    esp_status: bool | None
    games_status: bool
    games_count: int


def record_play(*, email: str, idempotency_key: str | None = None) -> PlayResult:
    """Count a play of a normalised address, settle its contact if that falls to this play.

    The play and the debt to the ESP are committed before the ESP is asked, outside of any
    transaction: whatever fails later, the play stays counted and the contact pending. Raise
    IdempotencyKeyReused for a key of another address, and the database's errors, with nothing
    counted, if it fails before the commit.
    """
    number, esp_status, held, repeated = Game.objects.record(
        email=email,
        idempotency_key=idempotency_key,
        # A contact that could not be settled now is left to delivery, which need not wait then.
        claim_contact=get_gate().is_open(),
    )
    if held:
        esp_status = _settle(held)
    player = "repeated" if repeated else "returning" if number > 1 else "new"
    plays_of(player, STATUSES[esp_status]).inc()
    return PlayResult(esp_status, games_status=number > 1, games_count=number)


def _settle(play: Play) -> bool | None:
    outcome = settle(play.game.email, seconds=settings.ESP_BUDGET)
    try:
        Game.objects.store_play(play, outcome)
        if outcome.misconfigured:
            DeliveryPause.objects.begin(outcome.error)
    except (DatabaseError, InterfaceError) as error:
        # The play is committed, so the answer stands; the contact is asked for again when due.
        logger.error("outcome not stored: %s", type(error).__name__)  # noqa: TRY400
    return outcome.esp_status
