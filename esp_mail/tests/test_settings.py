"""The settings from the environment, each in a process of its own."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

PRODUCTION = {
    "SECRET_KEY": "$9f-of-a-real-deployment-with-fifty-characters-or-more-in-it",
    "ALLOWED_HOSTS": "play.example.com, www.example.com",
    "DATABASE_URL": "postgres://esp_mail:secret@db.example.com:5433/plays",
    "ESP_BACKEND": "esp.backends.mock.MockBackend",
}


def python(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, "-c", f"from esp_mail.settings import *; {code}"], environment)


def run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {
        name: os.environ[name] for name in ("PATH", "COVERAGE_PROCESS_CONFIG") if name in os.environ
    }
    return subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def printed(expression: str, **environment: str) -> str:
    process = python(f"print({expression})", environment)
    assert process.returncode == 0, process.stderr
    return process.stdout.strip()


@pytest.mark.parametrize("missing", PRODUCTION)
def test_missing_setting_is_one_line(missing: str) -> None:
    environment = {name: value for name, value in PRODUCTION.items() if name != missing}
    process = run([sys.executable, "manage.py", "check"], environment)
    assert process.returncode == 1
    assert process.stderr.startswith(f"Not configured: {missing} is not set.")
    assert process.stderr.count("\n") == 1


@pytest.mark.parametrize("secret", ["SECRET_KEY", "DATABASE_URL"])
def test_trial_secrets_serve_no_public_host(secret: str) -> None:
    trial = {
        "SECRET_KEY": "trial-only-and-known-to-everybody",
        "DATABASE_URL": "postgres://esp_mail:trial-only@db/plays",
    }[secret]
    process = run([sys.executable, "manage.py", "check"], PRODUCTION | {secret: trial})
    assert process.returncode == 1
    assert "which everybody knows" in process.stderr
    printed("SECRET_KEY", **PRODUCTION | {secret: trial, "ALLOWED_HOSTS": "localhost,127.0.0.1"})


def test_broken_options_do_not_show_the_key() -> None:
    process = run(
        [sys.executable, "manage.py", "check"], PRODUCTION | {"ESP_OPTIONS": '{"api_key": "k3y"'}
    )
    assert process.stderr == "Not configured: ESP_OPTIONS is not a JSON object.\n"


def test_production_settings() -> None:
    assert printed("DEBUG, SECRET_KEY[0], ALLOWED_HOSTS, HTTPS", **PRODUCTION) == (
        "False $ ['play.example.com', 'www.example.com'] True"
    )


def test_debug_needs_no_other_setting() -> None:
    assert printed("DATABASES['default']['NAME'], HTTPS, ESP_BACKEND", DEBUG="1") == (
        f"{settings.BASE_DIR / 'db.sqlite3'} False esp.backends.mock.MockBackend"
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgres://esp_mail:s%40cret@db.example.com:5433/plays",
            "esp_mail s@cret db.example.com 5433 plays",
        ),
        ("postgres://esp_mail@//var/run/postgresql/plays", "esp_mail  /var/run/postgresql  plays"),
        ("sqlite:////data/plays.sqlite3", "    /data/plays.sqlite3"),
    ],
)
def test_database_url(url: str, expected: str) -> None:
    names = "*[DATABASES['default'][k] for k in ('USER', 'PASSWORD', 'HOST', 'PORT', 'NAME')]"
    assert printed(f"' '.join(str(v) for v in [{names}])", DEBUG="1", DATABASE_URL=url) == (
        expected.strip()
    )


def test_postgres_connections_are_kept_and_checked() -> None:
    keys = "DATABASES['default'][k] for k in ('CONN_MAX_AGE', 'CONN_HEALTH_CHECKS')"
    assert printed(f"[{keys}]", **PRODUCTION) == "[None, True]"


def test_sqlite_takes_its_lock_at_once() -> None:
    options = printed("DATABASES['default']['OPTIONS']", DEBUG="1")
    assert "'transaction_mode': 'IMMEDIATE'" in options
    assert "journal_mode = WAL" in options


def test_deployment_check_finds_nothing() -> None:
    process = run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        PRODUCTION | {"ESP_BACKEND": "esp_mail.tests.test_settings.Backend"},
    )
    assert process.returncode == 0, process.stderr


class Backend:
    """Some ESP that is not the mock, which the deployment check would mention."""

    def has_contact(self, email: str) -> bool:
        return False

    def add_contact(self, email: str) -> None: ...
