"""Each system check by its id; and the look-up of the backend that they guard."""

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
    messages = run_checks()
    assert [message.id for message in messages] == ids
    assert "secret" not in str(messages)


@pytest.mark.parametrize(
    ("backend", "ids"), [(MOCK, ["esp.W001"]), (f"{__name__}.RenamedArgument", ["esp.E002"])]
)
def test_mock_in_a_deployment_is_said(settings: Settings, backend: str, ids: list[str]) -> None:
    settings.ESP_BACKEND = backend
    messages = run_checks(include_deployment_checks=True)
    assert [message.id for message in messages if "esp." in str(message.id)] == ids


def test_backend_is_made_once_with_its_options(settings: Settings) -> None:
    settings.ESP_OPTIONS = {"failing": True}
    backend = get_backend()
    assert isinstance(backend, MockBackend)
    assert backend.failing
    assert get_backend() is backend


def test_changed_setting_makes_another_backend(settings: Settings) -> None:
    before = get_backend()
    settings.ESP_OPTIONS = {"failing": True}
    assert get_backend() is not before
