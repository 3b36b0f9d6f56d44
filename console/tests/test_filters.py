"""Filters of lists: chips that are taken off one by one, and an address that keeps the others."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from games.models import Game
from testing.campaign import GAMES, PLAYS, NewGame
from testing.factories import GameFactory
from testing.people import role

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
LOG = "/admin/admin/logentry/"


def chips(client: Client, address: str, **query: Any) -> list[tuple[str, str]]:
    """Return the words of each filter in use, and the list's query without it."""
    found = client.get(address, query).context["cl"].chips()
    return [(chip.text, chip.url) for chip in found]


def test_filters_are_taken_off_one_by_one(staff: Client) -> None:
    query = {
        "q": "test.ru",
        "contact_state__exact": "rejected",
        "reason": "odd",
        "play_count_from": "1",
        "first_played_at_to": "2026-05-01",
    }
    GameFactory(contact_state="rejected", contact_error="odd")
    found = chips(staff, GAMES, **query)
    assert [text for text, _url in found] == [
        "Search: test.ru",
        "Contact: rejected or given up",
        "Last error: odd (1)",
        "Plays: from 1",
        "First play: to 1 May 2026",
    ]
    for name, (_text, url) in zip(query, found, strict=True):
        left = staff.get(f"{GAMES}{url}").wsgi_request.GET.dict()
        assert left == {other: value for other, value in query.items() if other != name}
    page = staff.get(GAMES, query).content.decode()
    assert f'<a href="{GAMES}">Remove all filters</a>' in page
    assert "Remove all filters" not in staff.get(GAMES, {"q": "x"}).content.decode()
    assert "console-chips" not in staff.get(GAMES).content.decode()


def test_search_that_viewers_may_not_make_is_no_chip(new_game: NewGame) -> None:
    new_game("cem@test.ru")
    viewer = role("viewer")
    assert chips(viewer, GAMES, q="cem@test.ru") == []


def test_reason_that_no_contact_has_any_more_can_be_taken_off(staff: Client) -> None:
    GameFactory(contact_state="rejected", contact_error="other")
    assert chips(staff, GAMES, reason="odd") == [("Last error: odd", "?")]


def test_form_keeps_the_search_and_what_is_chosen(staff: Client) -> None:
    GameFactory(contact_state="rejected", contact_error="odd")
    query = {"q": "test", "reason": "odd", "contact_state__exact": "rejected"}
    page = staff.get(GAMES, query).content.decode()
    form = page.partition('id="filter-form"')[2].partition("</form>")[0]
    assert '<option value="rejected" selected>rejected or given up</option>' in form
    assert '<option value="odd" selected>odd (1)</option>' in form
    assert '<input type="hidden" name="q" value="test">' in form
    assert 'href="?contact_state' not in form  # a link would lose what is typed beside it


def test_empty_fields_of_the_form_leave_the_address(staff: Client) -> None:
    query = {"q": "", "contact_state__exact": "", "reason": "", "play_count_from": "3"}
    answer: Any = staff.get(GAMES, query)
    assert (answer.status_code, answer.url) == (302, f"{GAMES}?play_count_from=3")


def test_plays_of_one_player_are_a_filter(staff: Client, new_game: NewGame) -> None:
    player = new_game("cem@test.ru", NOON)
    new_game("ann@test.ru", NOON)
    query = {"game__id__exact": str(player.pk), "played_at_from": "2026-05-01"}
    days, one = chips(staff, PLAYS, **query)
    assert days == ("Played: from 1 May 2026", f"?game__id__exact={player.pk}")
    assert one == (f"Player: {player.pk}", "?played_at_from=2026-05-01")
    assert staff.get(PLAYS, query).context["cl"].result_count == 1
    assert staff.get(PLAYS, {"game__id__exact": "x"}).context["cl"].result_count == 2
    assert 'name="game__id__exact"' not in staff.get(PLAYS).content.decode()


def test_log_is_filtered_by_staff_and_by_nobody_else(staff: Client, new_game: NewGame) -> None:
    other = User.objects.create_user("colleague", is_staff=True, id=12_345)  # with a separator
    User.objects.create_user("visitor")
    page = staff.get(LOG).content.decode()
    assert f'<option value="{other.pk}">colleague</option>' in page
    assert "visitor" not in page
    staff.post(f"{GAMES}add/", {"email": "cem@test.ru"})
    assert staff.get(LOG, {"user__id__exact": other.pk}).context["cl"].result_count == 0
    assert chips(staff, LOG, user__id__exact=other.pk) == [("User: colleague", "?")]


def test_page_that_a_sorted_list_does_not_open_keeps_the_filters(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.players.GameAdmin.list_per_page", 2)
    monkeypatch.setattr("console.players.MANY_ROWS", 3)
    for count in range(1, 11):
        GameFactory(play_count=count)
    answer = staff.get(GAMES, {"o": "2", "p": "3", "play_count_from": "1"})
    rows = answer.context["cl"]
    assert [game.play_count for game in rows.result_list] == [1, 2]
    assert (rows.page_num, [chip.text for chip in rows.chips()]) == (1, ["Plays: from 1"])
    assert "a sorted list does not open it" in answer.content.decode()


def test_list_has_25_rows_and_says_how_many_there_are(staff: Client) -> None:
    Game.objects.bulk_create(GameFactory.build(email=f"p{n}@test.ru") for n in range(1_026))
    page = staff.get(GAMES).content.decode()
    assert page.count('class="data-row') == 25
    assert "1,026 in all" in page
    assert "<strong>1,026</strong> players, <strong>1,026</strong> plays" in page
    for query in ({}, {"q": "p7"}):
        assert '(<a href="?">' not in staff.get(GAMES, query).content.decode()
