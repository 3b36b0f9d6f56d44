"""The whole answer to each role at each endpoint, by each method."""

import json
from typing import Any

import pytest

from api.changes import version
from games.models import Game
from testing.campaign import make_game
from testing.factories import PLAYED_AT
from testing.people import JSON, body, role

AT = "2026-05-01T12:00:00Z"
GAME = {
    "email": "cem@test.ru",
    "play_count": 2,
    "first_played_at": AT,
    "last_played_at": AT,
    "contact_state": "added",
}
MASKED = GAME | {"email": "c***@t***.ru"}
OWN = {key: value for key, value in GAME.items() if key != "email"}
PLAYS = [
    {"number": 2, "played_at": AT, "esp_status": True, "fields": None},
    {"number": 1, "played_at": AT, "esp_status": False, "fields": None},
]
NEW = {
    "email": "new@test.ru",
    "play_count": 0,
    "first_played_at": None,
    "last_played_at": None,
    "contact_state": "pending",
}

NOBODY = (401, {"detail": "Authentication credentials were not provided."})
BAD_TOKEN = (401, {"detail": "The token is unknown, revoked or expired."})
NOT_ALLOWED = (403, {"detail": "You do not have permission to perform this action."})
READ_ONLY = (403, {"detail": "This token may only read."})

REFUSED: dict[str, tuple[int, Any]] = {
    "anonymous": NOBODY,
    "player": NOT_ALLOWED,
    "other player": NOT_ALLOWED,
    "revoked token": BAD_TOKEN,
    "expired token": BAD_TOKEN,
}
READERS = [
    "viewer",
    "manager",
    "editor",
    "superuser",
    "read token",
    "write token",
    "viewer's token",
]
MASKED_FOR = ["viewer", "viewer's token"]
WRITERS = ["editor", "superuser", "write token"]
ROLES = [*REFUSED, *READERS]


def read(shown: Any, masked: Any) -> dict[str, tuple[int, Any]]:
    """Return the answer to a reading request for each role."""
    return REFUSED | {who: (200, masked if who in MASKED_FOR else shown) for who in READERS}


def write(status: int, answer: Any) -> dict[str, tuple[int, Any]]:
    """Return the answer to a changing request for each role."""
    refused = REFUSED | dict.fromkeys(READERS, NOT_ALLOWED) | {"read token": READ_ONLY}
    return refused | dict.fromkeys(WRITERS, (status, answer))


def page(*rows: Any) -> dict[str, Any]:
    return {"next": None, "previous": None, "results": list(rows)}


def mine(answer: Any, status: int = 200) -> dict[str, tuple[int, Any]]:
    """Return the answer about one's own data for each role: only players have any."""
    tokens = {who: NOBODY for who in ROLES if "token" in who}
    return dict.fromkeys(ROLES, NOT_ALLOWED) | tokens | answer | {"anonymous": NOBODY}


ONE = "/api/games/{id}/"
SENT = "We have sent you a link. Nothing is erased before you open it and confirm."
MATRIX: list[tuple[str, str, Any, dict[str, tuple[int, Any]]]] = [
    ("GET", "/api/games/", None, read(page(GAME), page(MASKED))),
    (
        "GET",
        "/api/games/?search=nobody",
        None,
        read(page(), None)
        | dict.fromkeys(MASKED_FOR, (403, {"detail": "You may not search by address."})),
    ),
    ("POST", "/api/games/", {"email": " New@Test.RU"}, write(201, NEW)),
    ("GET", ONE, None, read(GAME, MASKED)),
    ("PATCH", ONE, {"play_count": 1}, write(200, GAME | {"play_count": 1})),
    (
        "PATCH",
        ONE,
        {"email": "Eva@Test.ru"},
        write(200, GAME | {"email": "eva@test.ru", "contact_state": "pending"}),
    ),
    ("DELETE", ONE, None, write(204, None)),
    ("GET", f"{ONE}plays/", None, read(page(*PLAYS), page(*PLAYS))),
    (
        "GET",
        f"{ONE}consents/",
        None,
        read(page(), None) | dict.fromkeys(MASKED_FOR, NOT_ALLOWED),
    ),
    (
        "GET",
        "/api/me/",
        None,
        mine(
            {
                "player": (200, {"email": "cem@test.ru", "game": OWN, "consents": []}),
                "other player": (200, {"email": "eva@test.ru", "game": None, "consents": []}),
            }
        ),
    ),
    (
        "GET",
        "/api/me/plays/",
        None,
        mine(
            {
                "player": (200, page(*PLAYS)),
                "other player": (200, page()),
            }
        ),
    ),
    (
        "POST",
        "/api/me/erasure/",
        None,
        mine(dict.fromkeys(["player", "other player"], (202, {"detail": SENT}))),
    ),
]


