"""Whether the process lives, and whether it may serve."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client, RequestFactory

from esp.errors import ESPMisconfigured
from esp.gate import get_gate
from esp_mail import probes
from esp_mail.client import client_address
from esp_mail.error_reports import clean
from esp_mail.logs import lines_about
from games import debts
from games.models import DeliveryPause
from games.tests.factories import GameFactory


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    debts._kept.clear()
    probes._check_migrations.cache_clear()


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_are_only_read(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


def test_process_lives_without_its_database(client: Client) -> None:
    assert client.get("/healthz", headers={"Host": "10.0.0.7:8000"}).content == b"ok"


def test_ready(client: Client, db: None) -> None:
    response = client.get("/readyz", headers={"Host": "10.0.0.7:8000"})
    assert response.status_code == 200
    assert response.json() == {
        "ready": True,
        "delivery": {"pending": 0, "oldest_pending_seconds": 0, "paused": None},
        "esp": {"breaker": "closed"},
    }


def test_debts_and_the_esp_never_make_it_unready(client: Client, db: None) -> None:
    GameFactory(contact_state="pending")
    DeliveryPause.objects.begin("the key is wrong")
    with pytest.raises(ESPMisconfigured), get_gate().breaker.call():
        raise ESPMisconfigured("the key is wrong")

    response = client.get("/readyz")

    assert response.status_code == 200
    body = response.json()
    assert body["delivery"]["pending"] == 1
    assert body["delivery"]["oldest_pending_seconds"] >= 0
    assert body["delivery"]["paused"] == "the key is wrong"
    assert body["esp"] == {"breaker": "open"}


def test_debts_that_take_too_long_do_not_make_it_unready(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OperationalError

    monkeypatch.setattr(debts.Debts, "read", fail)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["delivery"]) == (200, None)


def test_outside_only_readiness_is_told(client: Client, db: None) -> None:
    response = client.get("/readyz", headers={"X-Forwarded-For": "198.51.100.1"})
    assert response.json() == {"ready": True}


def test_not_ready_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("connection to 10.0.0.3 as esp_mail")

    monkeypatch.setattr(connection, "cursor", away)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "reason": "OperationalError"}


def test_not_ready_until_migrations_are_applied(client: Client, transactional_db: None) -> None:
    call_command("migrate", "games", "0002", verbosity=0)
    try:
        response = client.get("/readyz")
        assert response.status_code == 503
        assert response.json() == {"ready": False, "reason": "MigrationsMissing"}
    finally:
        call_command("migrate", verbosity=0)
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("header", "stated", "expected"),
    [
        ("", "198.51.100.9", "127.0.0.1"),
        ("X-Real-IP", "198.51.100.9", "198.51.100.9"),
        ("X-Real-IP", "", "127.0.0.1"),
    ],
)
def test_client_address(settings: Any, header: str, stated: str, expected: str) -> None:
    settings.CLIENT_IP_HEADER = header
    request = RequestFactory().get("/", headers={"X-Real-IP": stated})
    assert client_address(request) == expected


def test_report_tells_nothing_of_the_visitor() -> None:
    event = {
        "request": {"method": "GET", "url": "http://x/?q=canary@x.ru", "cookies": {"c": "canary"}},
        "user": {"id": "canary"},
        "logentry": {"message": "lost canary@x.ru"},
        "exception": {
            "values": [
                {"module": "psycopg2.errors", "type": "UniqueViolation", "value": "canary"},
                {"module": None, "type": "ValueError", "value": "of canary@x.ru"},
            ]
        },
    }
    with lines_about(request_id="of-the-request"):
        cleaned = clean(event, {})
    assert cleaned == {
        "request": {"method": "GET"},
        "logentry": {"message": "lost [address]"},
        "exception": {
            "values": [
                {"module": "psycopg2.errors", "type": "UniqueViolation", "value": ""},
                {"module": None, "type": "ValueError", "value": "of [address]"},
            ]
        },
        "tags": {"request_id": "of-the-request"},
    }
