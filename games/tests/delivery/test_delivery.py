"""Delivery: what it takes, what it leaves, and when it tries again."""

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from esp.client import get_client
from esp.errors import ESPCallSkipped, ESPMisconfigured, ESPUnavailable
from esp.models import MockContact
from games.contact_queue import backoff, claim_due, deliver_now, due
from games.contact_state import ContactState
from games.delivery import ContactsJob, Delivery
from games.delivery_pause import DeliveryPause
from games.models import LEASE, Game
from testing.factories import GameFactory

pytestmark = pytest.mark.django_db


def new_delivery(**options: Any) -> Delivery:
    return Delivery([ContactsJob(**options)])


class StubbornBackend:
    """Fails with what the test wants, and counts."""

    error: Exception | None = None
    asked: list[str] = []
    stops: Delivery | None = None

    def has_contact(self, email: str) -> bool:
        self.asked.append(email)
        if self.error:
            raise self.error
        return False

    def add_contact(self, email: str) -> None:
        if self.stops:
            self.stops.stopping.set()


@pytest.fixture
def stubborn(settings: Settings) -> type[StubbornBackend]:
    StubbornBackend.error = None
    StubbornBackend.asked = []
    StubbornBackend.stops = None
    settings.ESP_BACKEND = f"{__name__}.StubbornBackend"
    return StubbornBackend


def pending(number: int, **values: Any) -> list[Game]:
    due = timezone.now() - timedelta(minutes=1)
    values = {"contact_state": "pending", "contact_due_at": due} | values
    return [GameFactory(**values) for _ in range(number)]


def test_delivers_what_is_due_and_nothing_else() -> None:
    due = pending(3)
    pending(1, contact_due_at=timezone.now() + timedelta(minutes=1))
    GameFactory(contact_state="rejected")
    GameFactory(contact_state="added")
    assert new_delivery().run_once() == {"added": 3}
    assert set(MockContact.objects.values_list("email", "times_added")) == {
        (game.email, 1) for game in due
    }


def test_delivers_in_batches_until_nothing_is_due() -> None:
    pending(5)
    assert new_delivery(batch=2).run_once() == {"added": 5}


def test_states_are_counted_apart(settings: Settings) -> None:
    settings.ESP_OPTIONS = {"rejecting": ["refused.ru"]}
    pending(1, email="bob@refused.ru")
    MockContact.objects.create(email=pending(1)[0].email)
    pending(1)
    assert new_delivery().run_once() == {"rejected": 1, "found": 1, "added": 1}


def test_longest_due_comes_first(stubborn: type[StubbornBackend]) -> None:
    late = pending(1)[0]
    early = pending(1, contact_due_at=timezone.now() - timedelta(hours=1))[0]
    new_delivery(batch=1).run_once()
    assert stubborn.asked == [early.email, late.email]


def test_failure_backs_off(stubborn: type[StubbornBackend]) -> None:
    stubborn.error = ESPUnavailable("it timed out")
    game = pending(1, contact_attempts=2)[0]
    before = timezone.now()
    assert new_delivery().run_once() == {"pending": 1}
    game.refresh_from_db()
    assert (game.contact_attempts, game.contact_error) == (3, "it timed out")
    assert before + timedelta(seconds=30) <= game.contact_due_at
    assert game.contact_due_at <= timezone.now() + timedelta(seconds=240)


def test_time_that_the_esp_named_is_honoured(stubborn: type[StubbornBackend]) -> None:
    stubborn.error = ESPUnavailable("too many requests", retry_after=7200)
    game = pending(1)[0]
    before = timezone.now()
    new_delivery().run_once()
    game.refresh_from_db()
    assert game.contact_due_at >= before + timedelta(seconds=7200)


