"""The lists and a game's page: what they find, total and say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client, override_settings
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

from console.contact_description import describe_contact
from games.models import Game
from testing.campaign import GAMES, PLAYS, NewGame

ASKED = "Not delivered yet: the ESP was asked"
SOON = "The next attempt is due as soon as delivery gets to it."
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def page(staff: Client, address: str, **query: Any) -> str:
    return str(staff.get(address, query).content.decode())


def found(staff: Client, **query: Any) -> set[str]:
    response = staff.get(GAMES, query)
    return {game.email for game in response.context["cl"].result_list}


@pytest.fixture
def games(new_game: NewGame) -> None:
    new_game("one@test.ru", NOON)
    new_game("three@test.ru", NOON, NOON, NOON + timedelta(days=2))
    new_game("five@mail.ru", *[NOON + timedelta(days=1)] * 5)
    new_game("none@mail.ru", state="pending")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"play_count_from": 3}, {"three", "five"}),
        ({"play_count_to": 3}, {"none", "one", "three"}),
        ({"play_count_from": 2, "play_count_to": 3}, {"three"}),
        ({"play_count_from": "x", "play_count_to": "9" * 30}, {"none", "one", "three", "five"}),
        ({"first_played_at_to": "2026-05-01"}, {"one", "three"}),
        ({"first_played_at_from": "2026-05-02"}, {"five"}),
        ({"last_played_at_from": "2026-05-02", "last_played_at_to": "2026-05-02"}, {"five"}),
        (
            {"last_played_at_from": "0001-01-01", "last_played_at_to": "9999-12-31"},
            {"none", "one", "three", "five"},
        ),
        ({"contact_state__exact": "pending"}, {"none"}),
        ({"q": "@mail.ru", "play_count_from": 1}, {"five"}),
    ],
)
def test_filters(staff: Client, games: None, query: dict[str, Any], expected: set[str]) -> None:
    assert {email.partition("@")[0] for email in found(staff, **query)} == expected


def test_days_are_the_sites(staff: Client, new_game: NewGame) -> None:
    new_game("late@test.ru", datetime(2026, 5, 1, 22, 30, tzinfo=UTC))
    with override_settings(TIME_ZONE="Europe/Moscow"):
        assert found(staff, first_played_at_from="2026-05-02") == {"late@test.ru"}
        assert found(staff, first_played_at_to="2026-05-01") == set()


def test_totals_are_of_what_is_filtered(staff: Client, games: None) -> None:
    assert "<strong>4</strong> players, <strong>9</strong> plays" in page(staff, GAMES)
    some = page(staff, GAMES, q="@mail.ru")
    assert "<strong>2</strong> players, <strong>5</strong> plays" in some


def test_filter_keeps_what_was_typed(staff: Client, games: None) -> None:
    text = page(staff, GAMES, play_count_from="3", first_played_at_to="2026-05-01")
    assert 'name="play_count_from" value="3"' in text
    assert 'name="first_played_at_to" value="2026-05-01"' in text


def test_long_list_of_plays_says_that_it_ends(
    staff: Client, games: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "the list goes no further" not in page(staff, PLAYS)
    monkeypatch.setattr("console.lists.paginators.CappedPaginator.cap", 5)
    text = page(staff, PLAYS)
    assert "There are more than <strong>5</strong> plays" in text


def test_search_for_plays_by_address(staff: Client, games: None) -> None:
    text = page(staff, PLAYS, q="@Mail.ru")
    assert "five@mail.ru" in text
    assert "one@test.ru" not in text


def test_history_of_a_game_is_paged(
    staff: Client, new_game: NewGame, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    game = new_game("cem@test.ru", *[NOON + timedelta(hours=n) for n in range(45)])
    page(staff, f"{GAMES}{game.pk}/change/")
    with django_assert_num_queries(6):
        first = page(staff, f"{GAMES}{game.pk}/change/")
    assert "3 May 2026, 08:00" in first
    assert "1 May 2026, 13:00" not in first
    assert "1 May 2026, 13:00" in page(staff, f"{GAMES}{game.pk}/change/", **{"plays-page": 3})


def test_log_names_no_address(staff: Client) -> None:
    staff.post(f"{GAMES}add/", {"email": "cem@test.ru"})
    log = page(staff, "/admin/admin/logentry/")
    assert f"Player {Game.objects.get().pk}" in log
    assert "cem@test.ru" not in log


def test_who_may_only_look_cannot_deliver(client: Client, games: None) -> None:
    account = User.objects.create_user("helper", is_staff=True)
    account.user_permissions.add(Permission.objects.get(codename="view_game"))
    client.force_login(account)
    text = page(client, GAMES)
    assert "f***@m***.ru" in text
    assert "five@mail.ru" not in text
    assert "deliver_now" not in text


@pytest.mark.parametrize(
    ("values", "story"),
    [
        (
            {"contact_state": "found"},
            "The ESP had this address before its first play. Nothing was changed there.",
        ),
        ({"contact_state": "added"}, "The ESP did not know this address. It was added."),
        (
            {"contact_state": "rejected"},
            "The ESP refuses this address for good: it gave no reason.",
        ),
        (
            {"contact_state": "rejected", "contact_error": "disposable"},
            "The ESP refuses this address for good: disposable",
        ),
        (
            {"contact_due_at": NOON},
            f"Not delivered yet: the ESP has not been asked. {SOON}",
        ),
        (
            {"contact_due_at": datetime(2099, 5, 1, 12, tzinfo=UTC), "contact_attempts": 1},
            f"{ASKED} 1 time. The next attempt is due at 1 May 2099, 12:00.",
        ),
        (
            {"contact_due_at": NOON, "contact_attempts": 4, "contact_error": "it timed out"},
            f"{ASKED} 4 times. {SOON} Last error: it timed out",
        ),
    ],
)
def test_contact_in_words(values: dict[str, Any], story: str) -> None:
    assert describe_contact(Game(email="cem@test.ru", **values)) == story


def test_contact_in_russian_words() -> None:
    game = Game(contact_attempts=22, contact_due_at=timezone.now())
    with translation.override("ru"):
        assert describe_contact(game).startswith("Ещё не передан: обращений к ESP — 22.")


@pytest.mark.parametrize(
    "address", ["auth/user/", "auth/user/add/", "auth/group/add/", "admin/logentry/"]
)
def test_other_pages_open(staff: Client, address: str) -> None:
    assert staff.get(f"/admin/{address}").status_code == 200


def test_log_cannot_be_changed(staff: Client) -> None:
    assert staff.get("/admin/admin/logentry/add/").status_code == 403
