"""One play: where the database and the ESP meet, and in which order."""

import logging
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from esp.backends.base import NO_FIELDS
from games.contacts import fields_of, settle, store_for_play
from games.counting import NewPlay, count_play
from games.delivery_pause import DeliveryPause
from games.metrics import PLAYS
from games.models import Play

logger = logging.getLogger(__name__)

plays_counter = cache(PLAYS.labels)
STATUS_LABELS = {True: "true", False: "false", None: "null"}


class PlayResult(NamedTuple):
    """The answer to a play."""

    esp_status: bool | None
    games_status: bool
    games_count: int


def record_play(play: NewPlay) -> PlayResult:
    """Count a play, and settle the contact of its address if this play claimed it.

    1. Count the play and claim the contact, in one transaction.
    2. Ask the ESP, outside any transaction.
    3. Store what the ESP said.

    Whatever fails after step 1, the play stays counted and the contact stays pending. Raise
    what count_play() raises, and the database's errors if step 1 fails; then nothing is counted.
    """
    number, esp_status, to_settle, repeated = count_play(play)
    if to_settle:
        esp_status = _settle(to_settle)
    player = "repeated" if repeated else "returning" if number > 1 else "new"
    plays_counter(player, STATUS_LABELS[esp_status]).inc()
    return PlayResult(esp_status, games_status=number > 1, games_count=number)


def _settle(play: Play) -> bool | None:
    player = play.game
    fields = play.fields or NO_FIELDS
    if not fields and play.number > 1:  # an earlier play may have brought some
        fields = fields_of([player]).get(player.email, NO_FIELDS)
    outcome = settle(
        player.email,
        seconds=settings.ESP_BUDGET,
        was_absent=player.contact_was_absent,
        fields=fields,
    )
    try:
        store_for_play(play, outcome)
        if outcome.misconfigured:
            DeliveryPause.objects.begin(outcome.error)
    except (DatabaseError, InterfaceError) as error:
        # The play is committed, so the answer is true. Delivery asks for the contact again.
        logger.error("outcome not stored: %s", type(error).__name__)  # noqa: TRY400
    return outcome.esp_status