@pytest.mark.parametrize(
    ("attempts", "most"), [(1, 60), (2, 120), (5, 960), (7, 3600), (1000, 3600)]
)
def test_backoff_is_spread_up_to_a_limit_that_doubles(
    monkeypatch: pytest.MonkeyPatch, attempts: int, most: int
) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: low)
    assert backoff(attempts, None) == timedelta(seconds=30)
    monkeypatch.setattr(random, "uniform", lambda low, high: high)
    assert backoff(attempts, None) == timedelta(seconds=most)
    assert backoff(attempts, 9999.0) == timedelta(seconds=9999)


def test_open_breaker_spares_the_contacts(stubborn: type[StubbornBackend]) -> None:
    stubborn.error = ESPUnavailable("down")
    pending(20)
    assert new_delivery().run_once() == {"pending": get_client().breaker.failures}
    assert due(timezone.now()).count() == 15
    assert set(due(timezone.now()).values_list("contact_attempts", flat=True)) == {0}


def test_wrong_key_pauses_everyone_and_costs_no_attempt(
    stubborn: type[StubbornBackend], caplog: pytest.LogCaptureFixture
) -> None:
    stubborn.error = ESPMisconfigured("the key is not valid")
    pending(3)
    new_delivery().deliver_batch()
    get_client.cache_clear()  # as in another process
    new_delivery().deliver_batch()
    assert stubborn.asked[1].endswith("@example.com")
    assert due(timezone.now()).count() == 3
    assert set(Game.objects.values_list("contact_attempts", flat=True)) == {0}
    paused = [record for record in caplog.records if record.levelname == "ERROR"]
    assert [record.message for record in paused] == [
        "delivery paused until an operator acts: the key is not valid"
    ]


def test_one_process_probes_a_pause_and_success_ends_it(stubborn: type[StubbornBackend]) -> None:
    pending(3)
    DeliveryPause.objects.begin("the key is not valid")
    assert str(DeliveryPause.objects.get()) == "the key is not valid"
    assert not DeliveryPause.objects.may_probe()
    DeliveryPause.objects.update(probe_at=timezone.now())
    assert [DeliveryPause.objects.may_probe() for _ in range(3)] == [True, False, False]
    DeliveryPause.objects.update(probe_at=timezone.now())
    assert new_delivery().run_once() == {"added": 3}
    assert not DeliveryPause.objects.exists()


def test_command_once_probes_a_pause_without_waiting(stubborn: type[StubbornBackend]) -> None:
    pending(1)
    DeliveryPause.objects.begin("the key is not valid")
    call_command("deliver_contacts", once=True)
    assert not DeliveryPause.objects.exists()


def test_pause_that_keeps_nobody_waiting_ends() -> None:
    """A play may have settled the last contact after the operator mended the key."""
    DeliveryPause.objects.begin("the key is not valid")
    DeliveryPause.objects.update(probe_at=timezone.now())
    new_delivery().deliver_batch()
    assert not DeliveryPause.objects.exists()


def test_probe_that_fails_prolongs_the_pause_and_says_nothing_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    DeliveryPause.objects.begin("the key is not valid")
    DeliveryPause.objects.update(probe_at=timezone.now())
    caplog.clear()
    DeliveryPause.objects.begin("the list is not there")
    assert DeliveryPause.objects.get().reason == "the list is not there"
    assert not DeliveryPause.objects.may_probe()
    assert caplog.records == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ESPMisconfigured("the list is not there"), "the list is not there"),
        (ESPUnavailable("down"), "the key is not valid"),
    ],
)
def test_a_pause_goes_on_while_the_probe_fails(
    stubborn: type[StubbornBackend], error: Exception, reason: str
) -> None:
    stubborn.error = error
    [player] = pending(1)
    DeliveryPause.objects.begin("the key is not valid")
    DeliveryPause.objects.update(probe_at=timezone.now())
    assert new_delivery().deliver_batch() == {}
    assert DeliveryPause.objects.get().reason == reason
    assert player.email not in stubborn.asked


def test_ending_a_pause_that_is_over_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    DeliveryPause.objects.end()
    assert caplog.records == []


