"""Asking the ESP to forget the contacts of those who were erased; delivery does it."""

import logging
from contextlib import suppress

from django.conf import settings
from django.db import transaction

from esp.backends.base import ForgetsContacts
from esp.errors import ContactRejected, ESPError, ESPMisconfigured, NotAsked
from esp.gate import get_gate
from games.contacts import log_fault
from games.erasures import ErasedKey, Erasure, RemovalState
from games.models import Game

logger = logging.getLogger(__name__)


def remove_next(*, seconds: float) -> str:
    """Take on one due removal; return what came of it: "removed", "pending", "" if none is due.

    A failure concerns this removal alone. Also where the ESP refuses the key: one that may add but
    not delete must not stop the delivery of contacts. The reason is logged, and shown to staff.
    """
    erasure = Erasure.objects.claim_due()
    if erasure is None:
        ErasedKey.objects.drop_old()
        return ""
    try:
        return _remove(erasure, seconds)
    except NotAsked:
        Erasure.objects.give_back(erasure)
    except ESPError as error:
        if isinstance(error, ESPMisconfigured):
            logger.error("removal waits for an operator: %s", error)  # noqa: TRY400
        Erasure.objects.try_later(erasure, str(error), getattr(error, "retry_after", None))
    except Exception as error:  # noqa: BLE001 - as in settle()
        log_fault(error)
        Erasure.objects.try_later(erasure, type(error).__name__)
    return "pending"


def _remove(erasure: Erasure, seconds: float) -> str:
    email = str(erasure.email)
    # An address that the ESP refuses is none that it holds.
    with suppress(ContactRejected), get_gate().backend(seconds=seconds) as backend:
        # Another ESP than when it was erased never had it: its "not here" would say nothing.
        known = erasure.backend == settings.ESP_BACKEND
        if not (known and isinstance(backend, ForgetsContacts)):
            Erasure.objects.close(erasure, RemovalState.BY_HAND)
            return "removed"
        backend.remove_contact(email)
    with transaction.atomic():
        if Game.objects.is_held(email):  # who asks just now may have heard of the old contact
            Erasure.objects.try_later(erasure, "")
            return "pending"
        Erasure.objects.close(erasure, RemovalState.DONE)
        # Whoever played again since gave a new consent, and the ESP has just lost it.
        Game.objects.settle_again(email)
    return "removed"
