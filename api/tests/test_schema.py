"""The staff API and /api/me/ match their OpenAPI description, for each role."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import requests
import schemathesis
from django.contrib.auth.models import User
from django.core.cache import cache as cache_of_site
from django.test import Client
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core import NotSet

from api.tests.test_public_schema import ADDRESSES
from testing.factories import GameFactory
from testing.people import EDITING, make_player, make_staff, make_token, signed_in, with_token

# The schema cannot describe whether a player exists or has changed.
EXPECTED = ["2xx", "401", "403", "404", "409", "412", "428"]
CONFIG = {
    "checks": {
        "positive_data_acceptance": {"expected-statuses": EXPECTED},
        "negative_data_rejection": {"expected-statuses": ["2xx", "4xx"]},
        "ignored_auth": {"enabled": False},  # test_roles covers it
        "missing_required_header": {"expected-statuses": ["4xx"]},
        "unsupported_method": {"enabled": False},  # test_roles covers it
    }
}


def cookie(user: User) -> dict[str, str]:
    return {"Cookie": f"sessionid={signed_in(user).cookies['sessionid'].value}"}


VIEWING = ["view_game", "view_play"]  # rights, not groups: other tests empty the table of groups
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


@cache
def drawn(description: str) -> list[schemathesis.Case]:
    """Return requests to each operation, good and bad. Drawing them costs more than sending them.

    So they are drawn once, and each role sends the same.
    """
    schemathesis.openapi.format("email", ADDRESSES)
    config = schemathesis.config.SchemathesisConfig.from_dict(CONFIG)
    schema = schemathesis.openapi.from_dict(json.loads(description), config=config)
    found: list[Any] = [each.ok() for each in schema.get_all_operations()]  # type: ignore[union-attr]
    operations = [
        operation for operation in found if "/games/" in operation.path or "/me/" in operation.path
    ]
    assert len(operations) == 12
    cases: list[schemathesis.Case] = []
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
            def draw(case: schemathesis.Case) -> None:
                # drf-spectacular cannot describe that a PATCH needs a body.
                assume(case.method != "PATCH" or not isinstance(case.body, NotSet))
                cases.append(case)

            try:
                draw()
            except Unsatisfiable:  # the request has no part that could be wrong
                assert mode is schemathesis.GenerationMode.NEGATIVE
    return cases


@pytest.mark.parametrize("who", CREDENTIALS)
def test_schemathesis_finds_nothing(live_server: Any, monkeypatch: Any, who: str) -> None:
    monkeypatch.setattr(
        "rest_framework.throttling.UserRateThrottle.rate", "100000/min", raising=False
    )
    cache_of_site.clear()
    headers = CREDENTIALS[who]()
    GameFactory.create_batch(3)
    owner = signed_in(User.objects.create_superuser("reader"))
    cases = drawn(json.dumps(described(owner), sort_keys=True))
    assert len(cases) >= 200
    with requests.Session() as session:
        for case in cases:
            session.cookies.clear()  # of earlier answers
            case.call_and_validate(live_server.url, session, headers)


def described(client: Client) -> dict[str, Any]:
    schema: dict[str, Any] = client.get("/api/schema/?format=json").json()
    return schema


def groups(client: Client) -> list[str]:
    """Return the tags of the operations that the reader sees."""
    paths = described(client)["paths"].values()
    return sorted({each["tags"][0] for path in paths for each in path.values()})


def test_readers_see_what_they_may_use(db: None) -> None:
    write = make_token(User.objects.create_superuser("owner"), "games:write")
    assert groups(signed_in(make_player("cem@test.ru"))) == ["me", "plays"]
    assert groups(signed_in(make_staff("newcomer"))) == ["games", "me", "plays"]
    assert groups(with_token(write)) == ["games", "me", "plays"]


def test_each_operation_has_words_of_its_own(admin_client: Client) -> None:
    schema = described(admin_client)
    operations = [each for path in schema["paths"].values() for each in path.values()]
    for part in ("summary", "description"):
        words = [operation.get(part) for operation in operations]
        assert all(words)
        assert len(set(words)) == len(operations) == 15


def test_plays_come_first(admin_client: Client) -> None:
    schema = described(admin_client)
    assert next(iter(schema["paths"])) == "/api/verification_mail/"
    assert schema["tags"][0]["name"] == "plays"


def test_every_answer_is_described(admin_client: Client) -> None:
    schema = described(admin_client)
    named = {
        f"{method} {path}": " ".join(operation["responses"])
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    }
    assert named == {
        "get /api/games/": "200 400 401 403 404 429",
        "post /api/games/": "201 400 401 403 409 415 429",
        "get /api/games/{id}/": "200 401 403 404 429",
        "patch /api/games/{id}/": "200 400 401 403 404 409 412 415 428 429",
        "delete /api/games/{id}/": "204 401 403 404 412 428 429",
        "get /api/games/{id}/consents/": "200 401 403 404 429",
        "get /api/games/{id}/plays/": "200 401 403 404 429",
        "get /api/games/stats/": "200 401 403 429",
        "get /api/me/": "200 401 403 429",
        "post /api/me/erasure/": "202 401 403 429",
        "get /api/me/export/": "200 401 403 429",
        "get /api/me/plays/": "200 401 403 404 429",
        "get /api/play_keys/": "200 204 404 429",
        "post /api/play_keys/": "200 403 404 400 415 429",
        "post /api/verification_mail/": "200 403 400 411 413 415 422 429 503",
    }
