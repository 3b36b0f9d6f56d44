from typing import Any

import pytest
from django.core.checks import run_checks
from pytest_django.fixtures import Settings

from esp.tests.fakes.server import KEY

BREVO = "esp.backends.brevo.BrevoBackend"
MAILCHIMP = "esp.backends.mailchimp.MailchimpBackend"
LISTMONK = "esp.backends.listmonk.ListmonkBackend"
SES = "esp.backends.ses.SESBackend"
FINE = {"api_key": KEY, "list_id": 7}
SELF_HOSTED = {"base_url": "https://lists.example.com", "list_id": 7}


class Fussy:
    def __init__(self, *, api_key: str) -> None:
        raise TypeError(f"I do not like {api_key}")

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
        ("esp.backends.klaviyo.KlaviyoBackend", FINE | {"list_id": ["a"]}, ["esp.E005"]),
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
        ("esp.backends.sendgrid.SendGridBackend", FINE, []),
        ("esp.backends.klaviyo.KlaviyoBackend", FINE, []),
        ("esp.backends.unisender.UnisenderBackend", FINE, []),
        (SES, {"list_name": "game", "region": "eu-central-1"}, []),
        (SES, {"list_name": ""}, ["esp.E005"]),
        (SES, {"list_name": "game", "base_url": "x"}, ["esp.E006"]),
        (f"{__name__}.Fussy", {"api_key": KEY}, ["esp.E010"]),
    ],
)
def test_options(settings: Settings, backend: str, options: dict[str, Any], ids: list[str]) -> None:
    settings.ESP_BACKEND, settings.ESP_OPTIONS = backend, options

    found = [message for message in run_checks() if str(message.id).startswith("esp.")]

    assert [message.id for message in found] == ids
    assert "canary" not in repr(found)


def test_ses_without_boto3(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("esp.backends.ses.find_spec", lambda _name: None)
    settings.ESP_BACKEND, settings.ESP_OPTIONS = SES, {"list_name": "game"}

    assert [message.id for message in run_checks() if message.id == "esp.E009"] == ["esp.E009"]
