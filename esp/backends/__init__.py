"""Makes the ESP backend that the settings name."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from esp.backends.base import ESPBackend, SettlesMany


@cache
def get_backend() -> ESPBackend:
    """Return this process's backend; the first call makes it.

    Raise whatever the import or the class raises. `manage.py check` reports wrong settings first.
    """
    backend: ESPBackend = import_string(settings.ESP_BACKEND)(**settings.ESP_OPTIONS)
    return backend


def bulk_size() -> int:
    """Return how many contacts the backend settles in one call; 1 if it cannot."""
    backend = get_backend()
    return backend.bulk_size if isinstance(backend, SettlesMany) else 1
