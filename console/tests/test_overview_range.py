"""The days that the overview shows, what they are compared with, and the tables as files."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from console.overview.funnel import funnel
from console.overview.ranges import Range
from privacy.erasing import erase_person
from stats.days import Days, Figures
from stats.numbers import Numbers
from testing.campaign import NewGame

NOW = datetime(2026, 10, 26, 9, 30, tzinfo=UTC)  # the day after summer time ended in Berlin
TODAY = date(2026, 10, 26)
DAY = timedelta(days=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    with override_settings(TIME_ZONE="Europe/Berlin"):
        yield
    with connection.cursor() as cursor:  # the setting reached the database's session
        if connection.vendor == "postgresql":
            cursor.execute("SET TIME ZONE 'UTC'")


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ({}, date(2026, 9, 27), TODAY),
        ({"range": "7"}, date(2026, 10, 20), TODAY),
        ({"range": "90"}, date(2026, 7, 29), TODAY),
        ({"range": "month"}, date(2026, 10, 1), TODAY),
        ({"range": "31"}, date(2026, 9, 27), TODAY),
        ({"range": "٧"}, date(2026, 9, 27), TODAY),
        ({"from": "2026-10-24", "to": "2026-10-25"}, date(2026, 10, 24), date(2026, 10, 25)),
        ({"from": "2026-10-24"}, date(2026, 10, 24), TODAY),
        ({"from": "2026-10-24", "to": "2027-01-01"}, date(2026, 10, 24), TODAY),
        ({"from": "2000-01-01", "to": "2000-12-31"}, date(2000, 1, 1), date(2000, 12, 31)),
    ],
)
def test_days_that_are_chosen(query: dict[str, str], first: date, last: date) -> None:
    chosen = Range.chosen(query)
    assert (chosen.first, chosen.last) == (first, last)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("from=2026-10-25&to=2026-10-24", "The first day must not be after the last."),
        ("from=2026-10-27&to=2026-10-28", "These days are still to come."),
        ("to=2026-10-28", "Choose both days, each as in 2026-11-29."),
        ("from=&to=", "Choose both days, each as in 2026-11-29."),
        ("from=garbage&to=2026-10-25", "Choose both days, each as in 2026-11-29."),
        ("from=2026-02-31&to=2026-10-25", "Choose both days, each as in 2026-11-29."),
        ("from=2026-10-24&to=%00", "Choose both days, each as in 2026-11-29."),
        ("from=0001-01-01&to=0001-01-02", "Choose at most 366 days, from the year 2000 on."),
        ("from=0000-01-01&to=2026-01-02", "Choose both days, each as in 2026-11-29."),
        ("from=1926-10-26&to=2026-10-26", "Choose at most 366 days, from the year 2000 on."),
        ("from=2025-10-25&to=2026-10-26", "Choose at most 366 days, from the year 2000 on."),
        ("from=2026-10-26&to=9999-12-31", "Choose at most 366 days, from the year 2000 on."),
    ],
)
def test_wrong_days_get_a_sentence_and_the_last_thirty(
    staff: Client, query: str, sentence: str
) -> None:
    response = staff.get(f"/admin/?{query}")
    page = response.content.decode()
    assert response.status_code == 200
    assert f"{sentence} Shown are the last 30 days." in page
    assert page.count('<rect class="console-new"') == 30


@pytest.mark.parametrize(
    ("query", "bars"), [("", 30), ("range=7", 7), ("range=90", 90), ("from=2025-10-26", 366)]
)
def test_each_day_has_a_bar_and_only_today_is_unfinished(
    staff: Client, query: str, bars: int
) -> None:
    page = staff.get(f"/admin/?{query}").content.decode()
    assert page.count('<rect class="console-new"') == bars
    assert page.count('<g class="console-unfinished"') == 1
    assert "today so far" in page


def test_days_that_have_ended_have_no_unfinished_bar(staff: Client) -> None:
    page = staff.get("/admin/?from=2026-10-01&to=2026-10-25").content.decode()
    assert "console-unfinished" not in page
    assert "Today is not over" not in page


def test_today_is_left_out_on_both_sides_of_a_comparison() -> None:
    assert Range(date(2026, 10, 20), TODAY).compared() == (
        Range(date(2026, 10, 20), date(2026, 10, 25)),
        Range(date(2026, 10, 13), date(2026, 10, 18)),
    )


def test_days_that_have_ended_are_compared_with_as_many_before() -> None:
    chosen = Range(date(2026, 10, 24), date(2026, 10, 25))
    assert chosen.compared() == (chosen, Range(date(2026, 10, 22), date(2026, 10, 23)))


def test_today_alone_is_compared_with_nothing(staff: Client) -> None:
    assert Range(TODAY, TODAY).compared() == (None, None)
    page = staff.get("/admin/?from=2026-10-26").content.decode()
    assert "The changes compare" not in page
    assert "Today is not over, so no change includes it." in page


def test_funnel_shows_today_but_its_changes_do_not() -> None:
    before = Figures(plays=10, new=4, found=1, added=2, rejected=1)
    yesterday = Figures(plays=15, new=4, found=0, added=3, rejected=1)
    days = Days({TODAY - 3 * DAY: before, TODAY - DAY: yesterday, TODAY: Figures(plays=85, new=9)})
    steps = funnel(days, Range(TODAY - DAY, TODAY)).values()
    assert [(step.name, step.number, step.change, step.width) for step in steps] == [
        ("plays", 100, "+50\N{NO-BREAK SPACE}%", 100),
        ("new", 13, "+0\N{NO-BREAK SPACE}%", 13),
        ("found", 0, "\N{MINUS SIGN}100\N{NO-BREAK SPACE}%", 0),
        ("absent", 4, "+33\N{NO-BREAK SPACE}%", 4),
        ("added", 3, "+50\N{NO-BREAK SPACE}%", 3),
        ("rejected", 1, "+0\N{NO-BREAK SPACE}%", 1),
        ("pending", 0, "–", 0),
        ("withheld", 0, "–", 0),
    ]


def test_added_contact_counts_on_the_day_of_the_first_play(new_game: NewGame) -> None:
    before_midnight = datetime(2026, 10, 24, 21, 59, tzinfo=UTC)
    late = new_game("late@test.ru", before_midnight, NOW, state="pending")
    new_game("known@test.ru", state="added")  # has not played
    days = Numbers.read().days
    assert days.total(None, TODAY) == Figures(plays=2, new=1, pending=1)
    late.contact_state = "added"  # today
    late.save()
    days = Numbers.read().days
    assert days[date(2026, 10, 24)] == Figures(plays=1, new=1, added=1)
    assert days[TODAY] == Figures(plays=1)


def test_added_contact_stays_counted_when_the_person_is_erased(new_game: NewGame) -> None:
    new_game("cem@test.ru", NOW - 3 * DAY, state="added")
    before = Numbers.read().days
    erase_person("cem@test.ru", reason="asked")
    assert Numbers.read().days == before


def test_page_takes_two_queries_more_for_any_days(
    staff: Client, new_game: NewGame, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    new_game("cem@test.ru", NOW)
    staff.get("/admin/")
    for query in ("range=90", "from=2025-11-01", "from=2026-01-01&to=2026-01-31"):
        with django_assert_num_queries(2):  # session, account
            staff.get(f"/admin/?{query}")


def test_days_as_a_file(staff: Client, new_game: NewGame) -> None:
    new_game("cem@test.ru", NOW - DAY, NOW, state="added")
    new_game("ann@test.ru", NOW, state="rejected")
    new_game("eva@test.ru", NOW, state="withheld")
    response = staff.get("/admin/overview/days.csv?from=2026-10-24&to=2026-10-26")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == (
        'attachment; filename="overview-days-2026-10-24-2026-10-26.csv"'
    )
    assert response.content.decode("utf-8-sig").splitlines() == [
        "day;plays;first_plays;found;added;rejected;pending;withheld",
        "2026-10-24;0;0;0;0;0;0;0",
        "2026-10-25;1;1;0;1;0;0;0",
        "2026-10-26;3;2;0;0;1;0;1",
    ]


def test_hours_as_a_file(staff: Client, new_game: NewGame) -> None:
    new_game("cem@test.ru", NOW - DAY, NOW)
    response = staff.get("/admin/overview/hours.csv")
    assert 'filename="overview-hours-2026-10-26.csv"' in response["Content-Disposition"]
    lines = response.content.decode("utf-8-sig").splitlines()
    assert (lines[0], len(lines)) == ("hour;mon;tue;wed;thu;fri;sat;sun", 25)
    assert lines[11] == "10:00;1;0;0;0;0;0;1"  # 9:30 UTC on both days, after the clocks changed


def test_page_links_to_the_file_of_its_own_days(staff: Client) -> None:
    page = staff.get("/admin/?range=7").content.decode()
    assert 'href="/admin/overview/days.csv?from=2026-10-20&amp;to=2026-10-26"' in page


def test_file_of_wrong_days_leads_to_the_page_that_says_so(staff: Client) -> None:
    response: Any = staff.get("/admin/overview/days.csv?from=x&to=2026-10-26")
    assert (response.status_code, response.url) == (302, "/admin/?from=x&to=2026-10-26")


@pytest.mark.parametrize("name", ["days", "hours"])
def test_files_need_the_rights_of_the_page(client: Client, name: str) -> None:
    user = User.objects.create_user("helper", is_staff=True)
    client.force_login(user)
    assert client.get(f"/admin/overview/{name}.csv").status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_game"))
    assert client.get(f"/admin/overview/{name}.csv").status_code == 200


def test_range_without_sense_is_refused() -> None:
    with pytest.raises(ValidationError):
        Range.chosen({"from": "2026-10-25", "to": "2026-10-24"})