@pytest.fixture
def game(db: None) -> Game:
    return make_game("cem@test.ru", PLAYED_AT, PLAYED_AT)


@pytest.mark.parametrize("who", ROLES)
@pytest.mark.parametrize(
    ("method", "path", "sent", "expected"),
    MATRIX,
    ids=[f"{method} {path} {sent or ''}" for method, path, sent, _expected in MATRIX],
)
def test_answer(
    game: Game, who: str, method: str, path: str, sent: Any, expected: dict[str, Any]
) -> None:
    client = role(who)
    headers = {"If-Match": version(Game.objects.get())}
    response = client.generic(
        method, path.format(id=game.pk), json.dumps(sent) if sent else "", JSON, headers=headers
    )
    status, answer = expected[who]
    assert (response.status_code, without_ids(body(response))) == (status, answer)
    changed = path.startswith("/api/games/") and method != "GET" and status < 400
    as_before = list(Game.objects.values_list("email", "play_count")) == [("cem@test.ru", 2)]
    assert as_before is not changed


@pytest.mark.parametrize("who", ROLES)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        *[(m, "/api/games/") for m in ("PUT", "PATCH", "DELETE")],
        *[(m, ONE) for m in ("POST", "PUT")],
        *[(m, f"{ONE}plays/") for m in ("POST", "PUT", "PATCH", "DELETE")],
        *[(m, "/api/games/stats/") for m in ("POST", "PUT", "PATCH", "DELETE")],
        *[(m, "/api/me/") for m in ("POST", "PUT", "PATCH", "DELETE")],
        *[(m, "/api/me/export/") for m in ("POST", "PUT", "PATCH", "DELETE")],
    ],
)
def test_other_methods_do_nothing(game: Game, who: str, method: str, path: str) -> None:
    response = role(who).generic(method, path.format(id=game.pk), "{}", JSON)
    assert response.status_code in {401, 403, 405}
    assert set(body(response)) == {"detail"}
    assert Game.objects.get() == game


@pytest.mark.parametrize("who", ROLES)
def test_stats(game: Game, who: str) -> None:
    response = role(who).get("/api/games/stats/")
    status, answer = REFUSED.get(who, (200, None))
    assert response.status_code == status
    if answer:
        assert body(response) == answer
        return
    numbers = body(response)
    ever = {"plays": 2, "players": 1, "new": 1, "known": 0.0, "pending": 0, "rejected": 0}
    assert numbers["periods"]["ever"] == ever
    rare = [] if "viewer" in who else [{"domain": "test.ru", "players": 1}]
    assert numbers["domains"] == rare
    standing = {"paused": False, "pending": 0, "oldest": None, "late": False}
    assert numbers["standing"] == standing
    assert set(numbers) == {"at", "periods", "days", "domains", "standing"}


@pytest.mark.parametrize("who", ROLES)
def test_export(game: Game, who: str) -> None:
    response = role(who).get("/api/me/export/")
    if "player" not in who:
        status, answer = mine({})[who]
        assert (response.status_code, body(response)) == (status, answer)
        return
    assert response.headers["Content-Disposition"] == 'attachment; filename="my-data.json"'
    data = body(response)
    own = who == "player"
    assert data["address"] == ("cem@test.ru" if own else "eva@test.ru")
    assert (data["game"] or {}).get("plays") == (2 if own else None)
    assert [play["number"] for play in data["plays"]] == ([1, 2] if own else [])
    [account] = data["accounts"]
    assert (account["staff"], account["confirmed"], account["second_factor"]) == (
        False,
        True,
        False,
    )
    assert set(account) == {"staff", "confirmed", "second_factor", "date_joined", "last_login"}


def without_ids(answer: Any) -> Any:
    """Return the answer without the ids, which the database chooses."""
    if isinstance(answer, dict):
        return {key: without_ids(value) for key, value in answer.items() if key != "id"}
    return [without_ids(each) for each in answer] if isinstance(answer, list) else answer
