"""Idempotency keys of erased plays, so that a repeated request is still not counted twice."""

from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

# A client repeats a request within minutes; a day later its key has no meaning.
KEY_LIFETIME = timedelta(days=1)


class ErasedKeyQuerySet(models.QuerySet["ErasedKey"]):
    def delete_old(self) -> Any:
        """Delete the keys that no client repeats any more."""
        return self.filter(erased_at__lt=timezone.now() - KEY_LIFETIME).delete()


class ErasedKey(models.Model):
    """The key of one erased play, hashed, with the answer that the play was given."""

    digest = models.CharField(max_length=64, unique=True)
    address_digest = models.CharField(max_length=64, db_default="")
    erased_at = models.DateTimeField(db_default=Now())
    number = models.PositiveIntegerField()
    esp_status = models.BooleanField(null=True)
    # Only the release before 1.0 reads it. Drop the column in the release after 1.0.
    erasure_id = models.BigIntegerField(editable=False)

    objects = ErasedKeyQuerySet.as_manager()

    def __str__(self) -> str:
        return self.digest
