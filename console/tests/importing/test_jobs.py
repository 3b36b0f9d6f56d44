"""Imports as jobs: progress, crashes, taking back, erasures meanwhile."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from games.counting import NewPlay, count_play
from games.delivery import Delivery
from games.models import Game, Play
from importing import jobs, known_addresses, undo
from importing.jobs import ImportsJob, work_on
from importing.models import ImportChunk, ImportedRow, ImportJob, ImportState, LeaseLost
from privacy.erasing import erase_person
from stats.numbers import Numbers
from testing.campaign import NewGame
from testing.imports import confirm, send, upload

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ROWS = [f"player{n}@test.ru,{n % 3 + 1},2026-05-01 12:00,2026-05-02 12:00" for n in range(7)]
FILE = "\n".join(["email,plays,first_play,last_play", *ROWS]).encode()
PLAYS = sum(n % 3 + 1 for n in range(7))

pytestmark = pytest.mark.django_db


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_addresses, "BATCH", 2)


def new_job(data: bytes = FILE, state: ImportState = ImportState.READING) -> ImportJob:
    job = ImportJob.store([data[:50], data[50:]], file_name="known.csv", language="en")
    if state == ImportState.IMPORTING:
        ImportsJob().run_batch(threading.Event())
        job.refresh_from_db()
        assert job.move(ImportState.PREVIEW, state, as_of=timezone.now())
        job.refresh_from_db()
    return job


def run() -> None:
    while ImportsJob().run_batch(threading.Event()):
        pass


def lease_runs_out() -> None:
    ImportJob.objects.update(lease_until=timezone.now() - timedelta(seconds=1))


def check(*, players: int = 7, plays: int = PLAYS) -> None:
    assert (Game.objects.count(), Play.objects.count()) == (players, plays)
    call_command("check_counts")


class Killed(BaseException):
    """The process dies."""


def test_large_file_is_worked_on_by_delivery(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.imports.upload.SMALL", 10)
    monkeypatch.setattr("console.imports.pages.BATCH", 2)
    page = upload(staff, FILE)
    assert page.job.state == "reading"
    assert '<meta http-equiv="refresh" content="2">' in page.text
    assert "Rows read: 0." in page.text
    call_command("deliver_contacts", once=True)
    page.job.refresh_from_db()
    assert page.job.state == "preview"
    page = confirm(staff, page)
    assert page.job.state == "importing"
    assert "0 of 7 addresses." in page.text
    assert not Game.objects.exists()
    call_command("deliver_contacts", once=True)
    check()
    answer = staff.get("/admin/console/importjob/")
    assert "known.csv" in answer.content.decode()
    page.job.refresh_from_db()
    assert page.job.state == "done"
    assert not page.job.chunks.exists()
    assert "sample" not in page.job.report


def test_another_process_goes_on_after_a_crash(
    small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = new_job(state=ImportState.IMPORTING)
    renew = ImportJob.renew

    def die(self: ImportJob, **changes: Any) -> None:
        renew(self, **changes)
        if changes.get("done") == 4:
            raise Killed

    monkeypatch.setattr(ImportJob, "renew", die)
    with pytest.raises(Killed):
        ImportsJob().run_batch(threading.Event())
    monkeypatch.undo()
    job.refresh_from_db()
    assert (job.done, Game.objects.count()) == (2, 2)  # the second batch was rolled back
    run()  # the lease still holds
    assert Game.objects.count() == 2
    lease_runs_out()
    run()
    job.refresh_from_db()
    assert (job.state, job.done) == ("done", 7)
    assert job.report["imported"] == {"new": 7, "raised": 0, "unchanged": 0, "plays": PLAYS}
    check()


def test_process_that_must_stop_leaves_the_rest_at_once(small_batches: None) -> None:
    job = new_job(state=ImportState.IMPORTING)
    stopping = threading.Event()
    stopping.set()
    ImportsJob().run_batch(stopping)
    assert not Game.objects.exists()
    run()
    job.refresh_from_db()
    assert job.state == "done"
    check()


def test_process_that_was_too_slow_writes_nothing_more(small_batches: None) -> None:
    new_job(state=ImportState.IMPORTING)
    slow = ImportJob.objects.claim()
    assert slow
    lease_runs_out()
    run()
    check()
    with pytest.raises(LeaseLost):
        slow.renew(done=1)
    work_on(slow, threading.Event())
    check()
    slow.refresh_from_db()
    assert slow.state == "done"


def test_error_ends_the_import_and_names_no_address(
    small_batches: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    job = new_job(state=ImportState.IMPORTING)
    write = known_addresses._write

    def fail(rows: Any, report: Any) -> Any:
        if "player4@test.ru" in rows:
            raise ValueError(next(iter(rows)))
        return write(rows, report)

    monkeypatch.setattr(known_addresses, "_write", fail)
    run()
    job.refresh_from_db()
    assert (job.state, Game.objects.count()) == ("failed", 4)
    assert "ValueError" in caplog.text
    assert "player4" not in caplog.text


def test_import_that_kills_each_process_ends() -> None:
    job = new_job()
    for _ in range(jobs.MAX_ATTEMPTS):
        assert ImportJob.objects.claim()
        lease_runs_out()
    run()
    job.refresh_from_db()
    assert job.state == "failed"


def test_file_that_nobody_confirms_is_deleted_after_a_day() -> None:
    job = new_job()
    run()
    ImportJob.objects.update(created_at=timezone.now() - timedelta(hours=25))
    run()
    job.refresh_from_db()
    assert job.state == "expired"
    assert not job.chunks.exists()


def test_import_is_taken_back(staff: Client, new_game: NewGame) -> None:
    for n in (1, 2):
        new_game(f"player{n}@test.ru", NOON)
    page = confirm(staff, upload(staff, FILE))
    check()
    count_play(NewPlay("player0@test.ru"))
    page = send(staff, page, "undo")
    assert page.job.state == "undone"
    assert "Players taken back: 6." in page.text
    assert "Kept, since they have changed after the import: 1." in page.text
    assert "player0@test.ru</a>: 1 plays after the import, 2 now" in page.text
    counts = dict(Game.objects.values_list("email", "play_count"))
    assert counts == {"player0@test.ru": 2, "player1@test.ru": 1, "player2@test.ru": 1}
    call_command("check_counts")
    for game in Game.objects.exclude(email="player0@test.ru"):
        assert (game.first_played_at, game.last_played_at) == (NOON, NOON)


def test_totals_are_right_after_taking_back(staff: Client, new_game: NewGame) -> None:
    new_game("player1@test.ru", NOON)
    before = Numbers.read()
    page = confirm(staff, upload(staff, FILE))
    assert Numbers.read().periods[-1].plays == PLAYS
    send(staff, page, "undo")
    after = Numbers.read()
    played = {day: figures for day, figures in after.days.items() if any(figures)}
    assert (after.periods, played, after.week) == (before.periods, before.days, before.week)
    assert after.domains == before.domains


def test_second_import_on_top_is_taken_back_first(staff: Client) -> None:
    first = confirm(staff, upload(staff, b"email,plays\ncem@test.ru,1\n"))
    second = confirm(staff, upload(staff, b"email,plays\ncem@test.ru,3\n"))
    assert send(staff, first, "undo").job.rows.count() == 1  # kept
    assert send(staff, second, "undo").job.rows.count() == 0
    assert Game.objects.get().play_count == 1
    assert send(staff, first, "undo").job.state == "undone"
    check(players=0, plays=0)


def test_player_whose_address_was_corrected_is_kept(staff: Client) -> None:
    page = confirm(staff, upload(staff, b"email\ncem@test.ru\nann@test.ru\n"))
    Game.objects.filter(email="ann@test.ru").update(email="anna@test.ru")
    page = send(staff, page, "undo")
    assert Game.objects.get().email == "anna@test.ru"
    assert "anna@test.ru</a>: 1 plays after the import, 1 now" in page.text


def test_player_whom_another_release_erased_is_not_counted(staff: Client) -> None:
    page = confirm(staff, upload(staff, FILE))
    count_play(NewPlay("player0@test.ru"))
    with connection.cursor() as cursor:  # it does not know of the rows of imports
        cursor.execute("DELETE FROM games_play")
        cursor.execute("DELETE FROM games_game")
    assert 'value="undo"' not in send(staff, page, "nothing").text
    assert page.job.rows.count() == 7
    assert send(staff, page, "undo").job.state == "done"


def test_erased_person_leaves_the_import_too(staff: Client) -> None:
    page = confirm(staff, upload(staff, FILE))
    erase_person("player0@test.ru", reason="asked")
    assert ImportedRow.objects.count() == 6
    send(staff, page, "undo")
    check(players=0, plays=0)


def test_person_erased_while_a_file_is_imported(
    small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One who is in already, one who is to come; and the process dies between the batches."""
    job = new_job(state=ImportState.IMPORTING)
    renew = ImportJob.renew

    def erase(self: ImportJob, **changes: Any) -> None:
        renew(self, **changes)
        if changes.get("done") == 4:
            monkeypatch.undo()
            raise Killed

    monkeypatch.setattr(ImportJob, "renew", erase)
    monkeypatch.setattr(known_addresses, "BATCH", 2)
    with pytest.raises(Killed):
        ImportsJob().run_batch(threading.Event())
    for email in ("player0@test.ru", "player5@test.ru"):
        erase_person(email, reason="asked")
    lease_runs_out()
    run()
    job.refresh_from_db()
    assert job.state == "done"
    emails = set(Game.objects.values_list("email", flat=True))
    assert emails == {f"player{n}@test.ru" for n in (1, 2, 3, 4, 6)}
    call_command("check_counts")


