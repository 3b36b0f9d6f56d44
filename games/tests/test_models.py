"""What the database itself refuses, whoever writes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone

from games.counting import CountedPlay, NewPlay, count_play
from games.models import Game, Play
from testing.factories import PLAYED_AT, GameFactory, PlayFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "values",
    [
        {"email": "Cem@test.ru"},
        {"email": ""},
        {"email": "nonsense"},
        {"email": " cem@test.ru"},
        {"email": "cem@localhost"},
        {"email": "cem@@test.ru"},
        {"email": "ivan@пример.рф"},
        {"email": "c\u202eem@test.ru"},
        {"contact_state": "unknown"},
        {"play_count": 0},
        {"first_played_at": None},
        {"last_played_at": None},
        {"play_count": -1},
    ],
)
def test_impossible_game_is_refused(values: dict[str, Any]) -> None:
    game = GameFactory()
    with pytest.raises(IntegrityError):
        Game.objects.filter(pk=game.pk).update(**values)


def test_second_game_of_an_address_is_refused() -> None:
    GameFactory(email="cem@test.ru")
    with pytest.raises(IntegrityError):
        GameFactory(email="cem@test.ru")


@pytest.mark.parametrize(
    "values",
    [{"number": 0}, {"number": 1}, {"number": 2, "idempotency_key": "key"}],
)
def test_impossible_play_is_refused(values: dict[str, Any]) -> None:
    first = PlayFactory(number=1, idempotency_key="key")
    with pytest.raises(IntegrityError):
        PlayFactory(game=first.game, **values)


def test_plays_without_a_key_do_not_clash() -> None:
    first = PlayFactory()
    PlayFactory(game=first.game, number=2)
    assert Play.objects.filter(idempotency_key=None).count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("state", ["added", "pending"])
@pytest.mark.parametrize("key", [None, "other key"])
def test_count_that_lags_behind_its_plays_is_seen(state: str, key: str | None) -> None:
    """Rather than answered with some other play, as if the key had been refused."""
    game = GameFactory(email="cem@test.ru", play_count=1, contact_state=state)
    PlayFactory(game=game, number=2, idempotency_key="key")
    with pytest.raises(IntegrityError):
        count_play(NewPlay("cem@test.ru", key))
    assert Game.objects.get().play_count == 1


@pytest.mark.parametrize("state", ["added", "found", "rejected", "pending"])
def test_every_way_of_counting_leaves_the_same_rows(state: str) -> None:
    """PostgreSQL counts a settled address in one statement, all else goes through the ORM."""
    held = timezone.now() + timedelta(minutes=1)  # as if another process settled it now
    game = GameFactory(email="cem@test.ru", contact_state=state, contact_due_at=held)
    recorded = count_play(NewPlay("cem@test.ru", "key"))
    esp_status = {"added": True, "found": True, "rejected": False, "pending": None}[state]
    assert recorded == CountedPlay(2, esp_status)
    game.refresh_from_db()
    play = game.plays.get()
    assert game.play_count == play.number == 2
    assert game.first_played_at == PLAYED_AT < game.last_played_at == play.played_at
    assert (play.esp_status, play.idempotency_key) == (esp_status, "key")


@pytest.mark.parametrize("state", ["added", "pending"])
def test_plays_are_in_the_order_of_their_times_though_the_clock_is_set_back(state: str) -> None:
    before = timezone.now() + timedelta(hours=1)
    game = GameFactory(email="cem@test.ru", contact_state=state, last_played_at=before)
    count_play(NewPlay("cem@test.ru"))
    game.refresh_from_db()
    assert game.plays.get().played_at == game.last_played_at == before


def test_clean_normalises_the_address() -> None:
    game = Game(email=" Ivan@Пример.рф ")
    game.full_clean()
    assert game.email == "ivan@xn--e1afmkfd.xn--p1ai"
    with pytest.raises(ValidationError):
        Game(email="ivan").full_clean()


def test_names_hold_no_address() -> None:
    game = GameFactory(email="ivan@xn--e1afmkfd.xn--p1ai", last_played_at=PLAYED_AT)
    assert str(PlayFactory(game=game)) == f"Player {game.pk}, play 1"


def test_day_begins_once_where_clocks_go_back_at_midnight(settings: Any) -> None:
    settings.TIME_ZONE = "America/Havana"  # at 1:00 it is 0:00 again
    first, again = (datetime(2026, 11, 1, 5 - n, 10, tzinfo=UTC) for n in (1, 0))
    player = PlayFactory(played_at=first).game
    assert [player.plays_on(moment) for moment in (first, again)] == [1, 1]
