"""Imports that stop, fail, or grow old: what goes on, what ends, and what is deleted."""

import os
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from console.tests.importing.test_jobs import (
    FILE,
    PLAYS,
    Killed,
    check,
    lease_runs_out,
    new_job,
    run,
)
from games.delivery import Delivery
from importing import jobs, known_addresses
from importing.files.limits import CPU_SECONDS
from importing.jobs import ImportsJob, Stopped
from importing.models import LEASE, ImportJob, ImportState, LeaseLost
from testing.imports import confirm, send, upload

BAD = b"email,plays\nann@test.ru,secret\n"

pytestmark = pytest.mark.django_db


@pytest.fixture
def own_signals() -> Iterator[None]:
    """Give the tests that follow their handlers again: the command sets its own."""
    names = (signal.SIGTERM, signal.SIGINT)
    handlers = [signal.getsignal(name) for name in names]
    yield
    for name, handler in zip(names, handlers, strict=True):
        signal.signal(name, handler)


def a_day_passes() -> None:
    ImportJob.objects.update(created_at=timezone.now() - timedelta(hours=25))


def raises(error: BaseException) -> Any:
    def fail(*_arguments: Any, **_options: Any) -> Any:
        raise error

    return fail


def test_signal_ends_a_single_run_within_an_import(
    own_signals: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = new_job(state=ImportState.IMPORTING)
    reads = []

    def stop(*_arguments: Any, **_options: Any) -> Any:
        reads.append(1)
        assert len(reads) < 3
        os.kill(os.getpid(), signal.SIGTERM)
        raise Stopped

    monkeypatch.setattr(jobs, "import_file", stop)
    call_command("deliver_contacts", once=True)
    job.refresh_from_db()
    assert (job.state, len(reads)) == ("importing", 1)


@pytest.mark.django_db(transaction=True)
def test_error_beside_the_contacts_ends_the_process(
    own_signals: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks = []

    def deliver_nothing(self: Delivery) -> Any:
        looks.append(1)
        if len(looks) > 100:
            self.stopping.set()
        return {}

    monkeypatch.setattr(Delivery, "deliver_batch", deliver_nothing)
    monkeypatch.setattr(Delivery, "idle_seconds", lambda self: 0.1)
    monkeypatch.setattr(ImportsJob, "run_batch", raises(ValueError("cem@test.ru")))
    with pytest.raises(SystemExit) as ended:
        call_command("deliver_contacts")
    assert ended.value.code == 1
    assert "ValueError" in caplog.text
    assert "cem@test.ru" not in caplog.text


def test_import_that_kills_each_process_that_writes_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A sign of life while the file is read is no progress."""
    job = new_job(state=ImportState.IMPORTING)
    monkeypatch.setattr(jobs, "SIGN_OF_LIFE", -1.0)
    monkeypatch.setattr(known_addresses, "_write", raises(Killed()))
    for _ in range(jobs.MAX_ATTEMPTS):
        with pytest.raises(Killed):
            run()
        lease_runs_out()
    run()
    job.refresh_from_db()
    assert job.state == "failed"


def test_process_that_must_stop_is_no_failed_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    job = new_job(state=ImportState.IMPORTING)
    stopping = threading.Event()
    stopping.set()
    for _ in range(jobs.MAX_ATTEMPTS + 1):
        ImportsJob().run_batch(stopping)
    run()
    job.refresh_from_db()
    assert job.state == "done"


def test_batch_ends_with_many_plays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_addresses, "BATCH_PLAYS", 5)
    rows = [{"email": f"player{n}@test.ru", "plays": plays} for n, plays in enumerate([3, 3, 1, 9])]
    done = []
    known_addresses.import_known_addresses(
        rows, dry_run=False, committing=lambda _changed, number, _report: done.append(number)
    )
    assert done == [2, 4]
    check(players=4, plays=16)


def test_many_plays_are_for_delivery(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.imports.pages.BATCH_PLAYS", PLAYS - 1)
    page = confirm(staff, upload(staff, FILE))
    assert page.job.state == "importing"
    run()
    page = send(staff, page, "undo")
    assert page.job.state == "undoing"
    run()
    check(players=0, plays=0)


def test_archive_is_for_delivery_though_it_is_small(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.imports.upload.SMALL_ARCHIVE", 5)
    assert upload(staff, b"PK\3\4 and so on").job.state == "reading"
    assert upload(staff, FILE).job.state == "preview"


def test_page_leaves_to_delivery_what_the_database_refuses(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = OperationalError("canceling statement due to lock timeout")
    monkeypatch.setattr(jobs, "import_file", raises(refused))
    page = upload(staff, FILE)
    assert page.job.state == "reading"
    monkeypatch.undo()
    run()
    monkeypatch.setattr(known_addresses, "_write", raises(refused))
    assert confirm(staff, page).job.state == "importing"
    monkeypatch.undo()
    run()
    check()


def test_lease_outlasts_the_reading_of_a_file() -> None:
    assert timedelta(seconds=CPU_SECONDS) < LEASE


def test_file_that_nobody_read_in_time_is_deleted() -> None:
    job, held = new_job(), new_job()
    ImportJob.objects.filter(pk=held.pk).claim()
    a_day_passes()
    ImportJob.objects.expire()
    job.refresh_from_db()
    held.refresh_from_db()
    assert (job.state, held.state) == ("expired", "reading")
    assert not job.chunks.exists()


def test_file_that_another_process_takes_at_that_moment_is_left_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new_job()
    run()
    a_day_passes()
    monkeypatch.setattr(ImportJob, "close", raises(LeaseLost()))
    ImportJob.objects.expire()


def test_values_of_rows_left_out_are_deleted_after_a_day(staff: Client) -> None:
    page = confirm(staff, upload(staff, FILE + b"\nann@test.ru,secret,,"))
    other = upload(staff, BAD)
    url = f"/admin/console/importjob/{page.job.pk}/left-out.csv"
    assert b"secret" in staff.get(url).content
    a_day_passes()
    ImportJob.objects.expire()
    for job in (page.job, other.job):
        job.refresh_from_db()
        assert (bytes(job.left_out), "secret" in str(job.report)) == (b"", False)
    assert b"secret" not in staff.get(url).content
    answer = staff.get(f"/admin/console/importjob/{page.job.pk}/change/")
    assert "Rows left out, and why" in answer.content.decode()
    assert "Download all as CSV" not in answer.content.decode()


def test_import_that_failed_before_it_changed_anything_says_so(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "import_file", raises(ValueError()))
    page = upload(staff, FILE)
    assert page.job.state == "failed"
    assert "Nothing was changed." in page.text
    assert 'value="undo"' not in page.text
    assert "The import has moved on meanwhile." in send(staff, page, "undo").text


def test_preview_shows_times_as_other_pages_do(staff: Client) -> None:
    page = upload(staff, FILE)
    assert "<td>1 May 2026, 12:00</td><td>2 May 2026, 12:00</td>" in page.text
