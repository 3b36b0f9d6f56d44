"""The look-up of the ESP backend that the settings name."""

from functools import cache

from django.conf import settings
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.module_loading import import_string

from esp.backends.base import ESPBackend


@cache
def get_backend() -> ESPBackend:
    """Return this process's backend, made at the first call.

    A wrong setting raises what the class or its import raises; `manage.py check` finds it first.
    """
    backend: ESPBackend = import_string(settings.ESP_BACKEND)(**settings.ESP_OPTIONS)
    return backend


@receiver(setting_changed)
def forget_backend(**_kwargs: object) -> None:
    """Let a test's changed setting take effect."""
    get_backend.cache_clear()
