"""Works on imports: reads their files, imports what staff confirmed, takes imports back."""

import csv
import io
import logging
import threading
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.db import DatabaseError, InterfaceError, transaction
from django.utils import translation

from importing import undo
from importing.files.limits import Refused
from importing.known_addresses import import_known_addresses
from importing.models import ImportedRow, ImportJob, ImportState, LeaseLost
from importing.people import ImportReport, Reading
from importing.reading import Table
from importing.values import DayOrder
from serving.exceptions import database_is_unavailable

logger = logging.getLogger(__name__)

SHOWN = 20  # rows and reasons
MAX_ATTEMPTS = 5  # without progress
SIGN_OF_LIFE = 2.0  # seconds
NUMBERS = ("new", "raised", "unchanged", "plays")


class Stopped(Exception):
    """The process was told to stop; another goes on."""


class ImportsJob:
    """Works on one import at a time, and deletes what is kept for a day at most."""

    def run_batch(self, stopping: threading.Event) -> Counter[str]:
        ImportJob.objects.expire()
        job = ImportJob.objects.claim()
        if job is None:
            return Counter()
        work_on(job, stopping)
        return Counter(imports=1)


def work_on(job: ImportJob, stopping: threading.Event) -> None:
    """Do what the claimed import's state asks for; release it if the process must stop.

    Do no more than that if another process holds it by now. Raise if the database is unavailable.
    """
    steps = {
        ImportState.READING: _preview,
        ImportState.IMPORTING: _import,
        ImportState.UNDOING: _undo,
    }
    with suppress(LeaseLost):
        if job.attempts > MAX_ATTEMPTS:  # each process that tried has died
            job.close(ImportState.FAILED)
            return
        try:
            with translation.override(job.language):
                steps[ImportState(job.state)](job, stopping)
        except Refused as refusal:
            job.close(ImportState.REFUSED, error=str(refusal))
        except Stopped:
            job.renew(free=True, attempts=0)
        except Exception as error:
            if isinstance(error, LeaseLost) or database_is_unavailable(error):
                raise
            # The frames only: the text may contain an address.
            frames = "".join(traceback.format_tb(error.__traceback__))
            logger.error("import %s raised %s\n%s", job.pk, type(error).__name__, frames)  # noqa: TRY400
            job.close(ImportState.FAILED)


def work_now(job: ImportJob) -> None:
    """Work on an import that is so small that nobody need wait for delivery to notice it.

    Leave it to delivery if the database does not answer in time, as it must for a page.
    """
    claimed = ImportJob.objects.filter(pk=job.pk).claim()
    if claimed is None:
        return
    try:
        work_on(claimed, threading.Event())
    except (DatabaseError, InterfaceError) as error:
        logger.warning("import %s: %s, left to delivery", job.pk, type(error).__name__)
        with suppress(LeaseLost, DatabaseError, InterfaceError):
            claimed.renew(free=True)


def _preview(job: ImportJob, stopping: threading.Event) -> None:
    """Find out what the import would do, and store it for staff to see."""
    order = DayOrder(job.choices.get("day_first"))
    table, report = import_file(job, stopping, order, dry_run=True)
    known = order.known()
    if known is not None and order.either and order.day_first is None:
        order = DayOrder(day_first=known)  # other dates of the file leave no doubt
        table, report = import_file(job, stopping, order, dry_run=True)
    assert table.columns  # noqa: S101 - else the file was refused
    job.report = {
        **table.about,
        **vars(table.columns),
        **vars(report),
        "sheets": table.sheets,
        "hidden_rows": table.hidden_rows,
        "day_first": order.day_first,
        "either": order.either,
        "reasons": report.reasons.most_common(SHOWN),
        "errors": report.errors[:SHOWN],
        "sample": [[*row[:2], *(at.isoformat() for at in row[2:])] for row in report.sample],
        "would": _numbers(report),
    }
    lines = io.StringIO()
    csv.writer(lines).writerows(report.errors)
    left_out = zlib.compress(lines.getvalue().encode())
    job.renew(free=True, state=ImportState.PREVIEW, report=job.report, left_out=left_out)


def _numbers(report: ImportReport) -> dict[str, int]:
    return {name: getattr(report, name) for name in NUMBERS}


def _import(job: ImportJob, stopping: threading.Event) -> None:
    former = job.report.setdefault("imported", dict.fromkeys(NUMBERS, 0))

    def store(changed: list[ImportedRow], done: int, report: ImportReport) -> None:
        """Note what a batch has changed and how far the import is, in the batch's transaction."""
        _go_on_unless(stopping)
        for row in changed:
            row.job = job
        ImportedRow.objects.bulk_create(changed)
        imported = {name: former[name] + number for name, number in _numbers(report).items()}
        job.report = {**job.report, "imported": imported}
        job.renew(done=done, report=job.report, attempts=0)

    order = DayOrder(job.report["day_first"])
    import_file(job, stopping, order, dry_run=False, start=job.done, committing=store)
    job.close(ImportState.DONE)


def _undo(job: ImportJob, stopping: threading.Event) -> None:
    last = 0
    while rows := list(job.rows.filter(pk__gt=last).order_by("pk")[: undo.BATCH]):
        last = rows[-1].pk
        with transaction.atomic():
            taken = undo.take_back(rows)
            job.done += taken
            job.renew(done=job.done, attempts=0 if taken else job.attempts)
        _go_on_unless(stopping)
    job.close(ImportState.UNDONE)


def import_file(
    job: ImportJob, stopping: threading.Event, order: DayOrder, **options: Any
) -> tuple[Table, ImportReport]:
    """Import the file of a job, with the columns that were chosen."""
    table = Table(job.read_file(), job.choices.get("used", {}))
    rows = _show_life(table.rows(), job, stopping)
    reading = Reading(job.as_of, order, table.zones)
    return table, import_known_addresses(rows, reading=reading, **options)


def _show_life(
    rows: Iterator[dict[str, Any]], job: ImportJob, stopping: threading.Event
) -> Iterator[dict[str, Any]]:
    """Yield the rows; show now and then that the process is alive."""
    sign_at = time.monotonic() + SIGN_OF_LIFE
    for number, row in enumerate(rows, start=1):
        if time.monotonic() > sign_at:
            sign_at = time.monotonic() + SIGN_OF_LIFE
            job.renew(done=number if job.state == ImportState.READING else job.done)
            _go_on_unless(stopping)
        yield row


def _go_on_unless(stopping: threading.Event) -> None:
    if stopping.is_set():
        raise Stopped
