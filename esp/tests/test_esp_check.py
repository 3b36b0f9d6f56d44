import re
import time
from email.utils import formatdate
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from testing.esp.backend_cases import SESCase
from testing.esp.brevo import FakeBrevo
from testing.esp.klaviyo import FakeKlaviyo
from testing.esp.listmonk import FakeListmonk
from testing.esp.mailchimp import FakeMailchimp
from testing.esp.sendgrid import FakeSendGrid
from testing.esp.server import KEY, REFUSED, FakeESP, Handler
from testing.esp.unisender import FakeUnisender

WELL = "The ESP answers; key, rights and list are right.\n"


@pytest.fixture
def configured(brevo: FakeBrevo, settings: Settings) -> FakeBrevo:
    settings.ESP_BACKEND = "esp.backends.brevo.BrevoBackend"
    settings.ESP_OPTIONS = brevo.options()
    return brevo


def output_of(*arguments: str) -> str:
    out = StringIO()
    call_command("esp_check", *arguments, stdout=out)
    return out.getvalue()


def failure(*arguments: str) -> CommandError:
    with pytest.raises(CommandError) as caught:
        output_of(*arguments)
    assert KEY not in str(caught.value)
    return caught.value


def test_all_is_well(configured: FakeBrevo) -> None:
    assert output_of() == WELL
    assert configured.contacts == {}


def test_known_address(configured: FakeBrevo) -> None:
    configured.hold("cem@test.ru")

    assert output_of(" Cem@Test.RU").splitlines()[1] == "The address is known to it."


def test_unknown_address(configured: FakeBrevo) -> None:
    assert output_of("cem@test.ru").splitlines()[1] == "The address is not known to it."


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
def test_backend_without_lists_only_looks_up(settings: Settings) -> None:
    settings.ESP_BACKEND, settings.ESP_OPTIONS = "esp.backends.mock.MockBackend", {}

    assert output_of() == WELL


@pytest.fixture
def any_esp(fake: FakeESP, settings: Settings) -> FakeESP:
    settings.ESP_BACKEND = f"{fake.backend.__module__}.{fake.backend.__qualname__}"
    settings.ESP_OPTIONS = fake.options()
    return fake


def test_all_is_well_with_every_vendor_and_nothing_is_changed(any_esp: FakeESP) -> None:
    any_esp.hold("eva@test.ru")
    assert output_of() == WELL
    assert any_esp.contacts == {"eva@test.ru": 0}


MISSING_RIGHTS = [
    (FakeBrevo, ("POST", "contacts")),
    (FakeKlaviyo, ("POST", "profiles")),
    (FakeKlaviyo, ("POST", "data-privacy-deletion-jobs")),
    (FakeListmonk, ("POST", "subscribers")),
    (FakeListmonk, ("DELETE", "0")),
    (FakeMailchimp, ("POST", "members")),
    (FakeSendGrid, ("PUT", "contacts")),
    (FakeSendGrid, ("POST", "erasejob")),
]


@pytest.mark.parametrize(("vendor", "refuses"), MISSING_RIGHTS)
def test_a_missing_right_is_found(
    settings: Settings, vendor: type[FakeESP], refuses: tuple[str, str]
) -> None:
    esp = vendor()
    esp.refuses = refuses
    with esp.running():
        settings.ESP_BACKEND = f"{esp.backend.__module__}.{esp.backend.__qualname__}"
        settings.ESP_OPTIONS = esp.options()
        assert str(failure()).startswith("An operator must act: ")


def test_double_opt_in_and_an_old_listmonk_are_named(settings: Settings) -> None:
    esp = FakeListmonk()
    esp.double_optin = True
    settings.ESP_BACKEND = "esp.backends.listmonk.ListmonkBackend"
    with esp.running():
        settings.ESP_OPTIONS = esp.options()
        assert "double opt-in" in output_of()
        esp.searches = False
        assert "older than version 5" in str(failure())