def in_threads(*works: Callable[[], None]) -> None:
    def close(work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            connection.close()

    threads = [threading.Thread(target=close, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_the_same_people_at_once(small_batches: None) -> None:
    new_job(state=ImportState.IMPORTING)
    backwards = b"\n".join([FILE.splitlines()[0], *reversed(FILE.splitlines()[1:])])
    other = new_job(backwards)
    one = ImportJob.objects.filter(state=ImportState.IMPORTING).claim()
    run()
    other.refresh_from_db()
    assert other.move(ImportState.PREVIEW, ImportState.IMPORTING, as_of=timezone.now())
    two = ImportJob.objects.filter(pk=other.pk).claim()
    assert one
    assert two
    in_threads(*(lambda job=job: work_on(job, threading.Event()) for job in (one, two)))
    assert set(ImportJob.objects.values_list("state", flat=True)) == {"done"}
    check()


@pytest.mark.django_db(transaction=True)
def test_delivery_runs_imports_beside_the_contacts(monkeypatch: pytest.MonkeyPatch) -> None:
    job = new_job()

    def deliver_nothing(self: Delivery) -> Any:
        job.refresh_from_db()
        if job.state == "preview":
            self.stopping.set()
        return {}

    monkeypatch.setattr(Delivery, "deliver_batch", deliver_nothing)
    monkeypatch.setattr(Delivery, "idle_seconds", lambda self: 0.1)
    call_command("deliver_contacts")
    assert job.state == "preview"


def test_list_names_who_imported(staff: Client, admin_user: User) -> None:
    upload(staff, FILE)
    assert ImportJob.objects.get().by == admin_user


def test_unavailable_database_is_for_delivery_to_wait_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_arguments: Any, **_options: Any) -> Any:
        raise OperationalError

    monkeypatch.setattr(jobs, "import_file", fail)
    job = new_job()
    with pytest.raises(OperationalError):
        run()
    job.refresh_from_db()
    assert job.state == "reading"


def test_import_that_a_process_holds_is_left_to_it() -> None:
    job = new_job()
    assert ImportJob.objects.claim()
    jobs.work_now(job)
    job.refresh_from_db()
    assert job.state == "reading"


def test_rows_name_no_address(staff: Client) -> None:
    page = confirm(staff, upload(staff, FILE))
    row = page.job.rows.all()[0]
    assert str(row) == f"Import {page.job.pk}, Player {row.game_id}"
    assert str(ImportChunk(job=page.job, pk=1)) == f"Import {page.job.pk}, 1"


def test_steps_that_do_not_fit_the_state_change_nothing(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved_on = "The import has moved on meanwhile."
    page = upload(staff, FILE)
    assert moved_on in send(staff, page, "undo").text
    assert moved_on in send(staff, page, "nothing").text
    assert moved_on in send(staff, page, "columns", email="99").text
    monkeypatch.setattr(ImportJob, "move", lambda self, *_states, **_changes: False)  # a race
    assert moved_on in confirm(staff, page).text
    monkeypatch.undo()
    page = confirm(staff, page)
    assert moved_on in send(staff, page, "columns", email="0").text
    monkeypatch.setattr(ImportJob, "move", lambda self, *_states, **_changes: False)
    assert moved_on in send(staff, page, "undo").text
    check()
    assert staff.get("/admin/console/importjob/0/change/").status_code == 404


def test_player_without_plays_is_taken_back_to_none(staff: Client) -> None:
    Game.objects.create(email="player1@test.ru")
    page = confirm(staff, upload(staff, FILE))
    rows = list(page.job.rows.order_by("pk"))
    Game.objects.get(email="player0@test.ru").delete()
    assert undo.take_back(rows) == 6
    game = Game.objects.get()
    assert (game.play_count, game.first_played_at, game.last_played_at) == (0, None, None)
