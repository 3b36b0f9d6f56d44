"""Where the two systems meet: the plays in the database and the contacts at the ESP."""

import logging
import traceback
from typing import NamedTuple

from django.db import DatabaseError, transaction

from esp.backends import get_backend
from esp.errors import ContactRejected, ESPError
from games.contact_state import ContactState
from games.models import Game, Play

logger = logging.getLogger(__name__)


class PlayResult(NamedTuple):
    """What the frontend is told of a play."""

    esp_status: bool | None
    games_status: bool
    games_count: int


class Outcome(NamedTuple):
    """What came of asking the ESP for a contact."""

    state: ContactState
    esp_status: bool | None  # whether the ESP had the contact before it was asked
    error: str = ""


def record_play(*, email: str, idempotency_key: str | None = None) -> PlayResult:
    """Count a play of a normalised address, settle its contact if that falls to this play.

    The play and the debt to the ESP are committed before the ESP is asked, outside of any
    transaction: whatever fails later, the play stays counted and the contact pending. Raise
    IdempotencyKeyReused for a key of another address, and the database's errors, with nothing
    counted, if it fails before the commit.
    """
    play, holds_contact = Game.objects.record(email=email, idempotency_key=idempotency_key)
    if holds_contact:
        _settle(play)
    return PlayResult(
        esp_status=play.esp_status,
        games_status=play.number > 1,
        games_count=play.number,
    )


def ask_esp(email: str) -> Outcome:
    """Find out whether the ESP has the contact, and add it if not. Never raises."""
    try:
        backend = get_backend()
        if backend.has_contact(email):
            return Outcome(ContactState.FOUND, esp_status=True)
        backend.add_contact(email)
    except ContactRejected as error:
        return Outcome(ContactState.REJECTED, esp_status=False, error=str(error))
    except ESPError as error:
        logger.warning("ESP: %s: %s", type(error).__name__, error)
        return Outcome(ContactState.PENDING, esp_status=None, error=str(error))
    except Exception as error:  # noqa: BLE001 - a backend's bug must not cost the player the answer
        # Frames only: an exception's text may quote the address or the key.
        frames = "".join(traceback.format_tb(error.__traceback__))
        logger.error("ESP backend raised %s\n%s", type(error).__name__, frames)  # noqa: TRY400
        return Outcome(ContactState.PENDING, esp_status=None, error=type(error).__name__)
    return Outcome(ContactState.ADDED, esp_status=False)


def _settle(play: Play) -> None:
    outcome = ask_esp(play.game.email)
    play.esp_status = outcome.esp_status
    try:
        with transaction.atomic():
            Game.objects.store(play.game, outcome.state, outcome.error)
            play.save(update_fields=["esp_status"])
    except DatabaseError as error:
        # The play is committed, so the answer stands; the contact is asked for again when due.
        logger.error("outcome not stored: %s", type(error).__name__)  # noqa: TRY400
