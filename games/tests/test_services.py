"""The order of things in one play, and what stays true when the ESP or the database fails."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from django.utils import timezone
from pytest_django import Settings

from esp.client import ESPClient, get_client
from esp.deadline import remaining
from esp.errors import ESPMisconfigured
from esp.models import MockContact
from games.contact_queue import due, store
from games.contact_state import ContactState, Outcome
from games.contacts import store_for_play
from games.counting import NewPlay, count_play
from games.models import LEASE, Game, Play
from games.services import PlayResult, record_play

pytestmark = pytest.mark.django_db

PLAY = NewPlay("cem@test.ru")


class RecordingBackend:
    """Notes what is true in the database while the ESP is asked."""

    seen: list[tuple[int, str, bool]] = []
    seconds: float | None = None

    def has_contact(self, email: str) -> bool:
        game = Game.objects.get(email=email)
        self.seen.append((game.play_count, game.contact_state, connection.in_atomic_block))
        type(self).seconds = remaining(default=60)
        return False

    def add_contact(self, email: str) -> None: ...


class BrokenBackend:
    """Has a bug, whose text gives the address away."""

    def has_contact(self, email: str) -> bool:
        raise KeyError(email)

    def add_contact(self, email: str) -> None: ...


class LockedOutBackend:
    def has_contact(self, email: str) -> bool:
        raise ESPMisconfigured("the key is not valid")

    def add_contact(self, email: str) -> None: ...


@pytest.mark.django_db(transaction=True)
def test_esp_is_asked_after_the_commit_and_outside_any_transaction(settings: Settings) -> None:
    RecordingBackend.seen = []
    settings.ESP_BACKEND = f"{__name__}.RecordingBackend"
    record_play(PLAY)
    assert RecordingBackend.seen == [(1, "pending", False)]


def test_failure_leaves_the_contact_pending_with_its_reason(settings: Settings) -> None:
    settings.ESP_OPTIONS = {"failing": True}
    record_play(PLAY)
    game = Game.objects.get()
    assert (game.contact_state, game.contact_attempts) == (ContactState.PENDING, 1)
    assert game.contact_error == "the mock is set to fail"


def test_pending_contact_is_left_alone_within_the_lease(settings: Settings) -> None:
    settings.ESP_OPTIONS = {"failing": True}
    record_play(PLAY)
    settings.ESP_OPTIONS = {}
    assert record_play(PLAY) == PlayResult(None, games_status=True, games_count=2)
    assert not MockContact.objects.exists()


def test_next_play_after_the_lease_settles_the_contact(settings: Settings) -> None:
    settings.ESP_OPTIONS = {"failing": True}
    record_play(PLAY)
    settings.ESP_OPTIONS = {}
    Game.objects.update(contact_due_at=timezone.now())
    assert record_play(PLAY) == PlayResult(False, games_status=True, games_count=2)
    game = Game.objects.get()
    assert (game.contact_state, game.contact_error) == (ContactState.ADDED, "")
    assert list(Play.objects.order_by("number").values_list("esp_status", flat=True)) == [
        None,
        False,
    ]


def test_play_that_holds_the_contact_takes_a_lease(settings: Settings) -> None:
    before = timezone.now()
    held = count_play(PLAY).to_settle
    assert held
    assert before + LEASE <= held.game.contact_due_at <= timezone.now() + LEASE
    assert not count_play(PLAY).to_settle


def test_refused_address_keeps_the_reason(settings: Settings) -> None:
    settings.ESP_OPTIONS = {"rejecting": ["test.ru"]}
    record_play(PLAY)
    game = Game.objects.get()
    assert (game.contact_state, game.contact_error) == (
        ContactState.REJECTED,
        "the mock refuses this domain",
    )


@pytest.mark.parametrize(
    ("backend", "error"),
    [("BrokenBackend", "KeyError"), ("LockedOutBackend", "the key is not valid")],
)
def test_no_failure_of_a_backend_costs_the_player_the_answer(
    settings: Settings, caplog: pytest.LogCaptureFixture, backend: str, error: str
) -> None:
    settings.ESP_BACKEND = f"{__name__}.{backend}"
    assert record_play(PLAY) == PlayResult(None, games_status=False, games_count=1)
    assert Game.objects.get().contact_error == error
    assert error in caplog.text
    assert "cem@" not in caplog.text


def test_answer_stands_where_the_outcome_cannot_be_stored(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any) -> None:
        raise DatabaseError("cem@test.ru")

    monkeypatch.setattr("games.services.store_for_play", fail)
    assert record_play(PLAY) == PlayResult(False, games_status=False, games_count=1)
    assert Game.objects.get().contact_state == ContactState.PENDING
    assert "cem@" not in caplog.text


def test_open_breaker_answers_without_asking_and_leaves_the_contact_due(
    settings: Settings,
) -> None:
    RecordingBackend.seen = []
    settings.ESP_BACKEND = f"{__name__}.RecordingBackend"
    get_client().breaker.open(ESPMisconfigured("the key is wrong"))
    assert record_play(PLAY) == PlayResult(None, games_status=False, games_count=1)
    assert RecordingBackend.seen == []
    game = due(timezone.now()).get()
    assert (game.contact_attempts, game.contact_error) == (0, "")


def test_player_waits_no_longer_than_the_budget(settings: Settings) -> None:
    settings.ESP_BUDGET = 1.5
    settings.ESP_BACKEND = f"{__name__}.RecordingBackend"
    record_play(PLAY)
    assert RecordingBackend.seconds is not None
    assert 0 < RecordingBackend.seconds <= 1.5


def test_call_that_is_skipped_meanwhile_is_no_attempt(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = ESPClient(concurrency=1)
    monkeypatch.setattr("games.contacts.get_client", lambda: client)
    with client.calls(seconds=1):
        assert record_play(PLAY).esp_status is None
    game = due(timezone.now()).get()
    assert (game.contact_attempts, game.contact_error) == (0, "")


def test_outcome_and_answer_are_stored_together(
    monkeypatch: pytest.MonkeyPatch, sqlite: BaseDatabaseWrapper
) -> None:
    """PostgreSQL stores them by one statement."""
    monkeypatch.setattr("games.contacts.connection", sqlite)
    update = QuerySet.update

    def fail_to_change(rows: Any, **values: Any) -> int:
        if rows.model is Play:
            raise DatabaseError
        return update(rows, **values)

    monkeypatch.setattr(QuerySet, "update", fail_to_change)
    record_play(PLAY)
    assert Game.objects.get(email="cem@test.ru").contact_state == "pending"


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one lock")
@pytest.mark.django_db(transaction=True)
def test_outcome_waits_for_the_game_before_it_takes_the_play() -> None:
    """The other way round it would wait in a ring with a repeated request of the same play."""
    play = count_play(PLAY).to_settle
    assert play
    outcome = Outcome(ContactState.ADDED, esp_status=False)

    def store_outcome() -> None:
        store_for_play(play, outcome)
        connection.close()

    with ThreadPoolExecutor() as pool, transaction.atomic():
        Game.objects.select_for_update().get()
        stored = pool.submit(store_outcome)
        with connection.cursor() as cursor:
            waiting = 0
            while not waiting:
                assert not stored.done()
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                (waiting,) = cursor.fetchone()
        Play.objects.select_for_update(nowait=True).get()
    assert Play.objects.get().esp_status is False
    assert Game.objects.get().contact_state == ContactState.ADDED


def test_outcome_does_not_overwrite_what_another_settled() -> None:
    play = count_play(PLAY).to_settle
    assert play
    Game.objects.update(contact_state=ContactState.FOUND)
    store(play.game, Outcome(ContactState.ADDED, esp_status=False))
    assert Game.objects.get().contact_state == ContactState.FOUND


def test_late_failure_does_not_touch_another_lease() -> None:
    play = count_play(PLAY).to_settle
    assert play
    Game.objects.update(contact_due_at=play.game.contact_due_at + timedelta(seconds=1))
    store(play.game, Outcome(ContactState.PENDING, None, "too late"))
    assert Game.objects.get().contact_error == ""
