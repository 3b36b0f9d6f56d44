"""The settings from the environment: loaded in this process, and by manage.py in a few cases."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

PRODUCTION = {
    "PRIVACY_KEY": "a-key-of-a-real-deployment-for-hashes-in-the-log",
    "SECRET_KEY": "$9f-of-a-real-deployment-with-fifty-characters-or-more-in-it",
    "ALLOWED_HOSTS": "play.example.com, www.example.com",
    "DATABASE_URL": "postgres://esp_mail:secret@db.example.com:5433/plays",
    "ESP_BACKEND": "esp.backends.mock.MockBackend",
}

BREVO = {
    "ESP_BACKEND": "esp.backends.brevo.BrevoBackend",
    "ESP_OPTIONS": '{"api_key": "key", "list_id": 1}',
}


def load(environment: dict[str, str]) -> dict[str, Any]:
    """Return the settings that this environment makes."""
    with mock.patch.dict(os.environ, environment, clear=True):
        return runpy.run_path(str(settings.BASE_DIR / "esp_mail" / "settings.py"))


def printed(expression: str, **environment: str) -> str:
    """Return an expression of the settings, as text."""
    value = eval(expression, load(environment))
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def refusal(environment: dict[str, str]) -> str:
    """Return the error that this environment is refused with."""
    with pytest.raises(ImproperlyConfigured) as raised:
        load(environment)
    return str(raised.value)


def run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    kept = {
        name: os.environ[name] for name in ("PATH", "COVERAGE_PROCESS_CONFIG") if name in os.environ
    }
    return subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env={"DEBUG": "0"} | kept | environment,  # a developer's .env does not matter
        capture_output=True,
        text=True,
        check=False,
    )


def test_manage_says_what_is_missing_in_one_line() -> None:
    process = run([sys.executable, "manage.py", "check"], {})
    assert process.returncode == 1
    assert process.stderr.startswith("Not configured: SECRET_KEY is not set.")
    assert process.stderr.count("\n") == 1


def test_old_python_is_one_line() -> None:
    code = "import runpy, sys; sys.version_info = (3, 10); runpy.run_path('manage.py')"
    process = run([sys.executable, "-c", code], PRODUCTION)
    assert process.stderr == "ESP mail needs Python 3.11 or later.\n"


@pytest.mark.parametrize("missing", PRODUCTION)
def test_missing_setting_is_one_line(missing: str) -> None:
    environment = {name: value for name, value in PRODUCTION.items() if name != missing}
    error = refusal(environment)
    assert error.startswith(f"{missing} is not set.")
    assert "\n" not in error


@pytest.mark.parametrize("secret", ["SECRET_KEY", "PRIVACY_KEY", "DATABASE_URL"])
def test_trial_secrets_serve_no_public_host(secret: str) -> None:
    trial = {
        "SECRET_KEY": "trial-only-and-known-to-everybody",
        "PRIVACY_KEY": "trial-only-and-known-to-everybody",
        "DATABASE_URL": "postgres://esp_mail:trial-only@db/plays",
    }[secret]
    assert "which everybody knows" in refusal(PRODUCTION | {secret: trial})
    printed("SECRET_KEY", **PRODUCTION | {secret: trial, "ALLOWED_HOSTS": "localhost,127.0.0.1"})


def test_broken_options_do_not_show_the_key() -> None:
    error = refusal(PRODUCTION | {"ESP_OPTIONS": '{"api_key": "k3y"'})
    assert error == "ESP_OPTIONS is not a JSON object."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEBUG", "yess"),
        ("HTTPS", "tru"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("TIME_ZONE", "../etc/passwd"),
        ("LOG_LEVEL", "loud"),
        ("PLAYS_PER_ADDRESS", "5"),
        ("PLAYS_PER_ADDRESS", "0/hour"),
        ("ADDRESSES_PER_CLIENT", "5/fortnight"),
        ("PLAYS_PER_DAY", "0"),
        ("PLAYS_FROM", "tomorrow"),
        ("PLAYS_UNTIL", "2026-02-30"),
        ("MAILING_CONSENT", "yes"),
        ("DISPOSABLE_ADDRESSES", "drop"),
        ("PLAY_SECONDS", "-1"),
        ("PLAY_SECONDS", "3601"),
        ("PLAY_KEY_WORK", "many"),
        ("PLAY_KEY_WORK", "nan"),
        ("ANSWERS_NEED_KEY", "perhaps"),
        ("REDIS_URL", "localhost:p4ssw0rd"),
        ("REDIS_URL", "redis://:p4ssw0rd@redis:port/0"),
        ("SENTRY_DSN", "https://p4ssw0rd"),
        ("DELIVERY_METRICS_PORT", "http"),
        ("DELIVERY_METRICS_PORT", "65536"),
        ("WEB_THREADS", "many"),
        ("ESP_BUDGET", "0"),
        ("ESP_BUDGET", "nan"),
        ("ESP_CONCURRENCY", "-1"),
        ("ESP_RATE", "0"),
        ("ESP_RATE", "abc"),
        ("ESP_DELIVERY_THREADS", "0"),
        ("ESP_GIVE_UP_ATTEMPTS", "many"),
        ("ESP_GIVE_UP_DAYS", "-1"),
        ("ESP_OPTIONS", "[]"),
        ("ADMIN_PATH", "/"),
        ("ADMIN_PATH", "staff room"),
        ("ADMIN_PATH", "api"),
        ("STAFF_REQUIRES_MFA", "perhaps"),
        ("EMAIL_URL", "foo"),
        ("EMAIL_URL", "smtp://"),
        ("EMAIL_URL", "smtp://u:p4ssw0rd@h:port"),
        ("EMAIL_URL", "smtp://u:p4ssw0rd@h?EMAIL_USE_TLS=True"),
        ("DATABASE_URL", "foo"),
        ("DATABASE_URL", "postgres://"),
        ("DATABASE_URL", "redis://localhost/1"),
        ("DATABASE_URL", "postgres://u:p4ssw0rd@h:port/n"),
    ],
)
def test_wrong_value_is_one_line(name: str, value: str) -> None:
    needed = REDIS | {"CLIENT_IP_HEADER": "X-Real-IP"}
    error = refusal(PRODUCTION | needed | {name: value})
    assert error.startswith(f"{name} is ")
    assert " is set, but " not in error
    assert "\n" not in error
    assert "p4ssw0rd" not in error


@pytest.mark.parametrize("value", ["", " ", ",", " , "])
def test_blank_is_not_set(value: str) -> None:
    error = refusal(PRODUCTION | {"ALLOWED_HOSTS": value})
    assert error.startswith("ALLOWED_HOSTS is not set.")
    assert (
        printed(
            "HTTPS, LOGGING['root']['level']",
            HTTPS=value.strip(" ,"),
            LOG_LEVEL="debug",
            **PRODUCTION,
        )
        == "True DEBUG"
    )


def test_database_that_is_away_is_one_line() -> None:
    away = {"DATABASE_URL": "postgres://esp_mail:p4ssw0rd@127.0.0.1:1/plays"}
    process = run([sys.executable, "manage.py", "migrate_locked"], PRODUCTION | away)
    assert process.returncode == 1
    assert process.stderr.startswith("The database is not available: ")
    assert "p4ssw0rd" not in process.stderr


def test_migrations_go_past_a_pool_of_connections() -> None:
    direct = {"DATABASE_DIRECT_URL": "postgres://esp_mail:p4ssw0rd@127.0.0.1:2/plays"}
    pool = {"DATABASE_URL": "postgres://esp_mail:p4ssw0rd@127.0.0.1:1/plays"}
    process = run([sys.executable, "manage.py", "migrate_locked"], PRODUCTION | pool | direct)
    assert "port 2 failed" in process.stderr


def test_path_of_the_project_may_have_any_name(tmp_path: Path) -> None:
    project = tmp_path / "a#b%20c d+e"
    project.mkdir()
    for name in ("esp_mail", "serving", "accounts", "api", "console", "games", "promo"):
        (project / name).symlink_to(settings.BASE_DIR / name)
    code = "from esp_mail import settings as s; print(s.DATABASES['default']['NAME'])"
    patched = f"import pathlib; pathlib.Path.resolve = pathlib.Path.absolute; {code}"
    process = subprocess.run(
        [sys.executable, "-c", patched],
        cwd=project,
        env={"DEBUG": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout == f"{project}/db.sqlite3\n"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/accounts/login/", {}, 301),
        ("/accounts/login/", {"HTTP_X_FORWARDED_PROTO": "https"}, 200),
        ("/healthz", {}, 200),
    ],
)
def test_https_in_production(path: str, headers: dict[str, str], status: int) -> None:
    code = (
        "import django; django.setup(); from django.test import Client; "
        f"print(Client().get({path!r}, HTTP_HOST='www.example.com', **{headers}).status_code)"
    )
    storage = "django.contrib.staticfiles.storage.StaticFilesStorage"
    plain = f"STORAGES['staticfiles']['BACKEND'] = '{storage}'"
    process = run(
        [sys.executable, "-c", f"from django.conf import settings; settings.{plain}; {code}"],
        PRODUCTION | {"DJANGO_SETTINGS_MODULE": "esp_mail.settings"},
    )
    assert process.stdout == f"{status}\n", process.stderr


def test_api_is_closed_unless_a_view_says_otherwise() -> None:
    assert settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] == [
        "rest_framework.permissions.IsAdminUser"
    ]


def test_production_settings() -> None:
    assert printed("DEBUG, SECRET_KEY[0], ALLOWED_HOSTS, HTTPS", **PRODUCTION) == (
        "False $ ['play.example.com', 'www.example.com'] True"
    )


def test_bot_shield() -> None:
    names = "PLAY_SECONDS, PLAY_KEY_WORK, ANSWERS_NEED_KEY"
    assert printed(names, **PRODUCTION) == "0 0 False"
    zero = dict.fromkeys(names.split(", "), "0")
    assert printed(names, **PRODUCTION | zero) == "0 0 False"
    shield = {"PLAY_SECONDS": "10", "PLAY_KEY_WORK": "50000", "ANSWERS_NEED_KEY": "1"}
    assert printed(names, **PRODUCTION | shield) == "10 50000 True"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", None),
        ("2026-12-01", "2026-12-01T00:00:00+03:00"),
        ("2026-12-01T10:30", "2026-12-01T10:30:00+03:00"),
        ("2026-12-01T10:30+05:00", "2026-12-01T10:30:00+05:00"),
    ],
)
def test_times_of_a_campaign_are_on_the_clock_of_the_site(value: str, expected: str | None) -> None:
    made = load(PRODUCTION | {"TIME_ZONE": "Europe/Moscow", "PLAYS_FROM": value})
    moment = made["PLAYS"]["PLAYS_FROM"]
    assert (moment and moment.isoformat()) == expected


def test_mail_by_tls_or_ssl() -> None:
    for scheme, tls, ssl in (
        ("smtp", False, False),
        ("smtps", True, False),
        ("smtp+ssl", False, True),
    ):
        made = load(PRODUCTION | {"EMAIL_URL": f"{scheme}://u%40x:p%3A@mail.example.com"})
        assert (made["EMAIL_USE_TLS"], made["EMAIL_USE_SSL"]) == (tls, ssl)
        assert (made["EMAIL_HOST_USER"], made["EMAIL_HOST_PASSWORD"]) == ("u@x", "p:")


def test_options_of_the_database_url() -> None:
    url = f"{PRODUCTION['DATABASE_URL']}?sslmode=require&connect_timeout=9"
    options = load(PRODUCTION | {"DATABASE_URL": url})["DATABASES"]["default"]["OPTIONS"]
    assert (options["sslmode"], options["connect_timeout"]) == ("require", 9)


@pytest.mark.parametrize(("pooled", "wanted"), [("", "read-write"), ("1", "any")])
def test_standby_is_refused_unless_a_pool_is_in_front(pooled: str, wanted: str) -> None:
    database = load(PRODUCTION | {"DATABASE_POOLED": pooled})["DATABASES"]["default"]
    assert database["OPTIONS"]["target_session_attrs"] == wanted
    url = f"{PRODUCTION['DATABASE_URL']}?target_session_attrs=primary"
    database = load(PRODUCTION | {"DATABASE_URL": url})["DATABASES"]["default"]
    assert database["OPTIONS"]["target_session_attrs"] == "primary"


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
        ("postgres://u:p#w+@h/a%20b", "u p#w+ h  a b"),
        ("postgres://u:p@h/a/b", "u p h  a/b"),
        ("postgres://u:p@one,two/n", "u p one,two  n"),
        ("postgres://u:p@one:5433,two:5434/n", "u p one,two 5433,5434 n"),
        ("postgres://u:p@one,two:5434,three/n", "u p one,two,three ,5434, n"),
        ("postgres://u:p@[2001:db8::1]:5433,two:5434/n", "u p 2001:db8::1,two 5433,5434 n"),
        ("sqlite:////data/plays.sqlite3", "    /data/plays.sqlite3"),
    ],
)
def test_database_url(url: str, expected: str) -> None:
    database = load({"DEBUG": "1", "DATABASE_URL": url})["DATABASES"]["default"]
    values = [database.get(name, "") for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")]
    assert " ".join(map(str, values)) == expected


def test_postgres_connections_are_kept_and_checked() -> None:
    database = load(PRODUCTION)["DATABASES"]["default"]
    assert (database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"]) == (None, True)


REDIS = {"REDIS_URL": "redis://:p4ssw0rd@redis:6379/0"}


@pytest.mark.parametrize("redis", [{}, REDIS])
def test_cache_is_the_database_so_that_staff_sign_in_without_redis(redis: dict[str, str]) -> None:
    backend = "CACHES['default']['BACKEND'].rpartition('.')[2], CACHES['default']['LOCATION']"
    assert printed(backend, **PRODUCTION | redis) == "DatabaseCache cache"


def test_limits() -> None:
    limits = {"PLAYS_PER_ADDRESS": "5/hour", "ADDRESSES_PER_CLIENT": "20/day"}
    environment = PRODUCTION | REDIS | limits | {"CLIENT_IP_HEADER": "X-Real-IP"}
    names = "PLAYS_PER_ADDRESS, ADDRESSES_PER_CLIENT"
    assert printed(names, **environment) == "(5, 3600) (20, 86400)"
    assert printed(names, **PRODUCTION) == "None None"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PLAYS_PER_ADDRESS": "5/hour"}, "REDIS_URL is not set"),
        ({"ADDRESSES_PER_CLIENT": "5/hour"}, "REDIS_URL is not set"),
        ({"ADDRESSES_PER_CLIENT": "5/hour"} | REDIS, "CLIENT_IP_HEADER=X-Real-IP"),
    ],
)
def test_limit_that_could_not_work_is_one_line(environment: dict[str, str], words: str) -> None:
    assert words in refusal(PRODUCTION | environment)


def test_port_of_deliverys_metrics() -> None:
    assert printed("DELIVERY_METRICS_PORT", **PRODUCTION) == "None"
    assert printed("DELIVERY_METRICS_PORT", DELIVERY_METRICS_PORT="9100", **PRODUCTION) == "9100"


def test_sqlite_takes_its_lock_at_once() -> None:
    options = printed("DATABASES['default']['OPTIONS']", DEBUG="1")
    assert "'transaction_mode': 'IMMEDIATE'" in options
    assert "journal_mode = WAL" in options


def test_deployment_check_finds_nothing() -> None:
    process = run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        PRODUCTION | BREVO,
    )
    found = set(re.findall(r"\((\w+\.[A-Z]\d+)\)", process.stderr))
    assert found - {"esp_mail.E002"} == set(), process.stderr  # static files may not be collected


def test_pool() -> None:
    expression = "DATABASES['default']['DISABLE_SERVER_SIDE_CURSORS']"
    assert printed(expression, **PRODUCTION) == "False"
    assert printed(expression, **PRODUCTION | {"DATABASE_POOLED": "1"}) == "True"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (PRODUCTION, "False dummy None"),
        (PRODUCTION | {"EMAIL_URL": "smtp+tls://u:p@mail.example.com:587"}, "True smtp 587"),
        ({"DEBUG": "1"}, "True console None"),
    ],
)
def test_mail(environment: dict[str, str], expected: str) -> None:
    made = load(environment)
    backend = made["EMAIL_BACKEND"].split(".")[-2]
    assert f"{made['MAIL_ENABLED']} {backend} {made.get('EMAIL_PORT')}" == expected


def test_staff_show_a_second_factor_unless_told_otherwise() -> None:
    assert printed("STAFF_REQUIRES_MFA", **PRODUCTION) == "True"
    assert printed("STAFF_REQUIRES_MFA", STAFF_REQUIRES_MFA="0", **PRODUCTION) == "False"
    assert printed("STAFF_REQUIRES_MFA", DEBUG="1") == "False"
