"""When the campaign runs, and how often an address may play on one day."""

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pytest_django import Settings

from games import counting
from games.models import Play

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _moscow(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Moscow"


def set_clock(moment: datetime) -> Any:
    return patch.object(timezone, "now", lambda: moment)


def test_play_before_the_beginning_is_refused(play: Any, settings: Settings) -> None:
    settings.PLAYS_FROM = NOON
    with set_clock(NOON - timedelta(seconds=1)):
        answer = play("cem@test.ru")
    assert answer.status_code == 403
    assert answer.json()["code"] == "not_running"
    assert answer.json()["detail"].startswith("The game begins on")
    assert not Play.objects.exists()
    with set_clock(NOON):
        assert play("cem@test.ru").status_code == 200


def test_play_after_the_end_is_refused_in_russian(play: Any, settings: Settings) -> None:
    settings.PLAYS_UNTIL = NOON
    with set_clock(NOON - timedelta(seconds=1)):
        assert play("cem@test.ru", key="one").json()["games_count"] == 1
    with set_clock(NOON):
        answer = play("ann@test.ru", **{"Accept-Language": "ru"})
        assert answer.status_code == 403
        assert answer.json()["detail"].startswith("Игра закончилась")
        # A repeated request is answered as the first was.
        assert play("cem@test.ru", key="one").json()["games_count"] == 1
    assert Play.objects.count() == 1


def test_address_plays_once_on_a_day_of_the_sites_clock(play: Any, settings: Settings) -> None:
    settings.PLAYS_PER_DAY = 1
    late = datetime(2026, 11, 26, 23, 59, 50, tzinfo=ZoneInfo("Europe/Moscow"))
    with set_clock(late):
        assert play("cem@test.ru", key="one").status_code == 200
        answer = play("cem@test.ru", key="two")
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
        assert play("cem@test.ru", key="one").json()["games_count"] == 1
        assert play("ann@test.ru").status_code == 200
    with set_clock(late + timedelta(seconds=10)):
        assert play("cem@test.ru", key="two").json()["games_count"] == 2


def test_day_of_the_clock_change_has_25_hours(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    with set_clock(datetime(2026, 10, 24, 22, tzinfo=UTC)):
        assert counting.seconds_to_midnight() == 25 * 3600
