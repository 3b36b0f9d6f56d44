"""The environment of the tests: their settings, their database, and which tests run when.

A PostgreSQL of their own is started unless DATABASE_URL names a database.
"""

import gc
import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import django
import hypothesis
import pytest
from django.apps import AppConfig, apps
from django.conf import settings
from django.core.cache import caches
from django.core.signals import setting_changed
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.signals import post_migrate
from django.db.utils import ConnectionHandler
from django.dispatch import receiver
from django.utils.translation import override

from testing.postgres import ThrowawayPostgres

ROOT = Path(__file__).parent
# Variables of this machine that must not reach the tests.
VARIABLES = (
    "SECRET_KEY", "PRIVACY_KEY", "ALLOWED_HOSTS", "ESP_BACKEND", "ESP_OPTIONS", "HTTPS",
    "TIME_ZONE", "CLIENT_IP_HEADER", "REDIS_URL", "SENTRY_DSN",
)  # fmt: skip

# Set before Django's settings are read. DEBUG makes the settings of a developer's machine; then
# pytest-django turns it off.
os.environ["DJANGO_SETTINGS_MODULE"] = "esp_mail.settings"
os.environ["DEBUG"] = "1"
for name in VARIABLES:
    os.environ.pop(name, None)
# The processes of pytest-xdist inherit the URL, and so share one server.
if not os.environ.get("DATABASE_URL"):
    os.environ["DATABASE_URL"] = ThrowawayPostgres(durable=False).url
    os.environ["DATABASE_IS_THROWAWAY"] = "1"

DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}
# Slow kinds of tests by folder or file, longest first; single tests have the mark themselves.
# `make test` leaves them out, `make test-all` runs them.
SLOW = {
    "rehearsal/tests": "rehearsal",
    "deploy/tests": "process",
    "rehearsal/tests/test_failover.py": "rehearsal",
    "esp_mail/tests/test_canary.py": "process",
    "esp_mail/tests/test_matrix.py": "fuzz",
    "api/tests/test_schema.py": "fuzz",
    "promo/tests/browser": "browser",
    "games/tests/test_race.py": "process",
    "console/tests/exporting/test_libreoffice.py": "process",
    "console/tests/importing/test_many_rows.py": "process",
    "api/tests/test_public_schema.py": "fuzz",
}

# Few examples while developing; `make test-all` asks for the profile "ci".
hypothesis.settings.register_profile("dev", max_examples=5)
hypothesis.settings.register_profile("ci", max_examples=20)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database-only", action="store_true", help="run tests that use a database")


def pytest_configure(config: pytest.Config) -> None:
    """Load the settings. pytest-django does so only if its own options name them."""
    django.setup()
    # The databases end with their server; dropping one would wait for whoever is still connected.
    config.option.reuse_db = "DATABASE_IS_THROWAWAY" in os.environ
    post_migrate.connect(restore_groups)
    # The real hasher takes half a second for each password.
    hashers = ("MD5PasswordHasher", "PBKDF2PasswordHasher")  # processes of tests use the latter
    settings.ESP_DELIVERY_THREADS = 1  # other threads do not see what a test has not committed
    settings.PASSWORD_HASHERS = [f"django.contrib.auth.hashers.{name}" for name in hashers]


def restore_groups(sender: AppConfig, **_kwargs: Any) -> None:
    """Make the migrations' groups again: a transactional test ends by emptying all tables."""
    from django.contrib.auth.models import Permission  # noqa: PLC0415 - after django.setup()

    if sender.label == "admin" and Permission.objects.filter(codename="erase_game").exists():
        import_module("games.migrations.0003_rights").give_rights(apps)
        import_module("games.migrations.0014_consent_rights").give_rights(apps)
        import_module("console.migrations.0002_draws").give_right(apps)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the slow tests and run them first, so that no long file starts last."""
    places = dict.fromkeys(items, len(SLOW))
    for item in items:
        path = item.path.relative_to(ROOT).as_posix()
        for place, (prefix, marker) in enumerate(SLOW.items()):
            if path.startswith(prefix):
                item.add_marker(marker)
                places[item] = place
    items.sort(key=places.__getitem__)
    if config.getoption("--database-only"):
        config.hook.pytest_deselected(items=[item for item in items if not uses_database(item)])
        items[:] = filter(uses_database, items)


def pytest_collection_finish() -> None:
    """Spare the garbage collector what lives as long as the tests: all modules and tests."""
    gc.collect()
    gc.freeze()


def uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    return bool(item.get_closest_marker("django_db") or DATABASE_FIXTURES & fixtures)


@receiver(setting_changed)
def reset_esp(**_kwargs: object) -> None:
    """Make a new ESP client and backend after a test changed a setting."""
    # The settings are not loaded before a test runs.
    from esp.backends import get_backend  # noqa: PLC0415
    from esp.client import get_client  # noqa: PLC0415

    get_client.cache_clear()
    get_backend.cache_clear()


@pytest.fixture
def sqlite(db: None) -> Iterator[BaseDatabaseWrapper]:
    """Return an empty SQLite database, to test code that only SQLite runs."""
    engine = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    connection = ConnectionHandler({"default": engine})["default"]
    yield connection
    BaseDatabaseWrapper.close(connection)  # its own `close` keeps a database in memory


@pytest.fixture(autouse=True)
def _closed_breaker() -> None:
    """Begin each test with an ESP that has not failed yet."""
    reset_esp()


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """Leave no language behind: as a server, a test's request sets the next one's at its start."""
    with override("en"):
        yield


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> None:
    """Begin each test with empty caches: the table of one is not emptied at the end of a test."""
    if uses_database(request.node):
        from games.consent import reload_texts  # noqa: PLC0415 - after django.setup()

        request.getfixturevalue("db")
        for cache in caches.all():
            cache.clear()
        reload_texts()  # what a process remembers of the consent texts
