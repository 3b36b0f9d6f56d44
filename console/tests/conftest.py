from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

# Models are imported where they are needed: this file may be read before the settings are.


@pytest.fixture
def staff(client: Client, admin_user: Any) -> Client:
    client.force_login(admin_user)
    return client


@pytest.fixture
def new_game(db: None) -> Callable[..., Any]:
    from testing.campaign import make_game  # noqa: PLC0415

    return make_game
