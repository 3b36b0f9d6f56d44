"""Each system check by its id, and the creation of the backend."""

from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from esp.backends import get_backend
from esp.backends.mock import MockBackend

MOCK = "esp.backends.mock.MockBackend"


class RenamedArgument:
    def has_contact(self, address: str) -> bool:
        return False

    def add_contact(self, email: str) -> None: ...


class RenamedOption(MockBackend):
    def remove_contact(self, address: str) -> None: ...


class RenamedFields(MockBackend):
    def add_contact_with(self, email: str, attributes: Any) -> None: ...


class WithoutFields:
    def has_contact(self, email: str) -> bool:
        return False

    def add_contact(self, email: str) -> None: ...


class MissingMethod:
    def has_contact(self, email: str) -> bool:
        return False


@pytest.mark.parametrize(
    ("backend", "options", "ids"),
    [
        (MOCK, {}, []),
        (MOCK, {"latency": 0.1, "failing": True, "rejecting": ["test.ru"]}, []),
        ("", {}, ["esp.E001"]),
        ("nowhere", {}, ["esp.E001"]),
        ("esp.backends.nowhere.Backend", {}, ["esp.E001"]),
        ("esp.backends.mock.Nothing", {}, ["esp.E001"]),
        ("esp.backends.mock", {}, ["esp.E001"]),
        (f"{__name__}.RenamedArgument", {}, ["esp.E002"]),
        (f"{__name__}.MissingMethod", {}, ["esp.E002"]),
        (f"{__name__}.RenamedOption", {}, ["esp.E002"]),
        (MOCK, {"key": "secret"}, ["esp.E003"]),
        (MOCK, ["secret"], ["esp.E003"]),
        (MOCK, {"latency": "secret"}, ["esp.E010"]),
        (MOCK, {"latency": -1}, ["esp.E010"]),
        (MOCK, {"failing": "no"}, ["esp.E010"]),
        (MOCK, {"rejecting": "secret"}, ["esp.E010"]),
    ],
)
def test_wrong_backend_or_options(
    settings: Settings, backend: str, options: Any, ids: list[str]
) -> None:
    settings.ESP_BACKEND = backend
    settings.ESP_OPTIONS = options
    messages = [message for message in run_checks() if not message.is_silenced()]
    assert [message.id for message in messages] == ids
    assert "secret" not in str(messages)


@pytest.mark.parametrize(
    ("backend", "fields", "ids"),
    [
        (MOCK, {}, []),
        (MOCK, {"name": "FNAME"}, []),
        (MOCK, {"nick": "FNAME", "age": "AGE"}, ["esp.E014"]),
        (MOCK, {"name": ""}, ["esp.E014"]),
        (MOCK, {"name": ["FNAME"]}, ["esp.E014"]),
        (f"{__name__}.WithoutFields", {"name": "FNAME"}, ["esp.E014"]),
        (f"{__name__}.WithoutFields", {}, []),
        (f"{__name__}.RenamedFields", {"name": "FNAME"}, ["esp.E002"]),
    ],
)
def test_wrong_fields(
    settings: Settings, backend: str, fields: dict[str, Any], ids: list[str]
) -> None:
    settings.ESP_BACKEND = backend
    settings.PLAY_FIELDS, settings.ESP_FIELDS = {"name": ("text", 100)}, fields
    messages = [message for message in run_checks() if not message.is_silenced()]
    assert [message.id for message in messages] == ids


def test_unknown_fields_are_named(settings: Settings) -> None:
    settings.PLAY_FIELDS, settings.ESP_FIELDS = {}, {"nick": "FNAME", "age": "AGE"}
    (message,) = run_checks()
    assert message.msg == "ESP_FIELDS names age, nick, which PLAY_FIELDS does not."


@pytest.mark.parametrize(
    ("backend", "ids"), [(MOCK, ["esp.W001"]), (f"{__name__}.RenamedArgument", ["esp.E002"])]
)
def test_mock_in_a_deployment_is_a_warning(
    settings: Settings, backend: str, ids: list[str]
) -> None:
    settings.ESP_BACKEND = backend
    messages = run_checks(include_deployment_checks=True)
    assert [message.id for message in messages if "esp." in str(message.id)] == ids


def test_backend_is_created_once_with_its_options(settings: Settings) -> None:
    settings.ESP_OPTIONS = {"failing": True}
    backend = get_backend()
    assert isinstance(backend, MockBackend)
    assert backend.failing
    assert get_backend() is backend


def test_changed_setting_creates_another_backend(settings: Settings) -> None:
    before = get_backend()
    settings.ESP_OPTIONS = {"failing": True}
    assert get_backend() is not before