def test_wrong_key_met_by_a_play_pauses_delivery_too(
    play: Callable[..., Any], stubborn: type[StubbornBackend]
) -> None:
    stubborn.error = ESPMisconfigured("the key is not valid")
    assert play("cem@test.ru").json()["esp_status"] is None
    assert DeliveryPause.objects.get().reason == "the key is not valid"


def test_claimed_contacts_are_left_to_their_holder() -> None:
    pending(2)
    held = claim_due(1)
    assert new_delivery().run_once() == {"added": 1}
    assert Game.objects.get(contact_state="pending") == held[0]


def test_batch_that_outlasts_its_lease_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    pending(3)
    monkeypatch.setattr("games.delivery.CONTACT_BUDGET", LEASE.total_seconds() + 1)
    assert new_delivery().deliver_batch() == {}
    assert due(timezone.now()).count() == 3


def test_stopping_finishes_the_contact_at_hand_and_gives_back_the_others(
    stubborn: type[StubbornBackend],
) -> None:
    pending(3)
    stubborn.stops = new_delivery()
    assert stubborn.stops.run_once() == {"added": 1}
    assert due(timezone.now()).count() == 2
    assert set(due(timezone.now()).values_list("contact_attempts", flat=True)) == {0}


def test_run_outlives_the_database_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    delivery = new_delivery()
    results: list[Any] = [OperationalError("cem@test.ru"), DatabaseError(), {"added": 1}, {}]

    def deliver_batch() -> Any:
        result = results.pop(0)
        if not results:
            delivery.stopping.set()
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(delivery, "deliver_batch", deliver_batch)
    monkeypatch.setattr(delivery.stopping, "wait", lambda seconds: None)
    monkeypatch.setattr(connection, "close", lambda: None)
    delivery.run()
    assert results == []
    assert [record.message for record in caplog.records] == [
        "database unavailable: OperationalError"
    ]


def test_run_ends_with_an_error_that_is_not_the_databases_absence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delivery = new_delivery()
    monkeypatch.setattr(delivery, "deliver_batch", Mock(side_effect=IntegrityError))
    with pytest.raises(IntegrityError):
        delivery.run()


def test_deliver_now_leaves_what_is_held_alone() -> None:
    pending(1)
    held = claim_due(1)[0]
    waiting = pending(1, contact_due_at=timezone.now() + timedelta(hours=1))[0]
    assert deliver_now(Game.objects.all()) == 2
    assert due(timezone.now()).get() == waiting
    held.refresh_from_db()
    assert held.contact_state == ContactState.PENDING


def test_command_once(capsys: pytest.CaptureFixture[str]) -> None:
    pending(2)
    call_command("deliver_contacts", once=True)
    assert capsys.readouterr().out == "added: 2\nNothing is due.\n"


@pytest.mark.parametrize(
    ("contacts", "error", "message"),
    [
        (1, ESPUnavailable("down"), "later: 1, since they failed or found no turn"),
        (6, ESPUnavailable("down"), "later: 6, since they failed or found no turn"),
        (6, ESPMisconfigured("the key is wrong"), "Delivery is paused: the key is wrong"),
    ],
)
def test_command_once_fails_where_contacts_are_left(
    stubborn: type[StubbornBackend], contacts: int, error: Exception, message: str
) -> None:
    stubborn.error = error
    pending(contacts)
    with pytest.raises(CommandError, match=message):
        call_command("deliver_contacts", once=True)


def test_command_refuses_an_impossible_batch() -> None:
    with pytest.raises(CommandError, match="positive"):
        call_command("deliver_contacts", once=True, batch=0)


def test_command_runs_until_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = threading.Event()
    monkeypatch.setattr("games.delivery.Delivery.run", lambda self: ran.set())
    call_command("deliver_contacts")
    assert ran.is_set()


def test_contacts_that_could_not_be_asked_for_are_not_counted(
    stubborn: type[StubbornBackend],
) -> None:
    stubborn.error = ESPCallSkipped("no turn")
    pending(3)
    assert new_delivery().run_once() == {}
    assert set(due(timezone.now()).values_list("contact_attempts", flat=True)) == {0}
