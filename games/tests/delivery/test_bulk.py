"""Settling many contacts in one call, and what becomes of those that it leaves out."""

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from esp.errors import ESPUnavailable
from games.contacts import settle_many
from games.delivery import ContactsJob, Delivery
from games.delivery_pause import DeliveryPause
from games.models import Game
from serving.logs import log_context
from testing.esp.mailchimp import FakeMailchimp
from testing.esp.sendgrid import FakeSendGrid
from testing.esp.server import REFUSED, FakeESP, Reply
from testing.factories import GameFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[FakeMailchimp, FakeSendGrid])
def esp(request: pytest.FixtureRequest, settings: Settings) -> Iterator[FakeESP]:
    esp: FakeESP = request.param()
    with esp.running():
        settings.ESP_BACKEND = f"{esp.backend.__module__}.{esp.backend.__qualname__}"
        settings.ESP_OPTIONS = esp.options()
        settings.ESP_RATE = 10_000
        yield esp


def pending(number: int, **values: Any) -> list[Game]:
    due = timezone.now() - timedelta(minutes=1)
    return [
        GameFactory(contact_state="pending", contact_due_at=due, **values) for _ in range(number)
    ]


def deliver() -> dict[str, int]:
    return dict(Delivery([ContactsJob()]).run_once())


def test_many_are_settled_in_few_calls_and_each_has_its_own_outcome(esp: FakeESP) -> None:
    players = pending(60)
    for player in players[:20]:
        esp.hold(player.email, unsubscribed=player.pk % 2 == 0)
    assert deliver() == {"found": 20, "added": 40}
    assert len(esp.received) <= 2
    assert set(Game.objects.filter(contact_state="found")) == set(players[:20])
    assert [esp.contacts[player.email] for player in players] == [0] * 20 + [1] * 40


def test_what_the_answer_leaves_out_is_asked_by_itself(esp: FakeESP) -> None:
    pending(30)
    pending(1, email=REFUSED)
    assert deliver() == {"added": 30, "rejected": 1}


def test_few_contacts_are_asked_one_by_one(esp: FakeESP) -> None:
    pending(3)
    assert deliver() == {"added": 3}


def test_a_contact_that_is_half_made_is_not_asked_in_bulk(esp: FakeESP) -> None:
    pending(20)
    pending(1, contact_was_absent=True)
    assert deliver() == {"added": 21}


def test_a_poisonous_contact_costs_a_few_bulk_calls(esp: FakeESP) -> None:
    players = pending(100)
    esp.poison = {players[50].email: Reply(500)}
    assert deliver() == {"added": 99, "pending": 1}
    poison = Game.objects.get(contact_state="pending")
    assert (poison, poison.contact_attempts) == (players[50], 1)


def test_an_erased_player_is_not_brought_back_by_a_bulk_call(esp: FakeESP) -> None:
    erased = pending(20)[0]
    job = ContactsJob()

    def erase_meanwhile(emails: Sequence[str], **options: Any) -> Any:
        Game.objects.filter(pk=erased.pk).delete()
        return settle_many(emails, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("games.delivery.settle_many", erase_meanwhile)
        Delivery([job]).run_once()
    assert not Game.objects.filter(pk=erased.pk).exists()
    assert Game.objects.filter(contact_state="added").count() == 19


class BuggyBackend:
    bulk_size = 100

    def has_contact(self, email: str) -> bool:
        return False

    def add_contact(self, email: str) -> None: ...

    def settle_many(self, emails: Sequence[str]) -> dict[str, bool]:
        raise KeyError(emails[0])


def test_a_bug_in_a_bulk_call_stops_nobody(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ESP_BACKEND = f"{__name__}.BuggyBackend"
    players = pending(40)
    assert deliver() == {"added": 40}
    assert players[0].email not in caplog.text


def test_an_outage_gives_all_contacts_back(esp: FakeESP) -> None:
    pending(30)
    esp.mode = "down"
    deliver()
    assert Game.objects.filter(contact_state="pending").count() == 30
    assert Game.objects.filter(contact_attempts=0).count() >= 20


def test_errors_of_a_bulk_call_are_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    class Down:
        def calls(self, **_: Any) -> Any:
            raise ESPUnavailable("down")

    monkeypatch.setattr("games.contacts.get_client", Down)
    assert settle_many(["cem@test.ru"], seconds=1) == {}


def test_a_wrong_key_met_in_bulk_pauses_delivery(settings: Settings, esp: FakeESP) -> None:
    settings.ESP_OPTIONS = esp.options() | {"api_key": "otherkey-us14"}
    pending(40)
    assert deliver() == {}
    assert DeliveryPause.objects.exists()
    assert set(Game.objects.values_list("contact_attempts", flat=True)) == {0}


def test_log_lines_of_a_bulk_call_name_the_request_of_each_contact(
    esp: FakeESP, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(20):
        pending(1, request_id=f"request-{number}")
    seen: list[str] = []

    class Noting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage() == "contact added":
                seen.append(log_context.get()["request_id"])

    logger = logging.getLogger("games.delivery")
    handler = Noting()
    logger.addHandler(handler)
    caplog.set_level(logging.INFO, "games.delivery")
    deliver()
    logger.removeHandler(handler)
    assert sorted(seen) == sorted(f"request-{number}" for number in range(20))
