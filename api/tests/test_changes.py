"""Changes of players by the staff API: results, refusals and log entries."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from games.counting import NewPlay, count_play
from games.models import Game
from stats.counts import find_mismatches
from stats.numbers import Numbers
from testing.campaign import make_game
from testing.factories import PLAYED_AT, GameFactory
from testing.people import JSON, body, make_staff, make_token, role, signed_in, with_token


@pytest.fixture
def editor(db: None) -> Client:
    return role("editor")


def change(client: Client, game: Game, **values: Any) -> Any:
    etag = client.get(f"/api/games/{game.pk}/").headers["ETag"]
    return client.patch(f"/api/games/{game.pk}/", values, JSON, headers={"If-Match": etag})


def numbers(game: Game) -> list[int]:
    return list(game.plays.order_by("number").values_list("number", flat=True))


@pytest.mark.parametrize("count", [0, 1, 2, 5])
@pytest.mark.parametrize("before", [0, 2])
def test_changed_count_matches_the_plays(editor: Client, before: int, count: int) -> None:
    game = make_game("cem@test.ru", *[PLAYED_AT] * before)
    answer = body(change(editor, game, play_count=count))
    assert answer["play_count"] == count
    assert (answer["first_played_at"] is None) == (count == 0)
    assert numbers(game) == list(range(1, count + 1))
    assert list(find_mismatches()) == []
    answers = list(game.plays.filter(number__gt=before).values_list("esp_status", flat=True))
    assert answers == [None] * max(0, count - before)


def test_change_corrects_the_totals(editor: Client) -> None:
    game = make_game("cem@test.ru", PLAYED_AT, PLAYED_AT)
    assert Numbers.read().periods[-1].plays == 2
    change(editor, game, play_count=1)
    assert Numbers.read().periods[-1].plays == 1
    change(editor, game, email="cem@mail.ru")
    assert Numbers.read().domains == [("mail.ru", 1)]


def test_new_address_is_a_pending_contact(editor: Client) -> None:
    game = make_game("cem@test.ru", PLAYED_AT, state="rejected", contact_error="disposable")
    answer = body(change(editor, game, email="Пётр@x.ru"))
    assert answer == {"email": ["Only Latin letters, digits and signs may stand before the “@”."]}
    assert body(change(editor, game, email=" Eva@ПРИМЕР.рф "))["contact_state"] == "pending"
    game.refresh_from_db()
    assert (game.email, game.contact_error) == ("eva@xn--e1afmkfd.xn--p1ai", "")
    assert Game.objects.count() == 1


def test_same_address_keeps_its_contact(editor: Client) -> None:
    game = make_game("cem@test.ru", PLAYED_AT)
    assert body(change(editor, game, email="CEM@test.ru"))["contact_state"] == "added"


@pytest.mark.parametrize("method", ["create", "change"])
def test_address_of_another_player_is_409_with_its_id(editor: Client, method: str) -> None:
    taken, game = GameFactory(email="cem@test.ru"), GameFactory()
    if method == "create":
        response = editor.post("/api/games/", {"email": "CEM@test.ru"}, JSON)
    else:
        response = change(editor, game, email="cem@test.ru")
    assert response.status_code == 409
    assert body(response) == {"detail": "There is a player with this address.", "id": taken.pk}
    assert Game.objects.count() == 2


def test_creation_returns_location_and_etag(editor: Client) -> None:
    response = editor.post("/api/games/", {"email": "cem@test.ru"}, JSON)
    assert response.headers["Location"] == f"/api/games/{Game.objects.get().pk}/"
    assert editor.get(response.headers["Location"]).headers["ETag"] == response.headers["ETag"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("headers", "status", "detail"),
    [
        ({}, 428, "Read the player first, and send its ETag as If-Match."),
        ({"If-Match": "*"}, 428, "Read the player first, and send its ETag as If-Match."),
        ({"If-Match": '"old"'}, 412, "The player has changed since you read it. Read it again."),
    ],
)
def test_version_is_required(
    editor: Client, method: str, headers: Any, status: int, detail: str
) -> None:
    game = GameFactory(email="cem@test.ru")
    sent = '{"email": "eva@test.ru"}'
    response = editor.generic(method, f"/api/games/{game.pk}/", sent, JSON, headers=headers)
    assert (response.status_code, body(response)) == (status, {"detail": detail})
    assert Game.objects.get().email == "cem@test.ru"


def test_version_changes_with_each_play(editor: Client) -> None:
    game = make_game("cem@test.ru", PLAYED_AT)
    etag = editor.get(f"/api/games/{game.pk}/").headers["ETag"]
    count_play(NewPlay("cem@test.ru"))
    response = editor.patch(
        f"/api/games/{game.pk}/", {"play_count": 0}, JSON, headers={"If-Match": etag}
    )
    assert response.status_code == 412
    assert numbers(game) == [1, 2]


@pytest.mark.parametrize(
    ("rights", "sent", "status"),
    [
        ([], {"play_count": 3}, 403),
        (["change_address"], {"play_count": 3}, 403),
        (["change_count"], {"play_count": 3}, 200),
        (["change_count"], {"email": "eva@test.ru"}, 403),
        (["change_count"], {"email": "eva@test.ru", "play_count": 3}, 403),
        (["change_address"], {"email": "eva@test.ru"}, 200),
        (["change_game"], {"email": "eva@test.ru"}, 403),
    ],
)
def test_each_change_needs_its_own_right(
    db: None, rights: list[str], sent: Any, status: int
) -> None:
    client = signed_in(make_staff("clerk", "managers", *rights))
    assert change(client, make_game("cem@test.ru"), **sent).status_code == status


def test_address_change_needs_the_right_to_see_addresses(db: None) -> None:
    client = signed_in(make_staff("clerk", "viewers", "change_address"))
    response = change(client, make_game("cem@test.ru"), email="eva@test.ru")
    assert response.status_code == 403  # else 409 would reveal who plays


@pytest.mark.parametrize("sent", ["{}", "[]", "null", "{", '{"play_count": -1}', '{"email": 5}'])
def test_wrong_body_is_400(editor: Client, sent: str) -> None:
    game = make_game("cem@test.ru")
    for method, path in (("POST", "/api/games/"), ("PATCH", f"/api/games/{game.pk}/")):
        assert editor.generic(method, path, sent, JSON).status_code == 400


@pytest.mark.parametrize("path", ["999999999999999999", "9999999999999999999999", "x", "0"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_unknown_player_is_404(editor: Client, method: str, path: str) -> None:
    sent, headers = '{"play_count": 1}', {"If-Match": '"x"'}
    response = editor.generic(method, f"/api/games/{path}/", sent, JSON, headers=headers)
    assert response.status_code == 404
    assert set(body(response)) == {"detail"}


def test_log_says_who_changed_what_without_the_address(db: None) -> None:
    owner = make_staff("owner", "managers", "add_game", "change_address", "erase_game")
    client = with_token(make_token(owner, "games:write", name="nightly job"))
    client.post("/api/games/", {"email": "cem@test.ru"}, JSON)
    game = Game.objects.get()
    change(client, game, email="eva@test.ru")
    etag = client.get(f"/api/games/{game.pk}/").headers["ETag"]
    client.delete(f"/api/games/{game.pk}/", headers={"If-Match": etag})
    entries = LogEntry.objects.order_by("pk").values_list(
        "user__username", "object_id", "object_repr", "change_message"
    )
    about = ("owner", str(game.pk), f"Player {game.pk}")
    assert list(entries) == [
        (*about, "API (nightly job): added."),
        (*about, "API (nightly job): email."),
        (*about, "API (nightly job): erased."),
    ]
