from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from esp.tests.fakes.brevo import FakeBrevo
from esp.tests.fakes.server import KEY, REFUSED


@pytest.fixture
def configured(brevo: FakeBrevo, settings: Settings) -> FakeBrevo:
    settings.ESP_BACKEND = "esp.backends.brevo.BrevoBackend"
    settings.ESP_OPTIONS = brevo.options()
    return brevo


def said(*arguments: str) -> str:
    out = StringIO()
    call_command("esp_check", *arguments, stdout=out)
    return out.getvalue()


def failure(*arguments: str) -> CommandError:
    with pytest.raises(CommandError) as caught:
        said(*arguments)
    assert KEY not in str(caught.value)
    return caught.value


def test_all_is_well(configured: FakeBrevo) -> None:
    assert said() == "The ESP answers; key and list are right.\n"
    assert configured.contacts == {}


def test_known_address(configured: FakeBrevo) -> None:
    configured.hold("cem@test.ru")

    assert said(" Cem@Test.RU").splitlines()[1] == "The address is known to it."


def test_unknown_address(configured: FakeBrevo) -> None:
    assert said("cem@test.ru").splitlines()[1] == "The address is not known to it."


@pytest.mark.parametrize("wrong", [{"api_key": "otherkey"}, {"list_id": 404}])
def test_wrong_option(configured: FakeBrevo, settings: Any, wrong: dict[str, Any]) -> None:
    settings.ESP_OPTIONS = settings.ESP_OPTIONS | wrong

    error = failure()

    assert (error.returncode, str(error)[:21]) == (1, "An operator must act:")


def test_no_answer(configured: FakeBrevo) -> None:
    configured.mode = "down"

    error = failure()

    assert (error.returncode, str(error)) == (3, "No answer to work with: Brevo answered 503.")


def test_refused_address(configured: FakeBrevo) -> None:
    error = failure(REFUSED)

    assert (error.returncode, str(error)[:26]) == (1, "The ESP refuses the addres")


def test_malformed_address(configured: FakeBrevo) -> None:
    assert failure("nobody").returncode == 1
    assert configured.received == []


@pytest.mark.django_db
def test_backend_without_lists_is_only_asked(settings: Settings) -> None:
    settings.ESP_BACKEND, settings.ESP_OPTIONS = "esp.backends.mock.MockBackend", {}

    assert said() == "The ESP answers; key and list are right.\n"
