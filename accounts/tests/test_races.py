"""Two at once, on connections of their own: nothing is lost and nothing is made twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from accounts.tests.people import JSON, body, make_token, with_token
from games.counts import find_mismatches
from games.models import Game
from games.tests.console.campaign import make_game
from games.tests.factories import PLAYED_AT, GameFactory

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS = 8


@pytest.fixture
def secret(transactional_db: None) -> str:

    return make_token(User.objects.create_superuser("owner"), "games:write")


def at_once(ask: Callable[[int], Any]) -> list[Any]:
    start = threading.Barrier(CLIENTS)

    def client(number: int) -> Any:
        try:
            start.wait()
            return ask(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(client, range(CLIENTS)))


def test_only_one_of_two_changes_of_one_version_is_made(secret: str) -> None:
    game = make_game("cem@test.ru", PLAYED_AT)
    url = f"/api/games/{game.pk}/"
    etag = with_token(secret).get(url).headers["ETag"]

    def change(number: int) -> int:
        sent = {"play_count": number + 2}
        return with_token(secret).patch(url, sent, JSON, headers={"If-Match": etag}).status_code

    statuses = at_once(change)
    assert sorted(statuses) == [200] + [412] * (CLIENTS - 1)
    game.refresh_from_db()
    assert game.play_count == statuses.index(200) + 2
    assert list(find_mismatches()) == []


def test_change_of_a_count_loses_no_play_that_comes_meanwhile(secret: str) -> None:
    game = make_game("cem@test.ru", PLAYED_AT)
    url = f"/api/games/{game.pk}/"

    def change_or_play(number: int) -> bool:
        if number:
            Game.objects.record(email="cem@test.ru")
            return False
        client = with_token(secret)
        etag = client.get(url).headers["ETag"]
        sent = {"play_count": 3}
        return client.patch(url, sent, JSON, headers={"If-Match": etag}).status_code == 200

    changed = at_once(change_or_play)[0]
    assert list(find_mismatches()) == []
    game.refresh_from_db()
    # Where it was made, it was made from one version: the plays since then are on top.
    assert changed or game.play_count == CLIENTS


def test_address_is_made_once(secret: str) -> None:
    def create(_number: int) -> Any:
        response = with_token(secret).post("/api/games/", {"email": "cem@test.ru"}, JSON)
        return response.status_code, body(response)["id"]

    answers = at_once(create)
    game = Game.objects.get()
    assert sorted(answers) == [(201, game.pk)] + [(409, game.pk)] * (CLIENTS - 1)


def test_two_games_cannot_take_one_address(secret: str) -> None:
    games = GameFactory.create_batch(CLIENTS)

    def rename(number: int) -> int:
        client, url = with_token(secret), f"/api/games/{games[number].pk}/"
        etag = client.get(url).headers["ETag"]
        sent = {"email": "new@test.ru"}
        return client.patch(url, sent, JSON, headers={"If-Match": etag}).status_code

    assert sorted(at_once(rename)) == [200] + [409] * (CLIENTS - 1)
    assert Game.objects.filter(email="new@test.ru").count() == 1
    assert Game.objects.count() == CLIENTS
