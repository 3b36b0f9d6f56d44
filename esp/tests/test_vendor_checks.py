from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

from testing.esp.server import KEY

BREVO = "esp.backends.brevo.BrevoBackend"
MAILCHIMP = "esp.backends.mailchimp.MailchimpBackend"
LISTMONK = "esp.backends.listmonk.ListmonkBackend"
SES = "esp.backends.ses.SESBackend"
KLAVIYO = "esp.backends.klaviyo.KlaviyoBackend"
SENDGRID = "esp.backends.sendgrid.SendGridBackend"
CONFIRMING = {
    "double_optin": True,
    "template_id": 3,
    "redirect_url": "https://play.example.com/thanks",
}
FINE = {"api_key": KEY, "list_id": 7}
SELF_HOSTED = {"base_url": "https://lists.example.com", "list_id": 7}


class RaisingBackend:
    def __init__(self, *, api_key: str) -> None:
        raise TypeError(f"not a good key: {api_key}")

    def has_contact(self, email: str) -> bool: ...  # type: ignore[empty-body]  # never made

    def add_contact(self, email: str) -> None: ...


@pytest.mark.parametrize(
    ("backend", "options", "ids"),
    [
        (BREVO, FINE, []),
        (BREVO, {"list_id": 7}, ["esp.E003"]),
        (BREVO, {"api_key": KEY}, ["esp.E003"]),
        (BREVO, FINE | {"listid": 7}, ["esp.E003"]),
        (BREVO, FINE | {"api_key": ""}, ["esp.E004"]),
        (BREVO, FINE | {"api_key": None}, ["esp.E004"]),
        (BREVO, FINE | {"api_key": f"{KEY}\n"}, ["esp.E004"]),
        (BREVO, FINE | {"api_key": f"{KEY} {KEY}"}, ["esp.E004"]),
        (BREVO, FINE | {"list_id": ""}, ["esp.E005"]),
        (BREVO, FINE | {"list_id": None}, ["esp.E005"]),
        (BREVO, FINE | {"list_id": "game"}, ["esp.E005"]),
        (BREVO, FINE | {"base_url": "ftp://brevo.example"}, ["esp.E006"]),
        (BREVO, FINE | {"base_url": "brevo.example"}, ["esp.E006"]),
        (BREVO, FINE | {"base_url": "http://[::1"}, ["esp.E006"]),
        (BREVO, FINE | {"base_url": "http://brevo.example:port"}, ["esp.E006"]),
        (BREVO, FINE | {"base_url": "https://brevo.example/v3?x=1"}, ["esp.E006"]),
        (KLAVIYO, FINE | {"list_id": ["a"]}, ["esp.E005"]),
        (BREVO, FINE | {"timeout": 0}, ["esp.E007"]),
        (BREVO, FINE | {"timeout": "2"}, ["esp.E007"]),
        (BREVO, FINE | {"timeout": True}, ["esp.E007"]),
        (BREVO, {"api_key": "", "list_id": ""}, ["esp.E004", "esp.E005"]),
        (MAILCHIMP, FINE, []),
        (MAILCHIMP, FINE | {"api_key": "canary"}, ["esp.E008"]),
        (MAILCHIMP, FINE | {"api_key": "canary", "base_url": "https://mc.example"}, []),
        (MAILCHIMP, FINE | {"api_key": ""}, ["esp.E004", "esp.E006"]),
        (LISTMONK, SELF_HOSTED | {"api_key": f"robot:{KEY}"}, []),
        (LISTMONK, SELF_HOSTED | {"api_key": KEY}, ["esp.E008"]),
        (LISTMONK, FINE | {"api_key": f"robot:{KEY}"}, ["esp.E006"]),
        (BREVO, FINE | {"tags": ["summer"]}, ["esp.E012"]),
        (BREVO, FINE | {"double_optin": True}, ["esp.E013"]),
        (BREVO, FINE | {"double_optin": True, "template_id": 3}, ["esp.E013"]),
        (BREVO, FINE | CONFIRMING, []),
        (BREVO, FINE | CONFIRMING | {"redirect_url": "http://play.example"}, ["esp.E013"]),
        (BREVO, FINE | CONFIRMING | {"redirect_url": 3}, ["esp.E013"]),
        (BREVO, FINE | CONFIRMING | {"template_id": "3"}, ["esp.E013"]),
        (MAILCHIMP, FINE | {"tags": ["summer", "vk"], "double_optin": True}, []),
        (MAILCHIMP, FINE | {"tags": "summer"}, ["esp.E011"]),
        (MAILCHIMP, FINE | {"tags": [""]}, ["esp.E011"]),
        (MAILCHIMP, FINE | {"tags": [7]}, ["esp.E011"]),
        (MAILCHIMP, FINE | {"tags": ["a,b"]}, ["esp.E011"]),
        (MAILCHIMP, FINE | {"double_optin": "yes"}, ["esp.E011"]),
        (KLAVIYO, FINE | {"tags": ["summer"]}, ["esp.E012"]),
        (KLAVIYO, FINE | {"double_optin": True}, []),
        (SENDGRID, FINE | {"tags": ["summer"]}, ["esp.E012"]),
        (SENDGRID, FINE | {"double_optin": True}, ["esp.E012"]),
        (SES, {"list_name": "game", "tags": ["summer"]}, ["esp.E003"]),
        (SENDGRID, FINE, []),
        (KLAVIYO, FINE, []),
        ("esp.backends.unisender.UnisenderBackend", FINE, []),
        (SES, {"list_name": "game", "region": "eu-central-1"}, []),
        (SES, {"list_name": ""}, ["esp.E005"]),
        (SES, {"list_name": "game", "base_url": "x"}, ["esp.E006"]),
        (f"{__name__}.RaisingBackend", {"api_key": KEY}, ["esp.E010"]),
    ],
)
def test_options(settings: Settings, backend: str, options: dict[str, Any], ids: list[str]) -> None:
    settings.ESP_BACKEND, settings.ESP_OPTIONS = backend, options

    found = [message for message in run_checks() if str(message.id).startswith("esp.")]

    assert [message.id for message in found] == ids
    assert "canary" not in repr(found)


def test_missing_abilities_of_amazon_have_a_reason(settings: Settings) -> None:
    settings.ESP_BACKEND = SES
    settings.ESP_OPTIONS = {"list_name": "game", "tags": ["summer"], "double_optin": True}

    (found,) = [message for message in run_checks() if message.id == "esp.E003"]

    assert str(found.hint).startswith(
        "Amazon SES's contacts have no tags: use ESP_FIELDS."
        " Amazon SES sends no confirmations: ask for MAILING_CONSENT. It takes list_name, region"
    )


@pytest.mark.parametrize(
    ("backend", "name", "ids"),
    [
        (BREVO, "FNAME", []),
        (BREVO, "SMS", ["esp.E014"]),
        (MAILCHIMP, "EMAIL", ["esp.E014"]),
        (KLAVIYO, "phone_number", ["esp.E014"]),
        (SENDGRID, "external_id", ["esp.E014"]),
        ("esp.backends.unisender.UnisenderBackend", "phone", ["esp.E014"]),
    ],
)
def test_fields_by_which_a_vendor_finds_contacts_are_refused(
    settings: Settings, backend: str, name: str, ids: list[str]
) -> None:
    settings.ESP_BACKEND, settings.ESP_OPTIONS = backend, FINE
    settings.PLAY_FIELDS, settings.ESP_FIELDS = {"name": ("text", 100)}, {"name": name}

    assert [found.id for found in run_checks() if "esp." in str(found.id)] == ids
