"""Fields of plays on their way to the ESP: with the first play, hours later, and in bulk."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from esp.models import MockContact
from games import counting
from games.delivery import ContactsJob, Delivery
from games.models import Game, Play
from games.rules import conf
from games.tests.conftest import URL
from testing.esp.brevo import FakeBrevo
from testing.esp.klaviyo import FakeKlaviyo
from testing.esp.listmonk import FakeListmonk
from testing.esp.mailchimp import FakeMailchimp
from testing.esp.sendgrid import FakeSendGrid
from testing.esp.server import FakeESP
from testing.esp.unisender import FakeUnisender
from testing.factories import GameFactory, PlayFactory

pytestmark = pytest.mark.django_db
EMAIL = "cem@test.ru"


@pytest.fixture(autouse=True)
def _fields(settings: Settings) -> None:
    fields = {"name": "text:9999", "score": "integer", "note": "text:100"}
    settings.PLAY_FIELDS = conf.play_fields(fields)
    settings.ESP_FIELDS = {"name": "FNAME", "score": "SCORE"}


def send(client: Client, **fields: Any) -> Any:
    answer = client.post(URL, {"email": EMAIL, **fields}, "application/json")
    assert answer.status_code == 200
    return answer.json()


def deliver() -> dict[str, int]:
    Game.objects.filter(contact_state="pending").update(
        contact_due_at=timezone.now() - timedelta(minutes=1)
    )
    return dict(Delivery([ContactsJob()]).run_once())


def stored() -> Any:
    return MockContact.objects.get(email=EMAIL).fields


def test_first_play_brings_the_fields_that_esp_fields_names(client: Client) -> None:
    send(client, name="Zoë", score=42, note="only for us")
    assert stored() == {"FNAME": "Zoë", "SCORE": 42}
    assert Play.objects.get().fields == {"name": "Zoë", "score": 42, "note": "only for us"}


def test_first_play_counted_with_the_row_locked_brings_them_too(client: Client) -> None:
    with patch.object(counting, "_count_at_once", lambda _play: None):
        send(client, name="Zoë")
    assert stored() == {"FNAME": "Zoë"}


def test_site_without_esp_fields_sends_none(client: Client, settings: Settings) -> None:
    settings.ESP_FIELDS = {}
    send(client, name="Zoë")
    assert stored() == {}


def test_play_without_fields_sends_none(client: Client) -> None:
    send(client)
    assert stored() == {}


def test_later_play_changes_nothing_at_the_esp(client: Client) -> None:
    send(client, name="Zoë")
    send(client, name="Mallory")
    assert stored() == {"FNAME": "Zoë"}


def test_delivery_brings_the_newest_fields(client: Client, settings: Settings) -> None:
    settings.ESP_OPTIONS = {"failing": True}
    send(client, name="Zoë", score=1)
    send(client, name="Zoé")
    send(client)
    settings.ESP_OPTIONS = {}
    assert deliver() == {"added": 1}
    assert stored() == {"FNAME": "Zoé"}


def test_delivery_without_esp_fields_brings_none(client: Client, settings: Settings) -> None:
    settings.ESP_OPTIONS, settings.ESP_FIELDS = {"failing": True}, {}
    send(client, name="Zoë")
    settings.ESP_OPTIONS = {}
    assert deliver() == {"added": 1}
    assert stored() == {}


def test_play_without_fields_that_settles_an_old_contact_brings_the_earlier_ones(
    client: Client, settings: Settings
) -> None:
    settings.ESP_OPTIONS = {"failing": True}
    send(client, name="Zoë")
    settings.ESP_OPTIONS = {}
    Game.objects.update(contact_due_at=timezone.now() - timedelta(minutes=1))
    assert send(client)["esp_status"] is False
    assert stored() == {"FNAME": "Zoë"}


def configure(settings: Settings, esp: FakeESP) -> None:
    settings.ESP_BACKEND = f"{esp.backend.__module__}.{esp.backend.__qualname__}"
    settings.ESP_OPTIONS = esp.options()
    settings.ESP_RATE = 10_000
    settings.ESP_BUDGET = 10


@pytest.fixture(params=[FakeMailchimp, FakeSendGrid])
def bulk_esp(request: pytest.FixtureRequest, settings: Settings) -> Iterator[FakeESP]:
    esp: FakeESP = request.param()
    with esp.running():
        configure(settings, esp)
        yield esp


def pending(number: int) -> list[Game]:
    due = timezone.now() - timedelta(minutes=1)
    return [GameFactory(contact_state="pending", contact_due_at=due) for _ in range(number)]


def test_bulk_call_brings_each_contacts_newest_fields(bulk_esp: FakeESP) -> None:
    players = pending(40)
    bulk_esp.hold(players[3].email)
    for player in players[:30]:
        PlayFactory(game=player, number=1, fields={"name": f"Old {player.pk}", "score": 1})
        PlayFactory(game=player, number=2, fields={"name": f"New {player.pk}", "note": "x"})
        PlayFactory(game=player, number=3, fields=None)
    assert deliver() == {"added": 39, "found": 1}
    assert len(bulk_esp.received) <= 2
    del players[3]
    assert bulk_esp.stored == {
        player.email: {"FNAME": f"New {player.pk}"} for player in players[:29]
    }


def test_mistyped_esp_fields_stop_no_contact(
    bulk_esp: FakeESP, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ESP_FIELDS = {"name": "MISTYPED"}
    for player in pending(20):
        PlayFactory(game=player, number=1, fields={"name": "Zoë"})
    with caplog.at_level(logging.WARNING):
        assert deliver() == {"added": 20}
    assert (len(bulk_esp.contacts), bulk_esp.stored) == (20, {})
    assert "check ESP_FIELDS" in caplog.text
    assert "Zoë" not in caplog.text


VENDORS = [FakeBrevo, FakeKlaviyo, FakeListmonk, FakeMailchimp, FakeSendGrid, FakeUnisender]
VALUES = [
    '<script>alert("x")</script>',
    '=HYPERLINK("http://x.example";"y")',
    "+1 @SUM(1) -2 &a=b;%00%0d%0a",
    "😀 Ω ё שלום",
    "x" * 9999,
]


@pytest.mark.parametrize("value", VALUES, ids=["html", "formula", "form", "emoji", "long"])
@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.backend.vendor)
def test_any_value_arrives_intact_or_not_at_all(
    client: Client, settings: Settings, vendor: type[FakeESP], value: str
) -> None:
    esp = vendor()
    with esp.running():
        configure(settings, esp)
        answer = send(client, name=value)
    assert answer["esp_status"] is False
    assert esp.contacts == {EMAIL: 1}
    # Mailchimp takes up to 255 characters.
    too_long = vendor is FakeMailchimp and len(value) > 255
    assert Play.objects.get().fields == {"name": value}
    assert esp.stored == ({} if too_long else {EMAIL: {"FNAME": value}})
