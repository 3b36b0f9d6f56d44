"""System checks: a wrong ESP setting stops `manage.py check`, not a player's request."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.utils.module_loading import import_string

from esp.backends.base import ESPBackend, ForgetsContacts
from esp.backends.mock import MockBackend

METHODS = {"has_contact": ESPBackend, "add_contact": ESPBackend}
OPTIONAL = {"remove_contact": ForgetsContacts}


@register(Tags.compatibility)
def check_backend(**_kwargs: Any) -> list[CheckMessage]:
    """Check that ESP_BACKEND is a backend and takes ESP_OPTIONS."""
    try:
        backend = _backend_class()
    except ImportError as error:
        return [
            Error(
                f"ESP_BACKEND cannot be imported: {error}.",
                hint="It is the dotted path of a class, such as esp.backends.mock.MockBackend.",
                id="esp.E001",
            )
        ]
    wrong = [*_check_methods(backend), *_check_options(backend)]
    return wrong or [*_check_values(backend)]


@register(Tags.security, deploy=True)
def check_not_the_mock(**_kwargs: Any) -> list[CheckMessage]:
    """Say so when the mock is what a deployment uses."""
    if f"{MockBackend.__module__}.{MockBackend.__qualname__}" != settings.ESP_BACKEND:
        return []
    return [
        Warning(
            "ESP_BACKEND is the mock: contacts stay in this database and reach no ESP.",
            hint="Name your ESP's backend before the campaign starts.",
            id="esp.W001",
        )
    ]


def _backend_class() -> type:
    backend = import_string(settings.ESP_BACKEND)
    if not inspect.isclass(backend):
        raise ImportError(f"{settings.ESP_BACKEND} is not a class")
    return backend


def _check_methods(backend: type) -> Iterator[CheckMessage]:
    # Structural typing does not notice a renamed argument; calls by keyword would.
    optional = {name: one for name, one in OPTIONAL.items() if hasattr(backend, name)}
    for name, protocol in (METHODS | optional).items():
        wanted = inspect.signature(getattr(protocol, name))
        method = getattr(backend, name, None)
        if method is None or list(inspect.signature(method).parameters) != list(wanted.parameters):
            yield Error(
                f"{settings.ESP_BACKEND} has no method {name}{wanted}.",
                hint="A backend follows the protocol esp.backends.base.ESPBackend.",
                id="esp.E002",
            )


def _check_options(backend: type) -> Iterator[CheckMessage]:
    try:
        inspect.signature(backend).bind(**settings.ESP_OPTIONS)
    except TypeError as error:
        yield Error(
            f"ESP_OPTIONS does not fit {settings.ESP_BACKEND}: {error}.",
            hint=f"It takes {inspect.signature(backend)}, as a JSON object.",
            id="esp.E003",
        )


def _check_values(backend: Callable[..., object]) -> Iterator[CheckMessage]:
    """Let the backend judge its options, where it has a method `check()` that does."""
    try:
        check = getattr(backend(**settings.ESP_OPTIONS), "check", None)
    except Exception as error:  # noqa: BLE001 - anybody's class, given anybody's values
        # Not the error's text: it may quote the key.
        yield Error(
            f"{settings.ESP_BACKEND} cannot be made of ESP_OPTIONS: {type(error).__name__}.",
            hint="Look at the types of the values.",
            id="esp.E010",
        )
    else:
        yield from check() if check else ()
