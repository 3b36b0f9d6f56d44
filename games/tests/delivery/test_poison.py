"""No contact can stop the others, whatever the ESP answers for it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from esp.client import get_client
from games.contact_state import ContactState
from games.delivery import ContactsJob, Delivery
from games.delivery_pause import DeliveryPause
from games.models import Game
from testing.esp.brevo import FakeBrevo
from testing.esp.mailchimp import FakeMailchimp
from testing.esp.sendgrid import FakeSendGrid
from testing.esp.server import FakeESP, Reply
from testing.factories import GameFactory

HTML = b"<h1>Blocked by the firewall</h1>"
KINDS: list[Reply | str] = [
    *(Reply(status, HTML) for status in (302, 400, 401, 402, 403, 404, 405, 409, 410, 418, 451)),
    *(Reply(status, {"code": "odd", "message": "odd"}) for status in (400, 403, 422, 500, 503)),
    Reply(429, {}, {"Retry-After": "0"}),
    Reply(200),
    Reply(200, {"status": "maintenance"}),
    Reply(200, [1]),
    "hang-up",
    "truncated",
    "nonsense",
]


@pytest.fixture(scope="module", params=[FakeBrevo, FakeMailchimp, FakeSendGrid])
def esp(request: pytest.FixtureRequest) -> Iterator[FakeESP]:
    esp: FakeESP = request.param()
    with esp.running():
        yield esp


def deliver(esp: FakeESP, poison: dict[int, Reply | str], contacts: int) -> list[str]:
    """Let one round deliver contacts, some of them poisonous; return the state of each."""
    Game.objects.all().delete()
    players = [GameFactory(contact_state="pending") for _ in range(contacts)]
    now = timezone.now()
    for number, player in enumerate(players):
        Game.objects.filter(pk=player.pk).update(
            contact_due_at=now - timedelta(seconds=contacts - number)
        )
    esp.poison = {players[number].email: how for number, how in poison.items()}
    backend = f"{esp.backend.__module__}.{esp.backend.__qualname__}"
    options = esp.options() | {"timeout": 2}
    with override_settings(ESP_BACKEND=backend, ESP_OPTIONS=options, ESP_RATE=10_000):
        Delivery([ContactsJob()]).run_once()
        assert get_client().breaker.state == "closed"
    assert not DeliveryPause.objects.exists()
    return [Game.objects.get(pk=player.pk).contact_state for player in players]


@pytest.mark.django_db
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(poison=st.dictionaries(st.integers(0, 23), st.sampled_from(KINDS), max_size=6))
def test_every_other_contact_is_delivered_in_the_same_round(
    esp: FakeESP, poison: dict[int, Any]
) -> None:
    states = deliver(esp, poison, contacts=24)
    assert {number for number, state in enumerate(states) if state == "pending"} == set(poison)
    assert all(state == "added" for number, state in enumerate(states) if number not in poison)


@pytest.mark.django_db
@pytest.mark.parametrize("position", range(20))
def test_a_poisonous_contact_at_any_position_is_the_only_one_left(
    esp: FakeESP, position: int
) -> None:
    states = deliver(esp, {position: Reply(403, HTML)}, contacts=20)
    assert [number for number, state in enumerate(states) if state == "pending"] == [position]
    left = Game.objects.get(contact_state=ContactState.PENDING)
    assert left.contact_attempts == 1
    assert left.contact_due_at > timezone.now() + timedelta(seconds=25)
    assert "answered 403" in left.contact_error


@pytest.mark.django_db(transaction=True)
def test_the_same_with_several_threads(esp: FakeESP, settings: Any) -> None:
    settings.ESP_DELIVERY_THREADS = 8
    states = deliver(esp, {0: "slow", 7: Reply(403, HTML), 8: Reply(500)}, contacts=14)
    assert [number for number, state in enumerate(states) if state == "pending"] == [0, 7, 8]
