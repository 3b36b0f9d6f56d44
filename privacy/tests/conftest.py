from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
# Lower case, with no word of the pages in it.
CANARY = "qzxwvut-canary@pqzrst-example.ru"


@pytest.fixture
def sign_in(db: None) -> Callable[[str], Client]:
    """Return a client of an account with one group, or of a superuser."""
    from django.contrib.auth.models import Group, User  # noqa: PLC0415

    def client_of(role: str) -> Client:
        user = User.objects.create_user(role.replace(" ", "-"), is_staff=True)
        if role == "superuser":
            user.is_superuser = True
            user.save()
        else:
            user.groups.add(Group.objects.get(name=role))
        client = Client(raise_request_exception=False)
        client.force_login(user)
        return client

    return client_of


@pytest.fixture
def game(db: None) -> Any:
    from testing.campaign import make_game  # noqa: PLC0415

    return make_game(CANARY, NOON, NOON, state="pending", contact_error="it timed out")
