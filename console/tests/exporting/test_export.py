"""Handing over what a list shows: filters, names, rights, log."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from console.lists.paginators import CappedPaginator
from testing.campaign import GAMES, PLAYS, NewGame
from testing.exports import EVENING, FORMATS, NOON, ask, export, read_csv


def test_export_holds_what_is_filtered(staff: Client, new_game: NewGame) -> None:
    new_game("cem@test.ru", NOON, EVENING)
    new_game("ann@test.ru", NOON)
    rows = read_csv(export(staff, "csv", query="?play_count_from=2"))
    assert [row[0] for row in rows] == ["email", "cem@test.ru"]


def test_log_says_who_exported_how_many(staff: Client, new_game: NewGame) -> None:
    new_game("cem@test.ru", NOON)
    new_game("ann@test.ru", NOON)
    export(staff, "csv")
    entry = LogEntry.objects.get()
    said = "Exported 2 players (CSV, for programs)."
    assert (entry.user.username, entry.get_change_message()) == ("admin", said)
    assert said in staff.get("/admin/admin/logentry/").content.decode()


def test_export_broken_off_is_logged_too(staff: Client, new_game: NewGame) -> None:
    new_game("cem@test.ru", NOON)
    response = staff.post(f"{GAMES}export/", {"format": FORMATS["csv"]})
    parts = iter(response.streaming_content)  # type: ignore[attr-defined]
    next(parts)
    for close in response._resource_closers:  # type: ignore[attr-defined]
        close()  # as when the browser goes; not response.close(), which ends the test's connection
    assert LogEntry.objects.count() == 1


def test_export_takes_one_query_for_its_rows(
    staff: Client, new_game: NewGame, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        new_game(f"player{number}@test.ru", NOON)
    with django_assert_max_num_queries(9):  # session, account, list, rows, log
        export(staff, "csv", PLAYS)


@pytest.mark.parametrize("missing", ["export_game", "view_game", "view_address"])
def test_export_needs_all_its_rights(client: Client, new_game: NewGame, missing: str) -> None:
    account = User.objects.create_user("helper", is_staff=True)
    rights = {"export_game", "view_game", "view_address"} - {missing}
    account.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(account)
    assert client.get(f"{GAMES}export/").status_code == 403
    account.user_permissions.add(Permission.objects.get(codename=missing))
    assert client.get(f"{GAMES}export/").status_code == 200
    assert client.get(f"{GAMES}import/").status_code == 403


@pytest.mark.parametrize(
    ("name", "page", "query", "start"),
    [
        ("xlsx", GAMES, "", "play.example.com-players-all"),
        ("excel.csv", GAMES, "?play_count_from=2", "play.example.com-players-filtered"),
        ("csv", GAMES, "?q=test.ru", "play.example.com-players-filtered"),
        ("csv", GAMES, "?reason=no such reason", "play.example.com-players-filtered"),
        ("json", PLAYS, "?q=&o=1", "play.example.com-plays-all"),
    ],
)
def test_file_name_says_site_list_extent_and_day(
    staff: Client, settings: Any, name: str, page: str, query: str, start: str
) -> None:
    def name_of_now() -> str:
        day = datetime.now(ZoneInfo("Pacific/Kiritimati")).date()
        return f'attachment; filename="{start}-{day}.{name.rpartition(".")[2]}"'

    settings.ALLOWED_HOSTS, settings.TIME_ZONE = ["play.example.com"], "Pacific/Kiritimati"
    before = name_of_now()
    response = ask(staff, name, page, query, headers={"Host": "Play.Example.com:8443"})
    assert response["Content-Disposition"] in {before, name_of_now()}


def test_form_says_how_many_rows_and_if_filtered(staff: Client, new_game: NewGame) -> None:
    new_game("cem@test.ru", NOON, EVENING)
    new_game("ann@test.ru", NOON)
    page = staff.get(f"{GAMES}export/").content.decode()
    assert "<strong>2</strong> rows will be exported." in page
    assert "It is the whole list, without a filter." in page
    page = staff.get(f"{GAMES}export/?play_count_from=2").content.decode()
    assert "<strong>1</strong> row will be exported." in page
    assert "The list is filtered." in page


def test_form_counts_plays_no_further_than_their_list(
    staff: Client, new_game: NewGame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CappedPaginator, "cap", 2)
    new_game("cem@test.ru", NOON, EVENING, NOON)
    page = staff.get(f"{PLAYS}export/").content.decode()
    assert "<strong>2</strong> rows or more will be exported." in page


def test_form_remembers_the_format_of_the_last_export(staff: Client) -> None:
    def chosen() -> Any:
        form = staff.get(f"{PLAYS}export/").context["form"]
        return form["format"].value(), [str(value) for value, _ in form.fields["format"].choices]

    assert chosen() == (None, ["0", "1", "2", "3"])  # the browser then shows the first
    ask(staff, "csv")
    assert chosen()[0] == FORMATS["csv"]
    cookie = staff.cookies["export_format"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
