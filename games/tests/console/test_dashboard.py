"""The dashboard's numbers, counted by hand."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, override_settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from games.contact_state import ContactState
from games.dashboard.charts import day_chart
from games.dashboard.numbers import Numbers
from games.dashboard.periods import PeriodNumbers
from games.dashboard.plays_by_hour import Day, PlaysByHour
from games.forgetting import forget
from games.kept_days import DomainDay, PlayHour
from games.models import DeliveryPause

from .campaign import NewGame

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
    def numbers(name: str, *values: Any) -> PeriodNumbers:
        return PeriodNumbers(name, *values)

    assert Numbers.read().periods == [
        #                      plays players new known pending rejected
        numbers("Today", 2, 2, 1, None, 1, 0),
        numbers("Yesterday", 4, 2, 2, 50.0, 0, 0),
        numbers("7 days", 7, 4, 4, 50.0, 1, 1),
        numbers("30 days", 8, 5, 4, 50.0, 1, 1),
        numbers("All time", 9, 5, 5, 100 * 2 / 3, 1, 1),
    ]


def test_periods_begin_at_midnight(new_game: NewGame) -> None:
    for number, midnight in enumerate([at("10-19 22:00"), at("09-26 22:00")], start=2):
        new_game(f"in{number}@test.ru", midnight)
        new_game(f"out{number}@test.ru", midnight - timedelta(microseconds=1))
    week, month = Numbers.read().periods[2:4]
    assert (week.plays, week.players, week.new) == (1, 1, 1)
    assert (month.plays, month.players, month.new) == (3, 3, 3)


def test_days_with_gaps_and_both_hours_of_the_night_that_has_them_twice(campaign: None) -> None:
    days = Numbers.read().days
    assert len(days) == 90
    assert days[-4:] == [
        Day(date(2026, 10, 23), 0, 0),
        Day(date(2026, 10, 24), 1, 0),
        Day(date(2026, 10, 25), 2, 2),
        Day(date(2026, 10, 26), 1, 1),
    ]
    assert days[-26] == Day(date(2026, 10, 1), 0, 1)


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


def test_domains_are_readable_and_ordered(campaign: None) -> None:
    assert Numbers.read().domains == [("gmail.com", 2), ("mail.ru", 2), ("пример.рф", 1)]


def test_standing_names_the_oldest_debt_and_the_last_error(campaign: None) -> None:
    standing = Numbers.read().standing
    assert (standing.pending, standing.oldest) == (2, at("10-25 23:00"))
    assert (standing.last_error, standing.late) == ("it timed out", True)


def test_fresh_debt_is_not_late(new_game: NewGame) -> None:
    assert not Numbers.read().standing.late
    new_game("cem@test.ru", NOW - timedelta(minutes=1), state="pending")
    assert not Numbers.read().standing.late


def test_closed_days_are_read_once(
    campaign: None, monkeypatch: pytest.MonkeyPatch, new_game: NewGame
) -> None:
    before = Numbers.read()
    assert PlayHour.objects.count() == 6
    assert set(PlayHour.objects.values_list("zone", flat=True)) == {BERLIN}
    assert str(PlayHour.objects.order_by("day", "hour")[0]) == "2026-01-01 13:00"
    assert str(DomainDay.objects.order_by("day")[0]) == "2026-01-01 xn--e1afmkfd.xn--p1ai"
    new_game("new@mail.ru", NOW)
    after = Numbers.read()
    assert after.periods[0].plays == before.periods[0].plays + 1
    assert PlayHour.objects.count() == 6
    monkeypatch.setattr(timezone, "now", lambda: NOW + timedelta(days=1))
    assert Numbers.read().periods[1].plays == after.periods[0].plays
    assert PlayHour.objects.count() == 9


def test_day_is_not_closed_while_its_plays_may_be_under_way(
    campaign: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: at("10-25 23:09"))
    assert PlayHour.objects.fill() == at("10-24 22:00")
    monkeypatch.setattr(timezone, "now", lambda: at("10-25 23:10"))
    assert PlayHour.objects.fill() == at("10-25 23:00")


def test_another_zone_counts_anew(campaign: None) -> None:
    Numbers.read()
    with override_settings(TIME_ZONE="Asia/Kolkata"):
        assert Numbers.read().periods[4].plays == 9
        assert Numbers.read().week[5][23] == 0


def test_erased_game_stays_in_the_numbers_without_its_domain(campaign: None) -> None:
    before = Numbers.read()
    for email in ("dst@gmail.com", "saturday@gmail.com"):
        forget(email, reason="asked")
    after = Numbers.read()
    assert (after.periods, after.days, after.week) == (before.periods, before.days, before.week)
    assert "gmail.com" not in set(DomainDay.objects.values_list("domain", flat=True))


def test_page_shows_the_numbers_and_tables(campaign: None, staff: Client) -> None:
    page = staff.get("/admin/").content.decode()
    assert page.count("<summary>") == 2
    assert "10/26/2026: 1 + 1" in page
    assert "it timed out" in page
    assert "As of 10:30 a.m. (CET)" in page
    russian = staff.get("/admin/", headers={"Accept-Language": "ru"}).content.decode()
    assert "Сегодня" in russian
    assert "26.10.2026: 1 + 1" in russian


@pytest.mark.parametrize(("days", "bars"), [("", 30), ("30", 30), ("90", 90), ("x", 30)])
def test_days_can_be_chosen(campaign: None, staff: Client, days: str, bars: int) -> None:
    page = staff.get(f"/admin/?days={days}").content.decode()
    assert page.count('<rect class="console-new"') == bars


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


def test_numbers_are_counted_once_a_minute(
    staff: Client, django_assert_num_queries: DjangoAssertNumQueries, campaign: None
) -> None:
    staff.get("/admin/")
    with django_assert_num_queries(3):  # session, account, cache
        staff.get("/admin/")


def test_numbers_take_the_same_queries_for_any_campaign(
    campaign: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    PlayHour.objects.fill()
    with django_assert_num_queries(13):
        Numbers.read()


def test_numbers_are_read_again_when_the_past_changes_meanwhile(
    campaign: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Numbers.read()
    plain = PlaysByHour.read
    reads: list[datetime | None] = []

    def forget_first(since: datetime | None) -> PlaysByHour:
        if not reads:
            PlayHour.objects.forget()
        reads.append(since)
        return plain(since)

    monkeypatch.setattr(PlaysByHour, "read", forget_first)
    numbers = Numbers.read()
    assert numbers.periods == right.periods
    assert numbers.domains == right.domains


def test_numbers_are_given_though_the_past_keeps_changing(
    campaign: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Numbers.read()
    changes = count()
    monkeypatch.setattr("games.kept_days.PlayHourQuerySet.newest", lambda self: next(changes))
    assert Numbers.read().periods == right.periods
    assert next(changes) == 6  # two looks in each of three tries


def test_bars_stand_on_each_other_within_the_drawing() -> None:
    chart = day_chart([Day(date(2026, 5, 1), 0, 0), Day(date(2026, 5, 2), 30, 70)])
    empty, full = chart.bars
    assert (empty.new_height, empty.returning_height) == (0, 0)
    assert (full.new_y, full.new_height) == (180, 60)
    assert (full.returning_y, full.returning_height) == (40, 140)
    assert [line.value for line in chart.lines] == [0, 30, 60, 90, 120]


@pytest.mark.parametrize(
    ("most", "top"), [(0, 4), (1, 4), (5, 8), (16, 16), (99, 100), (101, 120), (87_654, 100_000)]
)
def test_axis_ends_above_the_highest_bar_at_a_round_number(most: int, top: int) -> None:
    chart = day_chart([Day(date(2026, 5, 1), most, 0)])
    assert chart.lines[-1].value == top


def test_states_have_a_place_in_the_numbers() -> None:
    # A new state needs a thought about where the dashboard shows it.
    assert len(ContactState) == 4
