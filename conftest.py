"""Settings for the tests, and a PostgreSQL for them where DATABASE_URL names no database."""

import os

import django
import pytest
from django.core.cache import cache

# Before Django's settings are read. DEBUG gives the settings of a developer's machine;
# pytest-django then turns it off for the code under test.
os.environ["DJANGO_SETTINGS_MODULE"] = "esp_mail.settings"
os.environ["DEBUG"] = "1"
for name in (
    "SECRET_KEY",
    "PRIVACY_KEY",
    "ALLOWED_HOSTS",
    "ESP_BACKEND",
    "ESP_OPTIONS",
    "HTTPS",
    "TIME_ZONE",
    "CLIENT_IP_HEADER",
    "REDIS_URL",
    "SENTRY_DSN",
):
    os.environ.pop(name, None)
if not os.environ.get("DATABASE_URL"):
    from esp_mail.tests.postgres import ThrowawayPostgres

    os.environ["DATABASE_URL"] = ThrowawayPostgres().url


DATABASE = {"db", "transactional_db", "live_server"}


def pytest_configure() -> None:
    """Load the settings; pytest-django does so only where its own options name them."""
    django.setup()


@pytest.fixture(autouse=True)
def _closed_breaker() -> None:
    """Begin each test with an ESP that has not failed yet."""
    from esp.gate import get_gate  # noqa: PLC0415 - the settings are not read before a test runs

    get_gate.cache_clear()


@pytest.fixture(autouse=True)
def _empty_cache(request: pytest.FixtureRequest) -> None:
    """Begin each test with nothing kept or counted: no test's end empties the cache's table."""
    if request.node.get_closest_marker("django_db") or DATABASE & set(request.fixturenames):
        request.getfixturevalue("db")
        cache.clear()
