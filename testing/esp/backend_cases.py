"""The two backends that need no fake for the contract: the mock, and SES with moto."""

import json
from typing import Any

import boto3
from botocore.exceptions import ClientError

from esp.backends.mock import MockBackend
from esp.backends.ses import SESBackend
from esp.models import MockContact
from testing.esp.server import REFUSED

REGION = "eu-central-1"


class MockCase:
    backend = MockBackend

    def options(self) -> dict[str, Any]:
        return {"rejecting": [REFUSED.partition("@")[2]]}

    def hold(self, email: str, *, unsubscribed: bool = False) -> None:
        MockContact.objects.create(email=email)

    def state(self, email: str) -> str:
        return "subscribed" if MockContact.objects.filter(email=email).exists() else "absent"

    def fields_of(self, email: str) -> Any:
        return MockContact.objects.get(email=email).fields


class SESCase:
    backend = SESBackend

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = boto3.client("sesv2", region_name=REGION, endpoint_url=url)
        self.client.create_contact_list(ContactListName="game")

    def options(self) -> dict[str, Any]:
        return {"list_name": "game", "region": REGION, "base_url": self.url}

    def hold(self, email: str, *, unsubscribed: bool = False) -> None:
        self.client.create_contact(
            ContactListName="game", EmailAddress=email, UnsubscribeAll=unsubscribed
        )

    def state(self, email: str) -> str:
        try:
            contact = self.client.get_contact(ContactListName="game", EmailAddress=email)
        except ClientError:
            return "absent"
        return "unsubscribed" if contact["UnsubscribeAll"] else "subscribed"

    def fields_of(self, email: str) -> Any:
        contact = self.client.get_contact(ContactListName="game", EmailAddress=email)
        return json.loads(contact.get("AttributesData", "{}"))
