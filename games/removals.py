"""Asking the ESP to forget the contacts of those who were erased; delivery does it."""

import logging

from django.db import transaction

from esp.backends import get_backend
from esp.backends.base import ForgetsContacts
from esp.errors import ContactRejected, ESPError, ESPMisconfigured, NotAsked
from esp.gate import get_gate
from games.contacts import log_fault
from games.erasures import ErasedKey, Erasure
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
    email = str(erasure.email)
    try:
        with get_gate().backend(seconds=seconds) as backend:
            if not isinstance(get_backend(), ForgetsContacts):  # another ESP than it was
                Erasure.objects.by_hand(erasure)
                return "removed"
            backend.remove_contact(email)
    except ContactRejected:
        pass  # an address that the ESP refuses is none that it holds
    except NotAsked:
        Erasure.objects.give_back(erasure)
        return "pending"
    except ESPError as error:
        if isinstance(error, ESPMisconfigured):
            logger.error("removal waits for an operator: %s", error)  # noqa: TRY400
        Erasure.objects.try_later(erasure, str(error), getattr(error, "retry_after", None))
        return "pending"
    except Exception as error:  # noqa: BLE001 - as in settle()
        log_fault(error)
        Erasure.objects.try_later(erasure, type(error).__name__)
        return "pending"
    with transaction.atomic():
        if Game.objects.is_held(email):  # who asks just now may have heard of the old contact
            Erasure.objects.try_later(erasure, "")
            return "pending"
        Erasure.objects.removed(erasure)
        # Whoever played again since gave a new consent, and the ESP has just lost it.
        Game.objects.settle_again(email)
    return "removed"