def test_clocks_that_disagree_are_named(
    configured: FakeBrevo, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = formatdate(time.time() + 300, usegmt=True)
    monkeypatch.setattr(Handler, "date_time_string", lambda *_: late)
    assert re.search(r"(299|300) seconds apart", output_of())


class Plain:
    """A backend of an agency's own: no rights to check, and no removal."""

    def check_list(self) -> None: ...

    def has_contact(self, email: str) -> bool:
        return False

    def add_contact(self, email: str) -> None: ...


def test_a_backend_that_cannot_remove_is_named(settings: Settings) -> None:
    settings.ESP_BACKEND, settings.ESP_OPTIONS = f"{__name__}.Plain", {}
    assert output_of() == f"Note: after an erasure, staff remove the contact by hand.\n{WELL}"


def test_amazon_is_asked_for_the_right_to_remove(moto: str, settings: Settings) -> None:
    case = SESCase(moto)
    settings.ESP_BACKEND, settings.ESP_OPTIONS = "esp.backends.ses.SESBackend", case.options()
    assert output_of() == WELL


def configure(settings: Settings, esp: FakeESP, **options: Any) -> None:
    settings.ESP_BACKEND = f"{esp.backend.__module__}.{esp.backend.__qualname__}"
    settings.ESP_OPTIONS = esp.options() | options


@pytest.mark.parametrize("vendor", [FakeBrevo, FakeMailchimp, FakeSendGrid, FakeUnisender])
def test_fields_that_the_esp_lacks_are_named(settings: Settings, vendor: type[FakeESP]) -> None:
    esp = vendor()
    with esp.running():
        configure(settings, esp)
        settings.ESP_FIELDS = {"name": "FNAME"}
        assert output_of() == WELL
        settings.ESP_FIELDS = {"name": "FNAME", "score": "score", "nick": "NICK"}
        assert str(failure()) == (
            "An operator must act: the ESP has no field NICK, score (ESP_FIELDS)."
        )


@pytest.mark.parametrize("vendor", [FakeKlaviyo, FakeListmonk])
def test_esp_that_takes_any_field_has_all(settings: Settings, vendor: type[FakeESP]) -> None:
    esp = vendor()
    with esp.running():
        configure(settings, esp)
        settings.ESP_FIELDS = {"nick": "NICK"}
        assert output_of() == WELL


@pytest.mark.parametrize("vendor", [FakeKlaviyo, FakeListmonk])
def test_list_of_single_opt_in_with_double_optin_is_wrong(
    settings: Settings, vendor: type[FakeESP]
) -> None:
    esp = vendor()
    with esp.running():
        configure(settings, esp, double_optin=True)
        assert "has a list of single opt-in, but double_optin is set" in str(failure())
        esp.double_optin = True
        assert output_of() == WELL


@pytest.mark.parametrize("vendor", [FakeKlaviyo, FakeMailchimp])
def test_double_opt_in_of_the_list_that_is_skipped_is_noted(
    settings: Settings, vendor: type[FakeESP]
) -> None:
    esp = vendor()
    esp.double_optin = True
    with esp.running():
        configure(settings, esp)
        assert "has double opt-in, but contacts skip it: double_optin is not set." in output_of()
        configure(settings, esp, double_optin=True)
        assert output_of() == WELL


def test_klaviyos_right_to_ask_for_a_confirmation_is_checked(settings: Settings) -> None:
    esp = FakeKlaviyo()
    esp.double_optin = True
    esp.refuses = ("POST", "profile-subscription-bulk-create-jobs")
    with esp.running():
        configure(settings, esp, double_optin=True)
        assert str(failure()).startswith("An operator must act: ")


def test_brevos_template_is_checked(settings: Settings) -> None:
    esp = FakeBrevo()
    wrong = "has no active double opt-in template of this template_id"
    with esp.running():
        configure(settings, esp, double_optin=True, **esp.double_optin_options)
        assert output_of() == WELL
        esp.has_link = False
        assert wrong in str(failure())
        options = {**esp.double_optin_options, "template_id": 404}
        configure(settings, esp, double_optin=True, **options)
        assert wrong in str(failure())
