"""A contact that alone fails for days rests, and staff are told."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from prometheus_client import REGISTRY
from pytest_django import Settings

from api.changes import change_game, version
from esp.errors import ESPUnavailable
from games.contact_queue import claim_due, deliver_again, store
from games.contact_state import ContactState, Outcome
from games.contacts import settle
from games.counting import NewPlay
from games.models import Game
from games.services import record_play
from stats.backlog import Backlog
from testing.esp.klaviyo import FakeKlaviyo
from testing.esp.listmonk import FakeListmonk
from testing.esp.server import Reply
from testing.factories import GameFactory

pytestmark = pytest.mark.django_db
FAILED = Outcome(ContactState.PENDING, None, "Mailchimp answered 500")


def failing(days: float, attempts: int) -> Game:
    now = timezone.now()
    player: Game = GameFactory(
        contact_state="pending",
        contact_due_at=now - timedelta(minutes=1),
        contact_attempts=attempts,
        contact_failing_since=now - timedelta(days=days),
        contact_error="Mailchimp answered 500",
        first_played_at=now - timedelta(days=days),
    )
    return player


def fail_once_more() -> Game:
    [player] = claim_due(1)
    store(player, FAILED)
    player.refresh_from_db()
    return player


@pytest.mark.parametrize(
    ("days", "attempts", "others", "state"),
    [
        (4, 30, True, "rejected"),
        (4, 5, True, "pending"),  # too few attempts
        (1, 30, True, "pending"),  # too few days
        (4, 30, False, "pending"),  # nobody else got through
    ],
)
def test_it_is_given_up_after_attempts_over_days_while_others_get_through(
    days: float, attempts: int, others: bool, state: str
) -> None:
    counted = REGISTRY.get_sample_value("esp_mail_given_up_total") or 0
    failing(days, attempts)
    if others:
        GameFactory(contact_state="added", first_played_at=timezone.now())
    player = fail_once_more()
    assert (player.contact_state, player.contact_error) == (state, "Mailchimp answered 500")
    counted += state == "rejected"
    assert REGISTRY.get_sample_value("esp_mail_given_up_total") == counted


def test_limits_are_settings(settings: Settings) -> None:
    settings.ESP_GIVE_UP_ATTEMPTS, settings.ESP_GIVE_UP_DAYS = 2, 0.01
    failing(1, 1)
    GameFactory(contact_state="found", first_played_at=timezone.now())
    assert fail_once_more().contact_state == "rejected"


def test_tried_again_it_begins_anew() -> None:
    failing(4, 30)
    Game.objects.update(contact_state="rejected")
    deliver_again(Game.objects.all())
    player = fail_once_more()
    assert (player.contact_attempts, player.contact_state) == (1, "pending")
    assert player.contact_failing_since is not None
    assert player.contact_failing_since > timezone.now() - timedelta(minutes=1)


def test_one_that_fails_alone_makes_nobody_late() -> None:
    failing(2, 10)
    backlog = Backlog.read()
    assert (backlog.pending, backlog.failing_alone, backlog.late) == (1, 0, True)
    GameFactory(contact_state="added", first_played_at=timezone.now())
    backlog = Backlog.read()
    assert (backlog.pending, backlog.failing_alone, backlog.late) == (1, 1, False)
    waiting = GameFactory(
        contact_state="pending", first_played_at=timezone.now() - timedelta(hours=2)
    )
    assert Backlog.read().oldest == waiting.first_played_at


def use(settings: Settings, esp: Any) -> None:
    settings.ESP_BACKEND = f"{esp.backend.__module__}.{esp.backend.__qualname__}"
    settings.ESP_OPTIONS = esp.options()
    settings.ESP_RATE = 10_000


def settle_new(esp: Any, settings: Settings) -> Game:
    """Settle a contact whose first attempt fails half-way; return the player."""
    use(settings, esp)
    GameFactory(email="cem@test.ru", contact_state="pending", contact_due_at=timezone.now())
    [player] = claim_due(1)
    outcome = settle(player.email, seconds=5)
    assert outcome.state == "pending"
    store(player, outcome)
    player.refresh_from_db()
    return player


def test_klaviyo_lists_a_profile_that_an_earlier_attempt_made(settings: Settings) -> None:
    esp = FakeKlaviyo()
    with esp.running():
        esp.list_replies = [Reply(500)]
        player = settle_new(esp, settings)
        assert (player.contact_was_absent, esp.on_list) == (True, [])
        outcome = settle(player.email, seconds=5, was_absent=player.contact_was_absent)
    assert outcome.state == "added"
    assert esp.on_list == ["id of cem@test.ru"]


def test_listmonk_lists_a_subscriber_that_was_made_on_no_list(settings: Settings) -> None:
    esp = FakeListmonk()
    with esp.running():
        esp.lists = []
        player = settle_new(esp, settings)
        assert "did not put it on the list" in player.contact_error
        esp.off_the_list, esp.lists = {player.email}, [{"id": 7}]
        outcome = settle(player.email, seconds=5, was_absent=player.contact_was_absent)
    assert outcome.state == "added"
    assert esp.off_the_list == set()


def test_a_known_contact_is_not_put_on_the_list(settings: Settings) -> None:
    esp = FakeKlaviyo()
    esp.hold("cem@test.ru")
    with esp.running():
        use(settings, esp)
        assert settle("cem@test.ru", seconds=5).state == "found"
        esp.hold("eva@test.ru")
        esp.backend(**esp.options()).add_contact("eva@test.ru")
    assert esp.on_list == []


def test_an_outcome_without_an_answer_keeps_the_contact_pending() -> None:
    error = ESPUnavailable("down", retry_after=5)
    assert (error.answered, error.half_done, error.retry_after) == (False, False, 5)


def test_a_success_of_days_ago_does_not_show_that_the_esp_works() -> None:
    failing(4, 30)
    GameFactory(contact_state="added", first_played_at=timezone.now() - timedelta(days=2))
    assert fail_once_more().contact_state == "pending"


def test_a_call_that_was_not_made_keeps_the_error_and_gives_nobody_up() -> None:
    failing(4, 30)
    GameFactory(contact_state="added", first_played_at=timezone.now())
    [player] = claim_due(1)
    store(player, Outcome(ContactState.PENDING, None, asked=False))
    player.refresh_from_db()
    assert (player.contact_state, player.contact_error) == ("pending", "Mailchimp answered 500")
    assert player.contact_attempts == 30


def test_a_contact_that_another_process_claimed_is_not_given_up() -> None:
    failing(4, 30)
    GameFactory(contact_state="added", first_played_at=timezone.now())
    [player] = claim_due(1)
    Game.objects.filter(pk=player.pk).update(contact_due_at=timezone.now() + timedelta(hours=1))
    store(player, FAILED)
    player.refresh_from_db()
    assert player.contact_state == "pending"


def test_a_contact_that_gets_through_at_last_does_not_fail_any_more() -> None:
    failing(2, 10)
    [player] = claim_due(1)
    store(player, Outcome(ContactState.REJECTED, esp_status=False, error="invalid"))
    player.refresh_from_db()
    assert player.contact_failing_since is None


def test_a_play_finishes_what_an_earlier_attempt_began(settings: Settings) -> None:
    esp = FakeKlaviyo()
    with esp.running():
        esp.list_replies = [Reply(500)]
        player = settle_new(esp, settings)
        Game.objects.filter(pk=player.pk).update(contact_due_at=timezone.now())
        record_play(NewPlay(player.email))
    assert esp.on_list == ["id of cem@test.ru"]


def test_a_new_address_of_a_player_begins_anew() -> None:
    player = failing(2, 10)
    Game.objects.update(contact_was_absent=True)
    player.refresh_from_db()
    change_game(player.pk, if_match=version(player), email="new@test.ru")
    player.refresh_from_db()
    assert (player.contact_failing_since, player.contact_was_absent) == (None, False)
