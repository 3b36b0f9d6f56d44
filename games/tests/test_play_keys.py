"""The bot shield: which keys let a play in, what a play without one is told, and what bots get."""

import json
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from games.models import Game, Play
from games.tests.conftest import URL

KEYS = "/api/play_keys/"
DAY = 24 * 3600
PAGE = "https://promo.example.com"
FIRST = {"esp_status": False, "games_status": False, "games_count": 1}
FIELDS = ["algorithm", "challenge", "number", "salt", "signature"]
UNTOLD = {"esp_status": None, "games_status": None, "games_count": None}

Play_ = Callable[..., Any]


class Clock:
    """The time, as play keys see it."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.25

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("games.play_keys.keys.time", clock)
    return clock


@pytest.fixture
def shield(clock: Clock, settings: Settings) -> Clock:
    """Turn the shield on: a game takes ten seconds at least."""
    settings.PLAY_SECONDS = 10
    return clock


def get_key(client: Client, body: object = None, **headers: str) -> str:
    response = client.post(KEYS, body or {}, "application/json", headers=headers)
    assert response.status_code == 200, response.content
    assert response.json().keys() == {"key"}
    assert response["Cache-Control"] == "no-store"
    return str(response.json()["key"])


def refusal(response: Any) -> tuple[int, str, str | None]:
    assert response.json().keys() == {"detail", "code"}
    return response.status_code, response.json()["code"], response.headers.get("Retry-After")


# --- Off


def test_without_the_shield_there_are_no_keys(client: Client, db: None) -> None:
    for method in ("GET", "POST", "PUT", "OPTIONS"):
        response = client.generic(method, KEYS)
        assert (response.status_code, response.json()) == (404, {"detail": "Not found."})


def test_without_the_shield_any_key_is_only_a_key(play: Play_) -> None:
    assert play("cem@test.ru", "mine").json() == FIRST
    assert Play.objects.get().idempotency_key == "mine"


# --- On


def test_play_with_its_key(client: Client, shield: Clock, play: Play_) -> None:
    key = get_key(client)
    assert len(key) < 255
    shield.now += 10
    assert play("cem@test.ru", key).json() == FIRST


def test_slash_may_be_left_out(client: Client, shield: Clock, db: None) -> None:
    assert client.post(KEYS.rstrip("/")).json().keys() == {"key"}


def test_key_works_once(client: Client, shield: Clock, play: Play_) -> None:
    key = get_key(client)
    shield.now += 10
    answers = [play("cem@test.ru", key).json() for _ in range(3)]
    assert answers == [FIRST] * 3
    assert play("ann@test.ru", key).status_code == 422
    assert Play.objects.count() == 1


def test_two_keys_are_two_plays(client: Client, shield: Clock, play: Play_) -> None:
    keys = [get_key(client) for _ in range(2)]
    shield.now += 10
    assert [play("cem@test.ru", key).json()["games_count"] for key in keys] == [1, 2]


@pytest.mark.parametrize(
    ("seconds", "wait"), [(0, "10"), (0.5, "10"), (9.5, "1"), (9.999, "1"), (-60, "70")]
)
def test_key_that_is_too_young(
    client: Client, shield: Clock, play: Play_, seconds: float, wait: str
) -> None:
    key = get_key(client)
    shield.now += seconds
    assert refusal(play("cem@test.ru", key)) == (403, "play_key_early", wait)
    assert not Game.objects.exists()
    shield.now += int(wait)
    assert play("cem@test.ru", key).json() == FIRST


def test_key_lasts_eight_days(client: Client, shield: Clock, play: Play_) -> None:
    key = get_key(client)
    shield.now += 8 * DAY
    assert play("cem@test.ru", key).json() == FIRST
    shield.now += 1
    assert refusal(play("cem@test.ru", key)) == (403, "play_key_expired", None)


@pytest.mark.parametrize(
    "forge",
    [
        lambda key: "",
        lambda key: "key",
        lambda key: key[:-1],
        lambda key: key + "A",
        lambda key: "1" + key[1:].swapcase(),
        lambda key: key.replace("1800000000250", "1700000000250"),
        lambda key: key.rpartition(":")[0],
        lambda key: ":" + key.rpartition(":")[2],
    ],
)
def test_forged_key(
    client: Client, shield: Clock, play: Play_, forge: Callable[[str], str]
) -> None:
    key = forge(get_key(client))
    shield.now += 10
    response = play("cem@test.ru", key)
    if key:
        assert refusal(response) == (403, "play_key_invalid", None)
    else:  # as without the shield
        assert response.status_code == 400
    assert not Game.objects.exists()


def test_play_without_key(shield: Clock, play: Play_) -> None:
    assert refusal(play("cem@test.ru")) == (403, "play_key_missing", None)
    assert not Game.objects.exists()


def test_wrong_address_is_explained_before_the_key_is_looked_at(shield: Clock, play: Play_) -> None:
    assert play("cem").status_code == 400


@pytest.mark.parametrize(
    ("given_to", "sent_by"), [(PAGE, "https://evil.example"), (PAGE, None), (None, PAGE)]
)
def test_key_of_another_origin(
    client: Client, shield: Clock, play: Play_, given_to: str | None, sent_by: str | None
) -> None:
    key = get_key(client, **({"Origin": given_to} if given_to else {}))
    shield.now += 10
    wrong, right = [{"Origin": origin} if origin else {} for origin in (sent_by, given_to)]
    assert refusal(play("cem@test.ru", key, **wrong)) == (403, "play_key_origin", None)
    assert play("cem@test.ru", key, **right).json() == FIRST


def test_key_of_another_secret(
    client: Client, shield: Clock, play: Play_, settings: Settings
) -> None:
    key = get_key(client)
    shield.now += 10
    settings.SECRET_KEY = "another"
    assert refusal(play("cem@test.ru", key)) == (403, "play_key_invalid", None)
    settings.SECRET_KEY_FALLBACKS = ["debug-only"]
    assert play("cem@test.ru", key).json() == FIRST


@pytest.mark.parametrize(
    ("language", "detail"),
    [
        ("en", "The play has no key. Ask for one when the game starts."),
        ("ru", "У игры нет ключа. Запросите его в начале игры."),
    ],
)
def test_refusal_speaks_the_players_language(
    shield: Clock, play: Play_, language: str, detail: str
) -> None:
    response = play("cem@test.ru", **{"Accept-Language": language})
    assert response.json() == {"detail": detail, "code": "play_key_missing"}


def test_form_needs_a_key_too(client: Client, shield: Clock, db: None) -> None:
    key = get_key(client)
    shield.now += 10
    form = {"email": "cem@test.ru"}  # multipart/form-data
    assert refusal(client.post(URL, form)) == (403, "play_key_missing", None)
    assert client.post(URL, form, headers={"Idempotency-Key": key}).json() == FIRST


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_only_allowed_origins_read_the_key(
    client: Client, shield: Clock, db: None, settings: Settings, method: str
) -> None:
    settings.PLAY_KEY_WORK = 10
    settings.CORS_ALLOWED_ORIGINS = [PAGE]
    allowed = client.generic(method, KEYS, headers={"Origin": PAGE})
    assert allowed["Access-Control-Allow-Origin"] == PAGE
    assert "Access-Control-Allow-Credentials" not in allowed
    assert not allowed.cookies
    other = client.generic(method, KEYS, headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in other


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_wrong_method(client: Client, shield: Clock, db: None, method: str) -> None:
    assert getattr(client, method)(KEYS).status_code == 405


def test_key_costs_no_work_unless_set(client: Client, shield: Clock, db: None) -> None:
    response = client.get(KEYS)
    assert (response.status_code, response.content) == (204, b"")


# --- Work


@pytest.fixture
def work(clock: Clock, settings: Settings) -> Clock:
    settings.PLAY_KEY_WORK = 50
    return clock


def challenge(client: Client) -> dict[str, Any]:
    response = client.get(KEYS)
    assert (response.status_code, response["Cache-Control"]) == (200, "no-store")
    body: dict[str, Any] = response.json()
    assert body.keys() == {"algorithm", "challenge", "maxNumber", "salt", "signature"}
    assert (body["algorithm"], body["maxNumber"]) == ("SHA-256", 50)
    return body


def solve(body: dict[str, Any]) -> dict[str, str]:
    """Do the work as a browser does it."""
    for number in range(body["maxNumber"] + 1):
        if sha256(f"{body['salt']}{number}".encode()).hexdigest() == body["challenge"]:
            return packed(body | {"number": number})
    raise AssertionError("The challenge has no solution.")


def packed(payload: object) -> dict[str, str]:
    return {"altcha": b64encode(json.dumps(payload).encode()).decode()}


def test_solved_challenge_is_worth_a_key(client: Client, work: Clock, play: Play_) -> None:
    key = get_key(client, solve(challenge(client)))
    assert len(key) < 255
    assert play("cem@test.ru", key).json() == FIRST


def test_solved_challenge_is_worth_one_play(client: Client, work: Clock, play: Play_) -> None:
    solution = solve(challenge(client))
    keys = [get_key(client, solution, Origin=f"https://{n}.example") for n in range(3)]
    origins = [{"Origin": f"https://{n}.example"} for n in range(3)]
    plays = [play(f"{n}@test.ru", key, **origins[n]) for n, key in enumerate(keys)]
    assert [response.status_code for response in plays] == [200, 422, 422]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"altcha": None},
        {"altcha": "?"},
        {"altcha": ["x"]},
        packed([]),
        packed(None),
        packed(7),
        packed({"number": 1}),
        packed(dict.fromkeys(FIELDS)),
        packed(dict.fromkeys(FIELDS, "SHA-256")),
        packed({field: ["?"] for field in FIELDS}),
        {"altcha": b64encode(b"[" * 9000).decode()},
    ],
)
def test_work_that_is_not_done(
    client: Client, work: Clock, db: None, body: dict[str, object]
) -> None:
    response = client.post(KEYS, body, "application/json")
    assert refusal(response) == (403, "play_key_work", None)


def test_work_of_a_wrong_number(client: Client, work: Clock, db: None) -> None:
    response = client.post(KEYS, packed(challenge(client) | {"number": 51}), "application/json")
    assert refusal(response) == (403, "play_key_work", None)


def test_challenge_of_ones_own_making(client: Client, work: Clock, db: None) -> None:
    own = challenge(client) | {"salt": "a?expires=9999999999&", "number": 1}
    own["challenge"] = sha256(b"a?expires=9999999999&1").hexdigest()
    response = client.post(KEYS, packed(own), "application/json")
    assert refusal(response) == (403, "play_key_work", None)


def test_challenge_lasts_ten_minutes(
    client: Client, work: Clock, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = challenge(client)
    expires = int(body["salt"].partition("expires=")[2].rstrip("&"))
    monkeypatch.setattr("altcha.v1.time.time", lambda: expires)
    get_key(client, solve(body))
    monkeypatch.setattr("altcha.v1.time.time", lambda: expires + 1)
    response = client.post(KEYS, solve(body), "application/json")
    assert refusal(response) == (403, "play_key_work", None)


def test_work_without_a_body(client: Client, work: Clock, db: None) -> None:
    assert refusal(client.generic("POST", KEYS)) == (403, "play_key_work", None)


@pytest.mark.parametrize("body", ["[]", "{", "null", "[" * 9000])
def test_work_that_is_no_object(client: Client, work: Clock, db: None, body: str) -> None:
    response = client.post(KEYS, body, "text/plain")
    assert refusal(response) == (403, "play_key_work", None)


# --- Answers


def test_play_without_key_is_counted_and_told_nothing(
    client: Client, shield: Clock, play: Play_, settings: Settings
) -> None:
    settings.ANSWERS_NEED_KEY = True
    young, foreign = get_key(client), get_key(client, Origin=PAGE)
    assert play("cem@test.ru", young).json() == UNTOLD
    shield.now += 10
    for key in (None, "mine", foreign):
        assert play("cem@test.ru", key).json() == UNTOLD
    # The same play as the first, now with a valid key.
    assert play("cem@test.ru", young).json() == FIRST
    assert play("cem@test.ru", get_key_and_wait(client, shield)).json() == {
        "esp_status": True,
        "games_status": True,
        "games_count": 5,
    }


def get_key_and_wait(client: Client, shield: Clock) -> str:
    key = get_key(client)
    shield.now += 10
    return key


def test_without_the_shield_nobody_is_told(
    client: Client, clock: Clock, play: Play_, settings: Settings
) -> None:
    settings.ANSWERS_NEED_KEY = True
    assert client.post(KEYS).status_code == 404
    assert [play("cem@test.ru").json() for _ in range(2)] == [UNTOLD] * 2
    assert Game.objects.get().play_count == 2


# --- What bots get, as docs/frontend.md says


def naive(client: Client, clock: Clock) -> str | None:
    return None


def at_once(client: Client, clock: Clock) -> str:
    return get_key(client)


def one_key(client: Client, clock: Clock) -> str:
    if not hasattr(clock, "key"):
        clock.key = get_key(client)  # type: ignore[attr-defined]
    clock.now += 10
    return str(clock.key)  # type: ignore[attr-defined]


def patient(client: Client, clock: Clock) -> str:
    return get_key_and_wait(client, clock)


@pytest.mark.parametrize(
    ("bot", "seconds", "counted"),
    [
        (naive, 0, 100),
        (naive, 10, 0),
        (at_once, 10, 0),
        (one_key, 10, 1),
        (patient, 10, 100),
    ],
)
def test_hundred_addresses_of_a_bot(
    client: Client, clock: Clock, play: Play_, settings: Settings,
    bot: Callable[[Client, Clock], str | None], seconds: int, counted: int,
) -> None:  # fmt: skip
    settings.PLAY_SECONDS = seconds
    answers = [play(f"{n}@test.ru", bot(client, clock)).status_code for n in range(100)]
    assert answers.count(200) == Game.objects.count() == counted
