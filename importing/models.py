"""Imports: the file while it is needed, how far it is, and what it changed."""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from games.models import Game
from importing.files.limits import CPU_SECONDS

# How long a process holds an import without a sign of life. The process that reads the file may
# compute for as long as CPU_SECONDS before the first row comes.
LEASE = timedelta(seconds=CPU_SECONDS + 120)
KEPT = timedelta(days=1)  # how long a file waits for the confirmation, and values of its rows stay


class LeaseLost(Exception):
    """Another process works on the import, since this one took too long."""


class ImportState(models.TextChoices):
    READING = "reading", _("being read")
    PREVIEW = "preview", _("waits for confirmation")
    IMPORTING = "importing", _("being imported")
    DONE = "done", _("imported")
    UNDOING = "undoing", _("being taken back")
    UNDONE = "undone", _("taken back")
    REFUSED = "refused", _("not readable")
    FAILED = "failed", _("stopped by an error")
    EXPIRED = "expired", _("not confirmed in time")


AT_WORK = [ImportState.READING, ImportState.IMPORTING, ImportState.UNDOING]
UNDOABLE = [ImportState.DONE, ImportState.FAILED, ImportState.UNDONE]


class ImportQuerySet(models.QuerySet["ImportJob"]):
    def claim(self) -> "ImportJob | None":
        """Claim an import on which no process works; return None if there is none."""
        now = timezone.now()
        with transaction.atomic():
            free = self.filter(state__in=AT_WORK, lease_until__lte=now)
            job = free.select_for_update(skip_locked=True).order_by("pk").first()
            if job:
                job.lease_until, job.attempts = now + LEASE, job.attempts + 1
                job.save(update_fields=["lease_until", "attempts"])
        return job

    def expire(self) -> None:
        """Delete files that were not read or confirmed in time, and the values of rows left out."""
        now = timezone.now()
        old = self.filter(created_at__lt=now - KEPT)
        waiting = [ImportState.READING, ImportState.PREVIEW]
        for job in old.filter(state__in=waiting, lease_until__lte=now):
            with suppress(LeaseLost):  # somebody goes on with it just now
                job.close(ImportState.EXPIRED)
        for job in old.exclude(state__in=[*AT_WORK, *waiting]).exclude(left_out=b""):
            report = {name: value for name, value in job.report.items() if name != "errors"}
            self.filter(pk=job.pk).update(left_out=b"", report=report)


class ImportJob(models.Model):
    """A file that staff uploaded, from the upload until its import is taken back."""

    created_at = models.DateTimeField(_("uploaded"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, verbose_name=_("by")
    )
    file_name = models.CharField(_("file"), max_length=200)
    language = models.CharField(max_length=10)  # of whoever uploaded it; reasons are in it
    state = models.CharField(
        _("state"), max_length=9, choices=ImportState, default=ImportState.READING
    )
    error = models.CharField(max_length=20, blank=True, default="")  # why it was refused
    choices = models.JSONField(default=dict)  # what staff chose: columns, and the order of dates
    report = models.JSONField(default=dict)
    left_out = models.BinaryField(default=bytes)  # CSV, compressed: rows left out, and why
    done = models.PositiveIntegerField(default=0)  # rows read, addresses imported or taken back
    total = models.PositiveIntegerField(default=0)
    as_of = models.DateTimeField(default=timezone.now)  # the time of a play without one
    lease_until = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveIntegerField(default=0)  # since it last made progress

    objects = ImportQuerySet.as_manager()

    class Meta:
        app_label = "console"  # whose migrations make the table
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-pk"]
        default_permissions = ()  # games.import_game

    def __str__(self) -> str:
        return gettext("Import %(number)s") % {"number": self.pk}

    @property
    def at_work(self) -> bool:
        return self.state in AT_WORK

    @property
    def players_left(self) -> "models.QuerySet[ImportedRow]":
        """The rows of players who still exist: the release before may have erased some."""
        return self.rows.filter(Exists(Game.objects.filter(pk=OuterRef("game")))).order_by("pk")

    @classmethod
    @transaction.atomic
    def store(cls, chunks: Iterable[bytes], **values: Any) -> "ImportJob":
        job = cls.objects.create(**values)
        for chunk in chunks:
            job.chunks.create(data=zlib.compress(chunk, 1))
        return job

    def read_file(self) -> Iterator[bytes]:
        # By number: a cursor of the server would need a transaction as long as the reading.
        for pk in self.chunks.order_by("pk").values_list("pk", flat=True):
            yield zlib.decompress(self.chunks.get(pk=pk).data)

    def renew(self, *, free: bool = False, **changes: Any) -> None:
        """Store changes, and hold the import for longer, or free it.

        Raise LeaseLost if another process holds it. Whoever has made progress sets `attempts` to 0.
        """
        until = timezone.now() + (timedelta(0) if free else LEASE)
        held = ImportJob.objects.filter(pk=self.pk, lease_until=self.lease_until)
        if not held.update(lease_until=until, **changes):
            raise LeaseLost
        self.lease_until = until

    def move(self, old: ImportState, new: ImportState, **changes: Any) -> bool:
        """Change the state, unless somebody else has; return whether it was changed."""
        still = ImportJob.objects.filter(pk=self.pk, state=old)
        changes |= {"state": new, "done": 0, "attempts": 0, "lease_until": timezone.now()}
        return bool(still.update(**changes))

    def close(self, state: ImportState, **changes: Any) -> None:
        """Store the last state, and delete the file and the rows that the preview showed.

        Raise LeaseLost if another process holds the import.
        """
        with transaction.atomic():
            self.chunks.all().delete()
            report = {name: value for name, value in self.report.items() if name != "sample"}
            held = ImportJob.objects.filter(pk=self.pk, lease_until=self.lease_until)
            if not held.update(state=state, report=report, **changes):
                raise LeaseLost


class ImportChunk(models.Model):
    """A part of an import's file, compressed. Web and delivery may be on different machines."""

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="chunks")
    data = models.BinaryField()

    class Meta:
        app_label = "console"  # whose migrations make the table
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.job}, {self.pk}"


class ImportedRow(models.Model):
    """A player whom an import made or changed: what the row was before, and after.

    It goes with its player. What is left after an import was taken back was changed since.
    """

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="rows")
    # Without a constraint in the database: the release before this table may erase players too.
    game = models.ForeignKey(
        Game, models.CASCADE, related_name="imported_rows", db_constraint=False
    )
    created = models.BooleanField()
    plays_before = models.PositiveIntegerField()
    last_before = models.DateTimeField(null=True)
    plays_after = models.PositiveIntegerField()
    last_after = models.DateTimeField(null=True)
    address_hash = models.CharField(max_length=32)  # keyed; staff may correct the address later

    class Meta:
        app_label = "console"  # whose migrations make the table
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["job", "game"], name="importedrow_once"),
        ]

    def __str__(self) -> str:
        return f"{self.job}, {self.game}"
