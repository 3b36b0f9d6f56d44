"""Requests checked against the vendors' own OpenAPI documents in the folder ESP_SPECS_DIR."""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest
from openapi_core.exceptions import OpenAPIError

from testing.esp.brevo import FakeBrevo
from testing.esp.klaviyo import FakeKlaviyo
from testing.esp.sendgrid import FakeSendGrid
from testing.esp.server import FakeESP, Received

SPECS = os.environ.get("ESP_SPECS_DIR")
VENDORS = [(FakeBrevo, "brevo"), (FakeKlaviyo, "klaviyo"), (FakeSendGrid, "sendgrid")]

pytestmark = [
    pytest.mark.skipif(not SPECS, reason="ESP_SPECS_DIR is not set"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # openapi-core's own
]


def specification(name: str) -> tuple[OpenAPI, str]:
    document = json.loads(Path(str(SPECS), f"{name}.json").read_text())
    return OpenAPI.from_dict(document), document["servers"][0]["url"]


def replayed(received: Received, server: str) -> RequestsOpenAPIRequest:
    """Return a request that the fake received, with the vendor's URL."""
    url = server + received.target
    headers = {**received.headers, "host": urlsplit(server).netloc}
    return RequestsOpenAPIRequest(
        requests.Request(received.method, url, headers, data=received.body)
    )


@pytest.mark.parametrize(("vendor", "name"), VENDORS)
def test_requests_are_valid(vendor: type[FakeESP], name: str) -> None:
    api, server = specification(name)
    esp = vendor()
    with esp.running():
        backend: Any = esp.backend(**esp.options())
        backend.has_contact("o'brien+1/2%@test.ru")
        backend.add_contact("o'brien+1/2%@test.ru")

    for received in esp.received:
        api.validate_request(replayed(received, server))
    assert len(esp.received) == (3 if name == "klaviyo" else 2)


@pytest.mark.parametrize(("vendor", "name"), VENDORS)
def test_additions_with_fields_are_valid(vendor: type[FakeESP], name: str) -> None:
    api, server = specification(name)
    esp = vendor()
    own = {"first_name": "Zoë"} if "first_name" in esp.fields else {}
    with esp.running():
        backend: Any = esp.backend(**esp.options())
        backend.add_contact_with("cem@test.ru", {"FNAME": "=1+1 <b>😀", "SCORE": 42, **own})
        backend.add_contact_with("eva@test.ru", {"FNAME": True})

    for received in esp.received:
        api.validate_request(replayed(received, server))
    assert all(b'"FNAME"' in one.body for one in esp.received[:1])


def test_the_look_up_of_a_klaviyo_profiles_consent_is_valid() -> None:
    api, server = specification("klaviyo")
    esp = FakeKlaviyo()
    esp.hold("cem@test.ru")
    esp.consents = {"cem@test.ru": "UNSUBSCRIBED"}
    with esp.running():
        backend: Any = esp.backend(**esp.options(), double_optin=True)
        backend.add_again("cem@test.ru")

    for received in esp.received:
        api.validate_request(replayed(received, server))
    assert len(esp.received) == 2


def test_a_wrong_request_is_noticed() -> None:
    api, server = specification("brevo")
    wrong = Received("POST", [], {}, {"content-type": "application/json"}, b"[]", "/contacts")

    with pytest.raises(OpenAPIError):
        api.validate_request(replayed(wrong, server))
