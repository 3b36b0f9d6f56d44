"""Whether the process lives, and whether it may serve."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import OperationalError, connection
from django.test import Client, RequestFactory

from esp.client import get_client
from esp.errors import ESPMisconfigured
from esp_mail import probes
from games.delivery_pause import DeliveryPause
from serving.client_address import client_address
from serving.error_reports import clean
from serving.logs import logging_context
from stats import backlog
from testing.factories import GameFactory


@pytest.fixture(autouse=True)
def _nothing_cached() -> None:
    backlog._cache.clear()
    probes._check_installation.cache_clear()


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


def test_backlog_and_the_esp_never_make_it_unready(client: Client, db: None) -> None:
    GameFactory(contact_state="pending")
    DeliveryPause.objects.begin("the key is wrong")
    get_client().breaker.open(ESPMisconfigured("the key is wrong"))

    response = client.get("/readyz")

    assert response.status_code == 200
    body = response.json()
    assert body["delivery"]["pending"] == 1
    assert body["delivery"]["oldest_pending_seconds"] >= 0
    assert body["delivery"]["paused"] == "the key is wrong"
    assert body["esp"] == {"breaker": "open"}


def test_slow_backlog_does_not_make_it_unready(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise OperationalError

    monkeypatch.setattr(backlog.Backlog, "read", fail)
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
        with pytest.raises(SystemCheckError, match=r"manage\.py migrate applies them"):
            call_command("check", deploy=True, databases=["default"], fail_level="WARNING")
    finally:
        call_command("migrate", verbosity=0)
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("table", ["cache", "games_play"])
def test_missing_table_is_seen(client: Client, db: None, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO elsewhere")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "reason": "TablesMissing"}
    with pytest.raises(SystemCheckError, match=f"no table “{table}”"):
        call_command("check", databases=["default"])


def test_check_leaves_unapplied_migrations_to_migrate(transactional_db: None) -> None:
    call_command("migrate", "stats", "zero", verbosity=0)
    try:
        call_command("check", databases=["default"])
    finally:
        call_command("migrate", verbosity=0)
    call_command("check", databases=["default"])


def test_migrate_does_not_warn_of_what_it_applies(transactional_db: None) -> None:
    said = StringIO()
    call_command("migrate", "stats", "zero", verbosity=0)
    call_command("migrate", verbosity=0, skip_checks=False, stdout=said, stderr=said)
    assert "esp_mail.W001" not in said.getvalue()
    assert "migrations" not in said.getvalue()


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
    with logging_context(request_id="of-the-request"):
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


def test_static_files_that_are_not_collected_are_seen(
    client: Client, db: None, settings: Any, tmp_path: Path
) -> None:
    manifest = {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}
    settings.STORAGES = settings.STORAGES | {"staticfiles": manifest}
    settings.STATIC_ROOT = tmp_path

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"ready": False, "reason": "StaticFilesMissing"}
    with pytest.raises(SystemCheckError, match=r"static files are not collected, such as account/"):
        call_command("check", deploy=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    assert isinstance(staticfiles_storage, ManifestFilesMixin)
    staticfiles_storage.hashed_files = staticfiles_storage.load_manifest()[0]  # as a new process
    assert client.get("/readyz").status_code == 200
    assert "esp_mail.E002" not in [each.id for each in run_checks(include_deployment_checks=True)]
