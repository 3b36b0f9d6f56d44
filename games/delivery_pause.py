"""When delivery stands still for all processes, and which one of them probes."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

if TYPE_CHECKING:
    from games.models import DeliveryPause  # noqa: F401 - named by the base class

logger = logging.getLogger(__name__)

PROBE_EVERY = timedelta(seconds=60)


class DeliveryPauseQuerySet(models.QuerySet["DeliveryPause"]):
    """The one pause, or none."""

    def begin(self, reason: str) -> None:
        """Pause delivery for everyone, or keep it paused until the next probe."""
        values = {"reason": reason, "probe_at": timezone.now() + PROBE_EVERY}
        _, created = self.update_or_create(pk=1, defaults=values)
        if created:
            logger.error("delivery paused until an operator acts: %s", reason)

    def end(self) -> None:
        """Go on delivering."""
        deleted, _ = self.all().delete()
        if deleted:
            logger.warning("delivery goes on")

    def probe_now(self) -> None:
        """Let the next process that asks probe, without waiting for its turn."""
        self.update(probe_at=timezone.now())

    def may_deliver(self) -> bool:
        """Return whether there is no pause, or it falls to this process to probe."""
        now = timezone.now()
        if not self.exists():
            return True
        # Of several processes one moves the probe on, and so makes it.
        return bool(self.filter(probe_at__lte=now).update(probe_at=now + PROBE_EVERY))
