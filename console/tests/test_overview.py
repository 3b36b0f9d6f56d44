"""The dashboard's numbers, counted by hand."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from console.overview.chart import day_chart
from games.contact_state import ContactState
from games.delivery_pause import DeliveryPause
from privacy.erasing import erase_person
from stats.days import Day, Figures
from stats.models import DomainTotal, HourlyTotal, Watermark
from stats.numbers import Numbers
from stats.periods import PeriodNumbers
from stats.totals import CloseDaysJob, close_days
from testing.campaign import NewGame

BERLIN = "Europe/Berlin"
# A Monday after the night in which summer time ended: 25 October 2026 had 25 hours.
NOW = datetime(2026, 10, 26, 9, 30, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    with override_settings(TIME_ZONE=BERLIN):
        yield
    with connection.cursor() as cursor:  # the setting reached the database's session
        if connection.vendor == "postgresql":
            cursor.execute("SET TIME ZONE 'UTC'")


def at(text: str) -> datetime:
    """Return a moment of 2026, given in UTC as "10-25 23:30"."""
    return datetime.fromisoformat(f"2026-{text}:00+00:00")


@pytest.fixture
def campaign(new_game: NewGame) -> None:
    # Midnight in Berlin is 22:00 UTC until the 24th, 23:00 UTC from the 25th on.
    new_game("today@mail.ru", at("10-25 23:00"), state="pending", contact_error="it timed out")
    new_game("yesterday@mail.ru", at("10-25 22:59"), at("10-26 08:00"), state="found")
    new_game("dst@gmail.com", at("10-24 22:00"), at("10-25 00:30"), at("10-25 01:30"))
    new_game("saturday@gmail.com", at("10-24 21:59"), state="rejected")
    new_game("old@xn--e1afmkfd.xn--p1ai", at("01-01 12:00"), at("10-01 12:00"), state="found")
    new_game("known@mail.ru", state="pending")  # has not played


def test_periods(campaign: None) -> None:
    assert Numbers.read().periods == [
        # plays players new known pending rejected; today, yesterday, 7 and 30 days, ever
        PeriodNumbers(2, 2, 1, None, 1, 0),
        PeriodNumbers(4, 2, 2, 50.0, 0, 0),
        PeriodNumbers(7, 4, 4, 50.0, 1, 1),
        PeriodNumbers(8, 5, 4, 50.0, 1, 1),
        PeriodNumbers(9, 5, 5, 100 * 2 / 3, 1, 1),
    ]


def test_periods_begin_at_midnight(new_game: NewGame) -> None:
    for number, midnight in enumerate([at("10-19 22:00"), at("09-26 22:00")], start=2):
        new_game(f"in{number}@test.ru", midnight)
        new_game(f"out{number}@test.ru", midnight - timedelta(microseconds=1))
    week, month = Numbers.read().periods[2:4]
    assert (week.plays, week.players, week.new) == (1, 1, 1)
    assert (month.plays, month.players, month.new) == (3, 3, 3)


def test_days_with_gaps_and_both_hours_of_the_night_that_has_them_twice(campaign: None) -> None:
    days = Numbers.read().last_days
    assert len(days) == 90
    assert days[-4:] == [
        Day(date(2026, 10, 23), Figures()),
        Day(date(2026, 10, 24), Figures(plays=1, new=1, rejected=1)),
        Day(date(2026, 10, 25), Figures(plays=4, new=2, found=1, added=1)),
        Day(date(2026, 10, 26), Figures(plays=2, new=1, pending=1)),
    ]
    assert days[-26] == Day(date(2026, 10, 1), Figures(plays=1))


def test_week_by_the_sites_clock(campaign: None) -> None:
    week = Numbers.read().week
    assert week[0] == [1] + [0] * 8 + [1] + [0] * 14  # Monday: 0:00, 9:00
    assert week[5] == [0] * 23 + [1]  # Saturday: 23:59
    # Sunday: 0:00; 2:30 before and after the clocks changed; 23:59.
    assert week[6] == [1, 0, 2] + [0] * 20 + [1]
    assert sum(map(sum, week)) == 9


def test_spring_night_lacks_an_hour(new_game: NewGame) -> None:
    new_game("cem@test.ru", at("03-29 00:59"), at("03-29 01:00"))
    assert Numbers.read().week[6] == [0, 1, 0, 1] + [0] * 20


def test_hour_of_today_where_the_clock_moves_by_half_an_hour(
    monkeypatch: pytest.MonkeyPatch, new_game: NewGame
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at("10-04 02:00"))
    with override_settings(TIME_ZONE="Australia/Lord_Howe"):
        new_game("cem@test.ru", at("10-03 23:10"))  # 10:10 after the clock moved at 2:00
        assert Numbers.read().week[6] == [0] * 10 + [1] + [0] * 13


def test_domains_are_readable_and_ordered(campaign: None) -> None:
    assert Numbers.read().domains == [("gmail.com", 2), ("mail.ru", 2), ("пример.рф", 1)]


def test_backlog_names_the_oldest_debt_and_the_last_error(campaign: None) -> None:
    backlog = Numbers.read().backlog
    assert (backlog.pending, backlog.oldest) == (2, at("10-25 23:00"))
    assert (backlog.last_error, backlog.late) == ("it timed out", True)


def test_fresh_debt_is_not_late(new_game: NewGame) -> None:
    assert not Numbers.read().backlog.late
    new_game("cem@test.ru", NOW - timedelta(minutes=1), state="pending")
    assert not Numbers.read().backlog.late


def test_closed_days_are_read_once(
    campaign: None, monkeypatch: pytest.MonkeyPatch, new_game: NewGame
) -> None:
    before = Numbers.read()
    assert HourlyTotal.objects.count() == 6
    assert str(HourlyTotal.objects.order_by("hour")[0]) == "2026-01-01 12:00:00+00:00"
    assert str(DomainTotal.objects.order_by("domain")[2]) == "xn--e1afmkfd.xn--p1ai"
    assert str(Watermark.objects.get()) == "2026-10-25 23:00:00+00:00"
    new_game("new@mail.ru", NOW)
    after = Numbers.read()
    assert after.periods[0].plays == before.periods[0].plays + 1
    assert HourlyTotal.objects.count() == 6
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(days=1))
    assert Numbers.read().periods[1].plays == after.periods[0].plays
    assert HourlyTotal.objects.count() == 9


def test_day_is_not_closed_while_its_plays_may_be_under_way(
    campaign: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at("10-25 23:09"))
    assert close_days().until == at("10-24 22:00")
    monkeypatch.setattr(timezone, "now", lambda: at("10-25 23:10"))
    assert close_days().until == at("10-25 23:00")


def test_another_zone_moves_the_days(campaign: None) -> None:
    Numbers.read()
    with override_settings(TIME_ZONE="Asia/Tokyo"):
        numbers = Numbers.read()
    assert numbers.periods[4].plays == 9
    assert numbers.week[6][6] == 1  # Saturday 23:00 in Berlin


def test_erased_game_stays_in_the_numbers_without_its_domain(campaign: None) -> None:
    before = Numbers.read()
    for email in ("dst@gmail.com", "saturday@gmail.com"):
        erase_person(email, reason="asked")
    after = Numbers.read()
    assert (after.periods, after.days, after.week) == (before.periods, before.days, before.week)
    assert after.domains == [("mail.ru", 2), ("пример.рф", 1)]
    assert not DomainTotal.objects.filter(domain="gmail.com").exists()


def test_page_shows_the_numbers_and_tables(campaign: None, staff: Client) -> None:
    page = staff.get("/admin/").content.decode()
    assert page.count("The numbers as a table") == 2
    assert "26 Oct 2026: 1 + 1" in page
    assert "it timed out" in page
    assert "As of 10:30." in page
    assert "All times are of Europe/Berlin." in page
    russian = staff.get("/admin/", headers={"Accept-Language": "ru"}).content.decode()
    assert "Обзор кампании" in russian
    assert "26 окт 2026: 1 + 1" in russian


def test_pause_is_seen(staff: Client) -> None:
    DeliveryPause.objects.begin("the key is not valid")
    page = staff.get("/admin/").content.decode()
    assert "Delivery is paused" in page
    assert "the key is not valid" in page


def test_empty_campaign_has_a_page(staff: Client) -> None:
    assert "Nobody has played yet." in staff.get("/admin/").content.decode()


def test_only_who_may_see_games_sees_numbers(client: Client) -> None:
    client.force_login(User.objects.create_user("helper", is_staff=True))
    page = client.get("/admin/").content.decode()
    assert "console-card" not in page
    assert "You may not see the overview." in page
    assert "application" not in page


def test_numbers_are_counted_once_a_minute(
    staff: Client, django_assert_num_queries: DjangoAssertNumQueries, campaign: None
) -> None:
    staff.get("/admin/")
    with django_assert_num_queries(2):  # session, account
        staff.get("/admin/")


@pytest.mark.parametrize("is_superuser", [True, False])
def test_page_takes_ten_queries_when_nothing_was_counted_before(
    client: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    campaign: None,
    is_superuser: bool,
) -> None:
    user = User.objects.create_user("helper", is_staff=True, is_superuser=is_superuser)
    user.user_permissions.add(Permission.objects.get(codename="view_game"))
    client.force_login(user)
    close_days()  # as delivery does
    with django_assert_max_num_queries(10):
        assert "oldest pending since" in client.get("/admin/").content.decode()


def test_delivery_closes_the_days(campaign: None) -> None:
    assert CloseDaysJob().run_batch(threading.Event()) == {}
    assert HourlyTotal.objects.count() == 6


def test_numbers_take_the_same_queries_for_any_campaign(
    campaign: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    close_days()
    with django_assert_num_queries(6):
        Numbers.read()


def erase() -> None:
    erase_person("yesterday@mail.ru", reason="asked")  # a play of today is among its plays


def close_today() -> None:
    with mock.patch.object(timezone, "now", return_value=NOW + timedelta(days=1)):
        close_days()


@pytest.mark.parametrize("change", [erase, close_today])
@pytest.mark.parametrize("position", range(6))
def test_numbers_are_right_when_the_past_changes_between_two_queries(
    campaign: None, change: Callable[[], None], position: int
) -> None:
    right = Numbers.read()
    queries = count()

    def change_before(execute: Callable[..., Any], *args: Any) -> Any:
        if next(queries) == position:
            change()
        return execute(*args)

    with connection.execute_wrapper(change_before):
        found = Numbers.read()
    assert next(queries) > position
    assert (found.periods, found.days, found.week) == (right.periods, right.days, right.week)
    if change is close_today:  # the domain of an erased player goes
        assert found.domains == right.domains


def test_bars_stand_on_each_other_within_the_drawing() -> None:
    chart = day_chart(
        [Day(date(2026, 5, 1), Figures()), Day(date(2026, 5, 2), Figures(plays=96, new=24))]
    )
    empty, full = chart["bars"]
    assert (empty["new_height"], empty["returning_height"]) == (0, 0)
    assert (full["new_y"], full["new_height"]) == (76, 24)
    assert (full["returning_y"], full["returning_height"]) == (4, 72)
    assert [line["value"] for line in chart["lines"]] == [100, 75, 50, 25, 0]


@pytest.mark.parametrize(
    ("most", "top"), [(0, 4), (1, 4), (5, 8), (16, 16), (99, 100), (101, 120), (87_654, 100_000)]
)
def test_axis_ends_above_the_highest_bar_at_a_round_number(most: int, top: int) -> None:
    chart = day_chart([Day(date(2026, 5, 1), Figures(plays=most))])
    assert chart["lines"][0]["value"] == top


def test_states_have_a_place_in_the_numbers() -> None:
    # A new state needs a thought about where the dashboard shows it.
    assert len(ContactState) == 5
