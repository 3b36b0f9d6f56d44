"""The check of counts against plays, its repair, and the made-up campaign."""

import math
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.test import override_settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from games.counting import NewPlay
from games.models import Game, Play
from games.services import record_play
from stats.counts import repair
from stats.models import HourlyTotal
from stats.totals import close_days
from testing.campaign import make_game

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def check(**options: Any) -> str:
    out = StringIO()
    call_command("check_counts", stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def games(db: None) -> list[Game]:
    return [
        make_game(f"player{n}@test.ru", *[NOON + timedelta(days=d) for d in range(n)])
        for n in range(5)
    ]


def test_right_counts_are_said_to_be(games: list[Game]) -> None:
    assert check() == "All counts are right.\n"


@pytest.mark.parametrize(
    ("numbers", "count", "said"),
    [
        ([1, 2, 3, 4], 5, "counted 5, plays 4, highest number 4"),
        ([1, 2, 3, 4], 3, "counted 3, plays 4, highest number 4"),
        ([1, 2, 4], 4, "counted 4, plays 3, highest number 4"),
        ([1, 2, 4], 3, "counted 3, plays 3, highest number 4"),
        ([], 4, "counted 4, plays 0, highest number 0"),
    ],
)
def test_wrong_count_is_named_and_fixed(
    games: list[Game], numbers: list[int], count: int, said: str
) -> None:
    wrong = games[4]
    wrong.plays.exclude(number__in=numbers).delete()
    Game.objects.filter(pk=wrong.pk).update(play_count=count)
    out = StringIO()
    with pytest.raises(CommandError, match="1 counts are wrong"):
        call_command("check_counts", stdout=out)
    assert out.getvalue() == f"game {wrong.pk}: {said}\n"
    assert "1 counts fixed." in check(fix=True)
    assert check() == "All counts are right.\n"
    times = [NOON + timedelta(days=n - 1) for n in numbers]
    assert list(wrong.plays.order_by("number").values_list("number", "played_at")) == [
        *enumerate(times, start=1)
    ]
    assert record_play(NewPlay(wrong.email)).games_count == len(numbers) + 1


def test_fix_corrects_the_totals(games: list[Game]) -> None:
    game = games[2]
    close_days()
    game.plays.filter(number=1).update(played_at=NOON - timedelta(days=3))
    before = HourlyTotal.objects.aggregate(plays=Sum("plays"), new=Sum("new_players"))
    game.plays.filter(number=1).delete()
    check(fix=True)
    after = HourlyTotal.objects.aggregate(plays=Sum("plays"), new=Sum("new_players"))
    assert (before, after) == ({"plays": 10, "new": 4}, {"plays": 10, "new": 5})


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_check_goes_by_ranges_and_shows_its_progress(
    games: list[Game],
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("stats.counts.PLAYERS_AT_ONCE", games[1].pk)  # two ranges, if it is not 1
    newest = games[4].pk
    wrong = [games[1].pk, games[2].pk, newest]  # the last of a range, the first of the next
    Game.objects.filter(pk__in=wrong).update(play_count=9)
    out, terminal = StringIO(), Terminal()
    with (
        pytest.raises(CommandError, match="3 counts are wrong"),
        django_assert_num_queries(1 + math.ceil(newest / games[1].pk)),
    ):
        call_command("check_counts", stdout=out, stderr=terminal)
    assert [int(line.split()[1][:-1]) for line in out.getvalue().splitlines()] == wrong
    assert terminal.getvalue().splitlines()[-1] == f"checked up to player {newest} of {newest}"


def test_progress_is_only_for_a_terminal(games: list[Game]) -> None:
    log = StringIO()
    call_command("check_counts", stdout=StringIO(), stderr=log)
    assert log.getvalue() == ""


@pytest.mark.django_db
def test_demo_is_a_campaign_with_right_counts() -> None:
    with override_settings(DEBUG=True):
        call_command("seed_demo", players=300, days=20, stdout=StringIO())
    assert Game.objects.count() == 300
    check()
    counts = sorted(Game.objects.values_list("play_count", flat=True))
    assert counts[150] <= 2  # most play once or twice
    assert counts[-1] >= 10  # and a few all the time
    first, last = (Play.objects.order_by(order).first() for order in ("played_at", "-played_at"))
    assert first is not None
    assert last is not None
    assert timedelta() < timezone.now() - last.played_at < timedelta(days=2)
    assert timedelta(days=18) < timezone.now() - first.played_at <= timedelta(days=20)
    launch = Play.objects.filter(played_at__lt=first.played_at + timedelta(days=5)).count()
    end = Play.objects.filter(played_at__gt=timezone.now() - timedelta(days=5)).count()
    assert launch > 2 * end


@pytest.mark.django_db
def test_demo_can_grow() -> None:
    for _ in range(2):
        call_command("seed_demo", players=10, days=3, force=True, stdout=StringIO())
    assert Game.objects.count() == 20


@pytest.mark.parametrize(
    ("settings", "options", "text"),
    [
        ({}, {}, "Only with DEBUG and the mock ESP"),
        ({"DEBUG": True, "ESP_BACKEND": "a.real.ESP"}, {}, "Only with DEBUG and the mock ESP"),
        ({"DEBUG": True}, {"players": 0}, "positive numbers"),
        ({"DEBUG": True}, {"days": 0}, "positive numbers"),
    ],
)
def test_demo_refuses(settings: dict[str, Any], options: dict[str, Any], text: str) -> None:
    with override_settings(**settings), pytest.raises(CommandError, match=text):
        call_command("seed_demo", **options)


def test_game_that_was_deleted_meanwhile_is_passed_over(db: None) -> None:
    repair(0)
    assert not Game.objects.exists()
