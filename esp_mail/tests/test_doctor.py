"""What manage.py doctor says of an installation that is well, and of broken ones."""

import smtplib
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends import smtp
from django.core.management import CommandError, call_command
from django.db import NotSupportedError, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from esp.backends.mock import MockBackend
from esp.errors import ESPMisconfigured, ESPUnavailable
from esp_mail import doctor
from games.delivery_pause import DeliveryPause
from testing.factories import GameFactory
from testing.server import free_port

# What Django's checks say of a developer's machine.
DEVELOPMENT = ["security.W009", "esp.W001", "models.W040", "esp_mail.W004", "esp_mail.W007"]
DEVELOPMENT += ["async.E001"]  # of the tests in a browser

UNEXPECTED = " got an unexpected keyword argument 'key'."
PROXIES = "TRUSTED_PROXIES is set, but CLIENT_IP_HEADER is not: all clients are one."

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _well(settings: Any, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    settings.SILENCED_SYSTEM_CHECKS = settings.SILENCED_SYSTEM_CHECKS + DEVELOPMENT
    monkeypatch.delenv("LANG", raising=False)


def examine(*arguments: str) -> tuple[list[str], str]:
    """Return the lines that are no "ok", and the last one."""
    output = StringIO()
    try:
        call_command("doctor", *arguments, stdout=output)
    except CommandError as error:
        lines = [line for line in output.getvalue().splitlines() if not line.startswith("ok")]
        return lines, str(error)
    return [], output.getvalue()


def test_all_is_well(settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Moscow"
    report = examine()[1].splitlines()
    database, *others, zone, last = report
    assert database.startswith(f"ok     Database: {connection.display_name} ")
    assert others == [
        "ok     ESP: The ESP answers; key, rights and list are right.",
        "ok     Delivery: No contact is late.",
        "ok     Mail: The mail server answers. Nothing was sent.",
        "ok     Redis: REDIS_URL is not set: there are no limits in the application.",
    ]
    assert zone.startswith("ok     Time zone: Europe/Moscow: it is ")
    assert last == "All is well."
    assert mail.outbox == []


@pytest.mark.parametrize("by_machine", [True, False])
def test_russian(by_machine: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if by_machine:
        monkeypatch.setenv("LANG", "ru_RU.UTF-8")
    report = examine(*([] if by_machine else ["--language", "ru"]))[1].splitlines()
    assert report[2] == "ok     Передача в ESP: Все контакты переданы вовремя."
    assert report[-1] == "Всё в порядке."


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            'FATAL: password authentication failed for user "x"',
            "it refuses the user or the password",
        ),
        (
            'FATAL: Peer authentication failed for user "x"',
            "run this as the system user whom DATABASE_URL names",
        ),
        ("connection to 10.0.0.3 refused", "nothing listens at its host and port"),
        ("10.0.0.3 failed: session is read-only", "it is a standby, which accepts no plays"),
        ("something else of 10.0.0.3", "the log of the database says why"),
    ],
)
def test_database_that_is_away(monkeypatch: pytest.MonkeyPatch, said: str, reason: str) -> None:
    def away() -> None:
        raise OperationalError(said)

    monkeypatch.setattr(connection, "ensure_connection", away)
    monkeypatch.setattr(connection, "cursor", away)
    lines, last = examine()
    assert lines == [
        f"WRONG  Database: The database does not answer: {reason}.",
        "       → Correct DATABASE_URL, or start the database.",
        "WRONG  ESP: The database did not answer this question.",
        "       → See “Database”.",
        "WRONG  Delivery: The database did not answer this question.",
        "       → See “Database”.",
    ]
    assert last == "Not in order: 3."


def test_database_that_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    def old() -> None:
        raise NotSupportedError("PostgreSQL 14 or later is required (found 12.1).")

    monkeypatch.setattr(connection, "ensure_connection", old)
    assert examine()[0][:2] == [
        "WRONG  Database: PostgreSQL 14 or later is required (found 12.1).",
        "       → Upgrade the database server.",
    ]


