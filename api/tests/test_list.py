"""The list of players: filters, pages and number of queries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from games.models import Game
from testing.campaign import make_game
from testing.factories import PLAYED_AT, GameFactory
from testing.people import body, make_staff, make_token, role, with_token


@pytest.fixture
def campaign(db: None) -> None:
    day = timedelta(days=1)
    make_game("new@test.ru", state="pending")
    make_game("one@test.ru", PLAYED_AT, state="found")
    make_game("two@example.com", PLAYED_AT, PLAYED_AT + day)
    make_game("ten@xn--e1afmkfd.xn--p1ai", *[PLAYED_AT + 2 * day] * 10, state="rejected")


def found(client: Client, query: str) -> list[str]:
    answer = body(client.get(f"/api/games/?{query}"))
    return [game["email"].split("@")[0] for game in answer["results"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["ten", "two", "one", "new"]),
        ("contact_state=found", ["one"]),
        ("contact_state=found&contact_state=pending", ["one", "new"]),
        ("play_count_min=2", ["ten", "two"]),
        ("play_count_min=2&play_count_max=2", ["two"]),
        ("play_count_max=1", ["one", "new"]),
        ("play_count_min=1e30", []),
        ("first_played_after=2026-05-02", ["ten"]),
        ("first_played_before=2026-05-01", ["two", "one"]),
        ("last_played_after=2026-05-02&last_played_before=2026-05-02", ["two"]),
        ("search=TEST.ru", ["one", "new"]),
        ("search=пример.рф", ["ten"]),
        ("search=%25", []),
    ],
)
def test_filters(campaign: None, query: str, expected: list[str]) -> None:
    assert found(role("manager"), query) == expected


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("contact_state=lost", 400),
        ("play_count_min=many", 400),
        ("first_played_after=2026-02-30", 400),
        ("search=%00", 400),
        ("cursor=cD14", 404),  # p=x
        ("page_size=many", 200),
    ],
)
def test_wrong_queries(campaign: None, query: str, status: int) -> None:
    assert role("manager").get(f"/api/games/?{query}").status_code == status


def test_pages_contain_each_player_once_while_others_are_added(db: None) -> None:
    client = role("manager")
    games = GameFactory.create_batch(5)
    first = body(client.get("/api/games/?page_size=2"))
    GameFactory()
    second = body(client.get(first["next"]))
    third = body(client.get(second["next"]))
    rows = [*first["results"], *second["results"], *third["results"]]
    assert [row["id"] for row in rows] == [game.pk for game in reversed(games)]
    assert third["next"] is None


def test_page_is_never_larger_than_500(db: None) -> None:
    Game.objects.bulk_create(GameFactory.build_batch(501))
    answer = body(role("manager").get("/api/games/?page_size=100000"))
    assert len(answer["results"]) == 500


@pytest.mark.parametrize("who", ["manager", "token"])
@pytest.mark.parametrize(("path", "queries"), [("", 1), ("{id}/", 1), ("{id}/plays/", 2)])
def test_queries_do_not_grow_with_the_rows(
    campaign: None,
    django_assert_num_queries: DjangoAssertNumQueries,
    who: str,
    path: str,
    queries: int,
) -> None:
    game = Game.objects.order_by("play_count").last()
    assert game
    client = role("manager")
    if who == "token":
        client = with_token(make_token(make_staff("owner", "managers")))
    url = "/api/games/" + path.format(id=game.pk)
    client.get(url)
    signed_in = {"manager": 2, "token": 1}[who]  # session and account, or both at once
    rights = 2  # the account's own, and its groups'
    limit = 6  # one to read, five to count: what Django's table of the cache takes
    with django_assert_num_queries(signed_in + rights + limit + queries):
        client.get(url)


def test_list_uses_an_index(db: None) -> None:
    Game.objects.bulk_create(GameFactory.build_batch(2_000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE games_game")
    plan = Game.objects.filter(pk__lt=10**9).order_by("-pk")[:51].explain()
    assert "Index Scan Backward using games_game_pkey" in plan or "PRIMARY KEY" in plan
