"""Concurrent changes, each on its own database connection."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from games.counting import NewPlay, count_play
from games.models import Game
from stats.counts import find_mismatches
from testing.campaign import make_game
from testing.factories import PLAYED_AT, GameFactory
from testing.people import JSON, body, make_token, with_token

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


def test_only_one_change_of_a_version_succeeds(secret: str) -> None:
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


def test_change_of_a_count_loses_no_concurrent_play(secret: str) -> None:
    game = make_game("cem@test.ru", PLAYED_AT)
    url = f"/api/games/{game.pk}/"

    def change_or_play(number: int) -> bool:
        if number:
            count_play(NewPlay("cem@test.ru"))
            return False
        client = with_token(secret)
        etag = client.get(url).headers["ETag"]
        sent = {"play_count": 3}
        return client.patch(url, sent, JSON, headers={"If-Match": etag}).status_code == 200

    changed = at_once(change_or_play)[0]
    assert list(find_mismatches()) == []
    game.refresh_from_db()
    # A refused change leaves all plays. An accepted one counts only later plays on top.
    assert changed or game.play_count == CLIENTS


def test_address_is_created_once(secret: str) -> None:
    def create(_number: int) -> Any:
        response = with_token(secret).post("/api/games/", {"email": "cem@test.ru"}, JSON)
        return response.status_code, body(response)["id"]

    answers = at_once(create)
    game = Game.objects.get()
    assert sorted(answers) == [(201, game.pk)] + [(409, game.pk)] * (CLIENTS - 1)


def test_only_one_player_gets_a_new_address(secret: str) -> None:
    games = GameFactory.create_batch(CLIENTS)

    def rename(number: int) -> int:
        client, url = with_token(secret), f"/api/games/{games[number].pk}/"
        etag = client.get(url).headers["ETag"]
        sent = {"email": "new@test.ru"}
        return client.patch(url, sent, JSON, headers={"If-Match": etag}).status_code

    assert sorted(at_once(rename)) == [200] + [409] * (CLIENTS - 1)
    assert Game.objects.filter(email="new@test.ru").count() == 1
    assert Game.objects.count() == CLIENTS
