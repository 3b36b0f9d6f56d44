"""The client and contacts with fields: which method gets them, and what if the ESP refuses them."""

from typing import Any

import pytest
from pytest_django import Settings

from esp.client import ESPClient
from esp.errors import ESPUnavailable
from testing.esp.brevo import FakeBrevo
from testing.esp.klaviyo import FakeKlaviyo
from testing.esp.listmonk import FakeListmonk
from testing.esp.mailchimp import FakeMailchimp
from testing.esp.sendgrid import FakeSendGrid
from testing.esp.server import FakeESP, Reply
from testing.esp.unisender import FakeUnisender

CLIENT = "esp.client"


@pytest.fixture
def client(fake: FakeESP, settings: Settings) -> ESPClient:
    settings.ESP_BACKEND = f"{fake.backend.__module__}.{fake.backend.__qualname__}"
    settings.ESP_OPTIONS = fake.options()
    settings.ESP_RATE = 10_000
    return ESPClient(concurrency=4)


pytestmark = pytest.mark.django_db


def add(client: ESPClient, email: str, fields: dict[str, Any]) -> None:
    with client.calls(seconds=10) as backend:
        if backend.adds_or_finds:
            assert backend.add_or_find(email, fields) is False
        else:
            backend.add_contact(email, fields=fields)


def test_fields_arrive(client: ESPClient, fake: FakeESP) -> None:
    add(client, "cem@test.ru", {"FNAME": "Cem"})
    assert fake.stored == {"cem@test.ru": {"FNAME": "Cem"}}


def test_late_addition_brings_fields(client: ESPClient, fake: FakeESP) -> None:
    with client.calls(seconds=10) as backend:
        backend.add_contact("cem@test.ru", again=True, fields={"FNAME": "Cem"})
    assert fake.stored == {"cem@test.ru": {"FNAME": "Cem"}}


def test_contact_is_added_without_fields_that_the_esp_refuses(
    client: ESPClient, fake: FakeESP, caplog: pytest.LogCaptureFixture
) -> None:
    fake.poison = {"Mistyped": Reply(422, {"code": "invalid_parameter"})}
    add(client, "cem@test.ru", {"FNAME": "Mistyped"})
    assert (fake.contacts, fake.stored) == ({"cem@test.ru": 1}, {})
    assert "contact added without its fields, check ESP_FIELDS: " in caplog.text
    assert "cem@test.ru" not in caplog.text
    assert "Mistyped" not in caplog.text
    assert client.breaker.state == "closed"


REJECTIONS = {
    FakeBrevo: Reply(400, {"message": "Invalid email preference"}),
    FakeKlaviyo: Reply(400, {"errors": [{"source": {"pointer": "/data/attributes/email"}}]}),
    FakeListmonk: Reply(400, {"message": "Invalid e-mail preference"}),
    FakeMailchimp: Reply(400, {"detail": "Please enter a valid email address in WORK"}),
    FakeSendGrid: Reply(400, {"errors": [{"message": "email preference is not valid"}]}),
    FakeUnisender: Reply(200, {"code": "invalid_arg", "error": "E-mail preference is invalid"}),
}


def test_a_rejection_for_a_field_does_not_reject_the_contact(
    client: ESPClient, fake: FakeESP
) -> None:
    fake.poison = {"Mistyped": REJECTIONS[type(fake)]}
    add(client, "cem@test.ru", {"FNAME": "Mistyped"})
    assert fake.contacts == {"cem@test.ru": 1}


def test_contact_that_is_refused_without_fields_too_is_a_failure(
    client: ESPClient, fake: FakeESP, caplog: pytest.LogCaptureFixture
) -> None:
    fake.poison = {"cem": Reply(422, {"code": "invalid_parameter"})}
    with pytest.raises(ESPUnavailable):
        add(client, "cem@test.ru", {"FNAME": "x"})
    assert fake.contacts == {}
    assert CLIENT not in [record.name for record in caplog.records]


def test_contact_is_not_asked_for_again_without_fields_if_the_esp_is_down(
    client: ESPClient, fake: FakeESP
) -> None:
    fake.mode = "down"
    with pytest.raises(ESPUnavailable):
        add(client, "cem@test.ru", {"FNAME": "x"})
    assert len(fake.received) == 1


class Plain:
    """A backend of an agency's own that takes no fields."""

    added: list[str] = []

    def has_contact(self, email: str) -> bool:
        return False

    def add_contact(self, email: str) -> None:
        self.added.append(email)


def test_backend_without_fields_gets_none(settings: Settings) -> None:
    settings.ESP_BACKEND, settings.ESP_OPTIONS = f"{__name__}.Plain", {}
    Plain.added = []
    add(ESPClient(concurrency=1), "cem@test.ru", {"FNAME": "x"})
    assert Plain.added == ["cem@test.ru"]
