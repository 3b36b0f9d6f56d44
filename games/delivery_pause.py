"""The pause of delivery, for all processes at once, and which process probes whether it may end."""

import logging
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from esp.client import get_client
from esp.errors import ESPMisconfigured

logger = logging.getLogger(__name__)

PROBE_INTERVAL = timedelta(seconds=60)


class DeliveryPauseQuerySet(models.QuerySet["DeliveryPause"]):
    """The table of one row, or none."""

    def begin(self, reason: str) -> None:
        """Pause delivery for all processes, or extend the pause until the next probe."""
        values = {"reason": reason, "probe_at": timezone.now() + PROBE_INTERVAL}
        _, created = self.update_or_create(pk=1, defaults=values)
        if created:
            logger.error("delivery paused until an operator acts: %s", reason)

    def end(self) -> None:
        """End the pause."""
        deleted, _ = self.all().delete()
        if deleted:
            logger.warning("delivery continues")

    def probe_now(self) -> None:
        """Let the next process that asks probe at once."""
        self.update(probe_at=timezone.now())

    def may_probe(self) -> bool:
        """Return whether this process is the one to find out if the pause may end."""
        now = timezone.now()
        # A time further ahead is from before the clock was set back.
        due = Q(probe_at__lte=now) | Q(probe_at__gt=now + PROBE_INTERVAL)
        # Of several processes only one updates the row, and so only one probes.
        return bool(self.filter(due).update(probe_at=now + PROBE_INTERVAL))


class DeliveryPause(models.Model):
    """Delivery is paused: the ESP says that the key, a right or the list is wrong."""

    reason = models.CharField(max_length=200)
    since = models.DateTimeField(default=timezone.now)
    probe_at = models.DateTimeField()

    objects = DeliveryPauseQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="delivery_pause_single")]

    def __str__(self) -> str:
        return self.reason


def pause_is_over() -> bool:
    """Return whether delivery may go on. During a pause, one process a minute probes the ESP."""
    if not DeliveryPause.objects.exists():
        return True
    if not DeliveryPause.objects.may_probe():
        return False
    try:
        get_client().probe()
    except ESPMisconfigured as error:
        DeliveryPause.objects.begin(str(error))
        return False
    except Exception:  # noqa: BLE001 - the breaker has noted it
        return False
    DeliveryPause.objects.end()
    return True
