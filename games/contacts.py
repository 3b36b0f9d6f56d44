"""Settling one contact: ask the ESP whether it has it, add it if not, store the outcome."""

import logging
import traceback
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.db import connection, transaction

from esp.backends.base import NO_FIELDS, Fields
from esp.client import get_client
from esp.errors import ContactRejected, ESPCallSkipped, ESPError, ESPMisconfigured
from games.contact_queue import store
from games.contact_state import ADDED, FOUND, ContactState, Outcome
from games.models import Game, Play
from games.statements import SETTLE

logger = logging.getLogger(__name__)


def settle(
    email: str,
    *,
    seconds: float,
    was_absent: bool = False,
    patient: bool = False,
    fields: Fields = NO_FIELDS,
) -> Outcome:
    """Ask the ESP for the contact, and add it if need be, within `seconds`. Never raise.

    `fields`: the play's, which the ESP gets with a new contact. `was_absent`: an earlier attempt
    found that the ESP does not have it. `patient`: let calls for new players go first.
    """
    esp_fields = _named_for_esp(fields)
    try:
        with get_client().calls(seconds=seconds, patient=patient) as backend:
            if not was_absent:
                if backend.adds_or_finds:
                    return FOUND if backend.add_or_find(email, esp_fields) else ADDED
                if backend.has_contact(email):
                    return FOUND
            again, was_absent = was_absent, True
            backend.add_contact(email, again=again, fields=esp_fields)
    except ContactRejected as error:
        return Outcome(ContactState.REJECTED, esp_status=False, error=str(error))
    except ESPError as error:
        return _pending(error, was_absent=was_absent or error.half_done)
    except Exception as error:  # noqa: BLE001 - a bug of a backend must not cost the player the answer
        log_bug(error)
        return Outcome(ContactState.PENDING, None, type(error).__name__, was_absent=was_absent)
    return ADDED


def settle_many(
    emails: Sequence[str], *, seconds: float, fields: Mapping[str, Fields] = NO_FIELDS
) -> dict[str, Outcome]:
    """Settle contacts in one go; leave out those that must be settled one by one.

    `fields`: those of plays, by address. Raise ESPMisconfigured if an operator must act.
    """
    esp_fields = {email: named for email in fields if (named := _named_for_esp(fields[email]))}
    try:
        with get_client().calls(seconds=seconds, patient=True) as backend:
            known = backend.settle_many(emails, esp_fields)
    except ESPMisconfigured:
        raise
    except ESPError as error:
        logger.info("bulk call failed: %s", error)
        return {}
    except Exception as error:  # noqa: BLE001 - a bug of a backend must not stop delivery
        log_bug(error)
        return {}
    return {email: FOUND if was_known else ADDED for email, was_known in known.items()}


def _named_for_esp(fields: Fields) -> Fields:
    """Return the fields that the ESP gets, by its own names (ESP_FIELDS)."""
    return {
        settings.ESP_FIELDS[name]: fields[name] for name in fields if name in settings.ESP_FIELDS
    }


def fields_of(players: Sequence[Game]) -> dict[str, Fields]:
    """Return the fields of each player's newest play that has some, by address."""
    if not settings.ESP_FIELDS:
        return {}
    emails = {player.pk: player.email for player in players}
    plays = Play.objects.filter(game__in=players, fields__isnull=False).order_by("number")
    return {emails[play.game_id]: play.fields or {} for play in plays.only("game", "fields")}


def log_bug(error: Exception) -> None:
    """Log a backend's bug: the frames only, since its text may contain the address or the key."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    logger.error("ESP backend raised %s\n%s", type(error).__name__, frames)


def _pending(error: ESPError, *, was_absent: bool) -> Outcome:
    asked = not isinstance(error, ESPCallSkipped)
    return Outcome(
        ContactState.PENDING,
        esp_status=None,
        error=str(error) if asked else "",
        retry_after=error.retry_after,
        asked=asked,
        misconfigured=isinstance(error, ESPMisconfigured),
        was_absent=was_absent,
    )


def store_for_play(play: Play, outcome: Outcome) -> None:
    """Store the outcome for the player and for the play that claimed the contact."""
    if outcome.state == ContactState.PENDING:  # the play's esp_status stays unknown
        store(play.game, outcome)
    elif connection.vendor == "postgresql":
        SETTLE.execute(  # one round trip instead of four
            game=play.game_id,
            play=play.pk,
            state=outcome.state,
            error=outcome.error,
            esp_status=outcome.esp_status,
        )
    else:
        with transaction.atomic():
            store(play.game, outcome)
            # Updating nothing is fine: the player may have been erased in the meantime.
            Play.objects.filter(pk=play.pk).update(esp_status=outcome.esp_status)
