"""Pages of long lists: the rows that plain OFFSET gives, from the first page to the last."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.paginator import EmptyPage
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from console.lists.paginators import CappedPaginator, LongListPaginator, TotalsPaginator
from games.models import Game, Play
from testing.campaign import GAMES, PLAYS, make_game

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ORDERS = [
    ["-pk"],
    ["play_count", "-pk"],
    ["-play_count", "-pk"],
    ["last_played_at", "-pk"],  # null for who has not played
    ["-last_played_at", "-pk"],
    ["contact_state", "-play_count", "pk"],
]


@pytest.mark.django_db
@settings(deadline=None)
@given(st.lists(st.integers(0, 2), max_size=9), st.sampled_from(ORDERS), st.integers(1, 4))
def test_pages_are_those_of_plain_offset(plays: list[int], order: list[str], size: int) -> None:
    Game.objects.all().delete()
    for number, count in enumerate(plays):
        make_game(f"p{number}@test.ru", *[NOON] * count, state=["added", "found"][number % 2])
    for rows in (Game.objects.order_by(*order), Game.objects.filter(play_count=1).order_by(*order)):
        everything = list(rows)
        paginator = TotalsPaginator(rows, size)
        pages = [list(paginator.page(number)) for number in paginator.page_range]
        assert pages == [everything[at : at + size] for at in range(0, len(rows) or 1, size)]
        assert paginator.count == len(everything)
        plays_of_all = sum(game.play_count for game in everything)
        assert paginator.totals == {"games": len(everything), "plays": plays_of_all}


@pytest.fixture
def games(db: None) -> list[Game]:
    """Return ten players, the newest first."""
    made = [make_game(f"p{n}@test.ru", NOON + timedelta(hours=n)) for n in range(10)]
    return made[::-1]


def test_last_page_is_read_from_the_end(
    games: list[Game], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    paginator = LongListPaginator(Game.objects.order_by("-pk"), 2)
    with django_assert_num_queries(3) as queries:
        assert list(paginator.page(5)) == games[8:]
    assert "OFFSET" not in queries[1]["sql"]


def test_capped_list_ends_where_counting_does(games: list[Game]) -> None:
    paginator = CappedPaginator(Play.objects.order_by("-played_at", "-pk"), 2)
    paginator.cap = 6
    assert (paginator.count, paginator.num_pages) == (6, 3)
    pages = [[play.game_id for play in paginator.page(number)] for number in (1, 2, 3)]
    newest = [game.pk for game in games]
    assert pages == [newest[:2], newest[2:4], newest[4:6]]
    whole = CappedPaginator(Play.objects.order_by("-played_at", "-pk"), 2)
    assert [play.game_id for play in whole.page(5)] == newest[8:]


def test_pages_far_from_both_ends_are_not_sorted_out(games: list[Game]) -> None:
    paginator = LongListPaginator(Game.objects.order_by("play_count", "-pk"), 2)
    paginator.reach = 3
    assert list(paginator.page(2)) == games[2:4]
    assert list(paginator.page(4)) == games[6:8]
    with pytest.raises(EmptyPage):
        paginator.page(3)


@pytest.mark.parametrize(("order", "opened"), [({}, 3), ({"o": "2"}, 1)])
def test_sorted_list_opens_at_its_ends(
    games: list[Game],
    staff: Client,
    monkeypatch: pytest.MonkeyPatch,
    order: dict[str, str],
    opened: int,
) -> None:
    monkeypatch.setattr("console.players.GameAdmin.list_per_page", 2)
    monkeypatch.setattr("console.players.MANY_ROWS", 3)
    pages = [staff.get(GAMES, order | {"p": n}).context["cl"].page_num for n in (1, 3, 5)]
    assert pages == [1, opened, 5]


@pytest.mark.parametrize("few", [0, 1, 100])
@pytest.mark.parametrize(
    ("term", "expected"),
    [("p3@", {"p3"}), ("P3 test", {"p3"}), ("p3 p4", set()), ("nobody", set()), ("p1 ru", {"p1"})],
)
def test_search_finds_the_same_few_or_many(
    games: list[Game],
    staff: Client,
    monkeypatch: pytest.MonkeyPatch,
    few: int,
    term: str,
    expected: set[str],
) -> None:
    monkeypatch.setattr("console.lists.masked.MaskedMixin.few_players", few)
    for path in (GAMES, PLAYS):
        found: Any = staff.get(path, {"q": term}).context["cl"]
        emails = {str((row if path == GAMES else row.game).email) for row in found.result_list}
        assert {email.partition("@")[0] for email in emails} == expected
        assert found.result_count == len(expected)
