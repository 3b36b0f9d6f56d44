"""The requests, against the vendors' own OpenAPI documents: ESP_SPECS_DIR says where they are."""

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

from esp.tests.fakes.brevo import FakeBrevo
from esp.tests.fakes.klaviyo import FakeKlaviyo
from esp.tests.fakes.sendgrid import FakeSendGrid
from esp.tests.fakes.server import FakeESP, Received

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
    """Return what the fake was sent, as if sent to the vendor."""
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


def test_a_wrong_request_is_noticed() -> None:
    api, server = specification("brevo")
    wrong = Received("POST", [], {}, {"content-type": "application/json"}, b"[]", "/contacts")

    with pytest.raises(OpenAPIError):
        api.validate_request(replayed(wrong, server))
