"""The settings from the environment, each in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

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


@pytest.mark.parametrize("secret", ["SECRET_KEY", "PRIVACY_KEY", "DATABASE_URL"])
def test_trial_secrets_serve_no_public_host(secret: str) -> None:
    trial = {
        "SECRET_KEY": "trial-only-and-known-to-everybody",
        "PRIVACY_KEY": "trial-only-and-known-to-everybody",
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
        ("REDIS_URL", "localhost:p4ssw0rd"),
        ("SENTRY_DSN", "https://p4ssw0rd"),
        ("DELIVERY_METRICS_PORT", "http"),
        ("DELIVERY_METRICS_PORT", "65536"),
        ("WEB_THREADS", "many"),
        ("ESP_BUDGET", "0"),
        ("ESP_BUDGET", "nan"),
        ("ESP_CONCURRENCY", "-1"),
        ("ESP_OPTIONS", "[]"),
        ("ADMIN_PATH", "/"),
        ("ADMIN_PATH", "staff room"),
        ("ADMIN_PATH", "api"),
        ("STAFF_REQUIRES_MFA", "perhaps"),
        ("EMAIL_URL", "foo"),
        ("EMAIL_URL", "smtp://"),
        ("EMAIL_URL", "smtp://u:p4ssw0rd@h:port"),
        ("DATABASE_URL", "foo"),
        ("DATABASE_URL", "postgres://"),
        ("DATABASE_URL", "redis://localhost/1"),
        ("DATABASE_URL", "postgres://u:p4ssw0rd@h:port/n"),
    ],
)
def test_wrong_value_is_one_line(name: str, value: str) -> None:
    process = run([sys.executable, "manage.py", "check"], PRODUCTION | {name: value})
    assert process.returncode == 1
    assert process.stderr.startswith(f"Not configured: {name} is ")
    assert process.stderr.count("\n") == 1
    assert "p4ssw0rd" not in process.stderr


@pytest.mark.parametrize("value", ["", " ", ",", " , "])
def test_blank_is_not_set(value: str) -> None:
    process = run([sys.executable, "manage.py", "check"], PRODUCTION | {"ALLOWED_HOSTS": value})
    assert process.stderr.startswith("Not configured: ALLOWED_HOSTS is not set.")
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


def test_path_of_the_project_may_have_any_name(tmp_path: Path) -> None:
    project = tmp_path / "a#b%20c d+e"
    project.mkdir()
    for name in ("esp_mail", "manage.py"):
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
    process = python(
        f"from django.conf import settings; settings.{plain}; {code}",
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
    process = run([sys.executable, "manage.py", "check"], PRODUCTION | environment)
    assert process.returncode == 1
    assert words in process.stderr
    assert process.stderr.count("\n") == 1


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
    assert process.returncode == 0, process.stderr


def test_pool_and_replica() -> None:
    expression = "DATABASES['default']['DISABLE_SERVER_SIDE_CURSORS'], DATABASES.keys()"
    assert printed(expression, **PRODUCTION) == "False dict_keys(['default'])"
    more = {"DATABASE_POOLED": "1", "REPLICA_URL": "postgres://reader@copy/plays"}
    assert printed(expression, **PRODUCTION | more) == "True dict_keys(['default', 'replica'])"
    host, last = printed(
        "DATABASES['replica']['HOST'], MIDDLEWARE[-1]", **PRODUCTION | more
    ).split()
    assert (host, last) == ("copy", "esp_mail.replica.ReplicaMiddleware")


def test_wrong_replica_is_said_without_its_password() -> None:
    environment = PRODUCTION | {"REPLICA_URL": "reader:secret@copy"}
    process = run([sys.executable, "manage.py", "check"], environment)
    assert process.stderr.startswith("Not configured: REPLICA_URL is not the URL of a database")
    assert "secret" not in process.stderr


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (PRODUCTION, "False dummy None"),
        (PRODUCTION | {"EMAIL_URL": "smtp+tls://u:p@mail.example.com:587"}, "True smtp 587"),
        ({"DEBUG": "1"}, "True console None"),
    ],
)
def test_mail(environment: dict[str, str], expected: str) -> None:
    names = "MAIL_ENABLED, EMAIL_BACKEND.split('.')[-2], globals().get('EMAIL_PORT')"
    assert printed(f"' '.join(map(str, [{names}]))", **environment) == expected


def test_staff_show_a_second_factor_unless_told_otherwise() -> None:
    assert printed("STAFF_REQUIRES_MFA", **PRODUCTION) == "True"
    assert printed("STAFF_REQUIRES_MFA", STAFF_REQUIRES_MFA="0", **PRODUCTION) == "False"
    assert printed("STAFF_REQUIRES_MFA", DEBUG="1") == "False"