def test_sqlite_is_named(monkeypatch: pytest.MonkeyPatch, sqlite: BaseDatabaseWrapper) -> None:
    monkeypatch.setattr(doctor, "connection", sqlite)
    assert doctor.database().startswith("SQLite 3.")


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="PostgreSQL's own")
def test_clock_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "CLOCK_SECONDS", -1.0)
    assert examine()[0] == [
        "WRONG  Database: The clocks of the database and of this machine differ by 0 seconds.",
        "       → Set both by NTP.",
    ]


def test_key_that_the_esp_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: MockBackend, email: str) -> bool:
        raise ESPMisconfigured("the key is wrong")

    monkeypatch.setattr(MockBackend, "has_contact", refuse)
    assert examine()[0] == [
        "WRONG  ESP: An operator must act: the key is wrong.",
        "       → docs/esp-backends.md says what each ESP needs.",
    ]


def test_esp_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(self: MockBackend, email: str) -> bool:
        raise ESPUnavailable("it could not be reached")

    monkeypatch.setattr(MockBackend, "has_contact", away)
    assert examine("--language", "ru")[0] == [
        "ОШИБКА Почтовый сервис (ESP): Ответа нет: it could not be reached.",
        "       → Откройте этой машине доступ к ESP и посмотрите, работает ли ESP.",
    ]


def test_options_that_the_esp_does_not_take(settings: Any) -> None:
    settings.ESP_OPTIONS = {"key": "s3cret"}
    lines, last = examine()
    assert lines[:3] == [
        "WRONG  ESP: ESP_BACKEND or ESP_OPTIONS is wrong.",
        "       → See “Settings” below.",
        f"WRONG  Settings: ESP_OPTIONS does not fit {settings.ESP_BACKEND}:{UNEXPECTED}",
    ]
    assert (last, "s3cret" in " ".join(lines)) == ("Not in order: 2.", False)


def test_delivery_that_does_not_run() -> None:
    long_ago = timezone.now() - timedelta(minutes=90, seconds=5)
    GameFactory(contact_state="pending", first_played_at=long_ago)
    assert examine()[0] == [
        "WRONG  Delivery: A contact has been waiting for 90 minutes.",
        "       → Start delivery, or read in its log why it gets nowhere.",
    ]
    DeliveryPause.objects.begin("the list is gone")
    assert examine()[0] == [
        "WRONG  Delivery: Delivery is paused: the list is gone",
        "       → Correct ESP_BACKEND and ESP_OPTIONS; it continues by itself.",
    ]


def test_mail_server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    assert examine()[0] == [
        "WRONG  Mail: The mail server does not answer (ConnectionRefusedError).",
        "       → Correct EMAIL_URL, or let this machine reach it.",
    ]

    def refuse(self: smtp.EmailBackend) -> None:
        raise smtplib.SMTPAuthenticationError(535, b"no")

    monkeypatch.setattr(smtp.EmailBackend, "open", refuse)
    assert examine()[0] == [
        "WRONG  Mail: The mail server refuses the user or the password.",
        "       → Correct EMAIL_URL.",
    ]
    settings.MAIL_ENABLED = False
    assert doctor.mail_server() == (
        "EMAIL_URL is not set: nobody can register or reset a password."
    )


def test_redis(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = f"redis://:p4ssw0rd@127.0.0.1:{free_port()}/0"
    assert examine()[0] == [
        "WRONG  Redis: Redis does not answer: plays pass without limits.",
        "       → Correct REDIS_URL, or start Redis.",
    ]
    monkeypatch.setattr("redis.Redis.ping", lambda self: True)
    assert doctor.redis() == "Redis answers."


def test_check_of_django_that_has_no_hint(settings: Any) -> None:
    settings.SILENCED_SYSTEM_CHECKS = set(settings.SILENCED_SYSTEM_CHECKS) - {"security.W009"}
    (line,), _last = examine()
    assert line.startswith("WRONG  Settings: Your SECRET_KEY has less than 50 characters")


def test_what_the_checks_find(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.0.0/8")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cache RENAME TO elsewhere")
    lines, last = examine()
    assert lines == [
        "WRONG  Settings: The database has no table “cache”, though all migrations are applied.",
        "       → For “cache” run: manage.py createcachetable. For another, restore a backup.",
        f"WRONG  Settings: {PROXIES}",
        "       → Set CLIENT_IP_HEADER=X-Real-IP, which nginx overwrites.",
    ]
    assert last == "Not in order: 2."
