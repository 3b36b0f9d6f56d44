"""Removing at the ESP the contacts of those who were erased, withdrew or have a new address."""

import logging
import threading
import time
from collections import Counter
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from esp.backends import get_backend
from esp.backends.base import ForgetsContacts
from esp.client import get_client
from esp.errors import ContactRejected, ESPCallSkipped, ESPError, ESPMisconfigured
from games.contact_queue import deliver_again, is_held
from games.contacts import log_bug
from games.delivery import CONTACT_BUDGET
from games.erased_keys import ErasedKey
from games.models import LEASE, Game
from privacy.models import Erasure, RemovalState
from serving.keyed_hash import keyed_hash

logger = logging.getLogger(__name__)

CLEANUP_INTERVAL = 3600.0  # seconds


def esp_forgets() -> bool:
    return isinstance(get_backend(), ForgetsContacts)


def remove_at_esp(email: str, *, reason: str, by: Any, only_contact: bool = False) -> Erasure:
    """Let delivery, or staff where the ESP has no call for it, remove the contact at the ESP."""
    esp_must_forget = esp_forgets()
    return Erasure.objects.create(
        digest=keyed_hash(email),
        by=by,
        reason=reason,
        email=email if esp_must_forget else None,
        backend=settings.ESP_BACKEND,
        esp_state=RemovalState.PENDING if esp_must_forget else RemovalState.BY_HAND,
        only_contact=only_contact,
        # Twice a lease: clocks differ, and an ESP may carry out late what it did not answer.
        due_at=timezone.now() + 2 * LEASE,
    )


class RemovalsJob:
    """Removes due contacts one by one, and old idempotency keys once an hour."""

    def __init__(self, *, batch: int = 20) -> None:
        self.batch = batch
        self._cleanup_at = 0.0

    def run_batch(self, stopping: threading.Event) -> Counter[str]:
        removed: Counter[str] = Counter()
        if time.monotonic() >= self._cleanup_at:
            ErasedKey.objects.delete_old()
            self._cleanup_at = time.monotonic() + CLEANUP_INTERVAL
        for _ in range(self.batch):
            if stopping.is_set() or get_client().breaker.wait_seconds:
                break
            erasure = Erasure.objects.claim_due()
            if erasure is None:
                break
            removed[_remove(erasure)] += 1
        return removed


def _remove(erasure: Erasure) -> str:
    """Remove one contact; return "removed" or "pending".

    A failure concerns this removal alone, even if the ESP refuses the key: a key that may add but
    not delete must not stop the delivery of contacts. The reason is logged and shown to staff.
    """
    try:
        return _ask_esp(erasure)
    except ESPCallSkipped:
        Erasure.objects.release(erasure)
    except ESPError as error:
        if error.answered or isinstance(error, ESPMisconfigured):
            logger.error("removal waits for an operator: %s", error)  # noqa: TRY400
        Erasure.objects.retry_later(erasure, str(error), error.retry_after)
    except Exception as error:  # noqa: BLE001 - a bug of a backend must not stop delivery
        log_bug(error)
        Erasure.objects.retry_later(erasure, type(error).__name__)
    return "pending"


def _ask_esp(erasure: Erasure) -> str:
    email = str(erasure.email)
    # An address that the ESP rejects cannot be one of its contacts.
    with (
        suppress(ContactRejected),
        get_client().calls(seconds=CONTACT_BUDGET, patient=True) as backend,
    ):
        # An ESP that was set up after the erasure never had the contact. Its "not found" says
        # nothing.
        if erasure.backend != settings.ESP_BACKEND or not backend.forgets_contacts:
            Erasure.objects.close(erasure, RemovalState.BY_HAND)
            return "removed"
        backend.remove_contact(email)
    with transaction.atomic():
        if is_held(email):  # whoever asks the ESP now may still have seen the old contact
            Erasure.objects.retry_later(erasure, "")
            return "pending"
        Erasure.objects.close(erasure, RemovalState.DONE)
        # A person who played again has given a new consent; the ESP has just lost the contact.
        deliver_again(Game.objects.filter(email=email))
    return "removed"
