"""System checks: `manage.py check` reports a wrong ESP setting before a player's request fails."""

import inspect
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from esp.backends.base import ESPBackend, ForgetsContacts, TakesFields
from esp.backends.mock import MockBackend

PROTOCOLS = {
    "has_contact": ESPBackend,
    "add_contact": ESPBackend,
    "add_contact_with": TakesFields,
    "remove_contact": ForgetsContacts,
}
OPTIONAL = {"add_contact_with", "remove_contact"}


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
    wrong = [*_check_methods(backend), *_check_options(backend), *_check_fields(backend)]
    return wrong or [*_check_values(backend)]


@register(Tags.security, deploy=True)
def check_not_the_mock(**_kwargs: Any) -> list[CheckMessage]:
    """Warn if a deployment uses the mock."""
    is_mock = f"{MockBackend.__module__}.{MockBackend.__qualname__}" == settings.ESP_BACKEND
    message = _("ESP_BACKEND is the mock: contacts stay in this database and reach no ESP.")
    hint = _("Set ESP_BACKEND to your ESP's backend before the campaign starts.")
    return [Warning(message, hint=hint, id="esp.W001")] if is_mock else []


def _backend_class() -> type:
    backend = import_string(settings.ESP_BACKEND)
    if not inspect.isclass(backend):
        raise ImportError(f"{settings.ESP_BACKEND} is not a class")
    return backend


def _check_methods(backend: type) -> Iterator[CheckMessage]:
    # mypy and isinstance() do not notice a renamed argument.
    for name, protocol in PROTOCOLS.items():
        wanted = inspect.signature(getattr(protocol, name))
        method = getattr(backend, name, None)
        if method is None and name in OPTIONAL:
            continue
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
        reasons = [
            f"{reason}."
            for option in ("tags", "double_optin")
            if option in settings.ESP_OPTIONS and (reason := getattr(backend, f"no_{option}", ""))
        ]
        names = ", ".join(inspect.signature(backend).parameters)
        yield Error(
            f"ESP_OPTIONS does not fit {settings.ESP_BACKEND}: {error}.",
            hint=" ".join([*reasons, f"It takes {names}, as a JSON object."]),
            id="esp.E003",
        )


def _check_fields(backend: type) -> Iterator[CheckMessage]:
    if unknown := sorted(settings.ESP_FIELDS.keys() - settings.PLAY_FIELDS.keys()):
        yield Error(
            f"ESP_FIELDS names {', '.join(unknown)}, which PLAY_FIELDS does not.",
            hint='As in PLAY_FIELDS={"name": "text:100"} and ESP_FIELDS={"name": "FNAME"}.',
            id="esp.E014",
        )
    names = settings.ESP_FIELDS.values()
    if not all(isinstance(name, str) and name for name in names):
        yield Error("ESP_FIELDS must name the ESP's attribute for each field.", id="esp.E014")
    elif taken := sorted(set(names).intersection(getattr(backend, "identifiers", ()))):
        yield Error(
            f"ESP_FIELDS names {', '.join(taken)}, which visitors must not set.",
            hint="What a visitor types there could lead to another person's contact.",
            id="esp.E014",
        )
    if settings.ESP_FIELDS and not hasattr(backend, "add_contact_with"):
        yield Error(
            f"ESP_FIELDS is set, but {settings.ESP_BACKEND} takes no fields.",
            hint="A backend that does follows the protocol esp.backends.base.TakesFields.",
            id="esp.E014",
        )


def _check_values(backend: Callable[..., object]) -> Iterator[CheckMessage]:
    """Run the backend's own check(), if it has one."""
    try:
        check = getattr(backend(**settings.ESP_OPTIONS), "check", None)
    except Exception as error:  # noqa: BLE001 - a class may raise anything
        # Not the error's text: it may contain the key.
        yield Error(
            f"{settings.ESP_BACKEND} cannot be created with ESP_OPTIONS: {type(error).__name__}.",
            hint="Check the types of the values.",
            id="esp.E010",
        )
    else:
        yield from check() if check else ()
