"""The staff API and one's own data do what their description says, whoever asks."""

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core import NotSet

from accounts.tests.people import EDITING, make_player, make_staff, make_token, signed_in
from games.tests.factories import GameFactory
from games.tests.test_schema import ADDRESSES

# Whether a game is there and as it was read is for the answer to say, not for the schema.
EXPECTED = ["2xx", "401", "403", "404", "409", "412", "428"]
CONFIG = {
    "checks": {
        "positive_data_acceptance": {"expected-statuses": EXPECTED},
        "negative_data_rejection": {"expected-statuses": ["2xx", "4xx"]},
        "ignored_auth": {"enabled": False},  # who is refused what: test_roles
        "missing_required_header": {"expected-statuses": ["4xx"]},
        "unsupported_method": {"enabled": False},  # test_roles again
    }
}


def cookie(user: User) -> dict[str, str]:
    return {"Cookie": f"sessionid={signed_in(user).cookies['sessionid'].value}"}


VIEWING = ["view_game", "view_play"]  # no group: other tests empty its table
CREDENTIALS: dict[str, Callable[[], dict[str, str]]] = {
    "nobody": dict,
    "player": lambda: cookie(make_player("cem@test.ru")),
    "viewer": lambda: cookie(make_staff("viewer", None, *VIEWING)),
    "editor": lambda: cookie(make_staff("editor", None, *VIEWING, "view_address", *EDITING)),
    "read token": lambda: token("games:read"),
    "write token": lambda: token("games:write"),
}


def token(scope: str) -> dict[str, str]:
    secret = make_token(User.objects.create_superuser("owner"), scope)
    return {"Authorization": f"Token {secret}"}


@pytest.mark.parametrize("who", CREDENTIALS)
def test_schemathesis_finds_nothing(live_server: Any, monkeypatch: Any, who: str) -> None:
    monkeypatch.setattr(
        "rest_framework.throttling.UserRateThrottle.rate", "100000/min", raising=False
    )
    cache.clear()
    schemathesis.openapi.format("email", ADDRESSES)
    config = schemathesis.config.SchemathesisConfig.from_dict(CONFIG)
    url = f"{live_server.url}/api/schema/?format=json"
    headers = CREDENTIALS[who]()
    GameFactory.create_batch(3)
    schema = schemathesis.openapi.from_url(url, config=config)
    found: list[Any] = [each.ok() for each in schema.get_all_operations()]  # type: ignore[union-attr]
    operations = [operation for operation in found if "verification" not in operation.path]
    assert len(operations) == 11

    for operation in operations:
        for mode in schemathesis.GenerationMode:

            @seed(1)
            @settings(
                max_examples=10,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(operation.as_strategy(generation_mode=mode))
            def call(case: schemathesis.Case) -> None:
                # drf-spectacular cannot say that a PATCH must have a body.
                assume(case.method != "PATCH" or not isinstance(case.body, NotSet))
                case.headers.update(headers)
                case.call_and_validate()

            try:
                call()
            except Unsatisfiable:  # a request with nothing in it that could be wrong
                assert mode is schemathesis.GenerationMode.NEGATIVE


def test_every_answer_has_an_example(client: Client) -> None:
    schema = client.get("/api/schema/", headers={"Accept": "application/json"}).json()
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                for content in answer.get("content", {}).values():
                    assert content.get("examples"), (path, status)


def test_description_of_signing_in_is_served(client: Client) -> None:
    schema = client.get("/api/auth/openapi.json").json()
    assert any(path.endswith("/auth/login") for path in schema["paths"])
