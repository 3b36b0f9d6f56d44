from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

URL = "/api/verification_mail/"


@pytest.fixture
def play(client: Client, db: None) -> Callable[..., Any]:
    """Send a play as a frontend does; return the response."""

    def send(email: object, key: str | None = None, **extra: Any) -> Any:
        headers = {"Idempotency-Key": key} if key is not None else {}
        body = {"email": email}
        return client.post(URL, body, "application/json", headers=headers | extra)

    return send
