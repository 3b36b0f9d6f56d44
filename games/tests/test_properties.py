"""Whatever the order of plays, repeats and outages: no play and no contact is lost or doubled."""

from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from esp.models import MockContact
from games.contact_state import ContactState
from games.counting import NewPlay
from games.delivery import ContactsJob, Delivery
from games.models import Game, Play
from games.services import PlayResult, record_play

EMAILS = ["cem@test.ru", "ann@test.ru", "bob@refused.ru"]

steps = st.lists(
    st.one_of(
        st.tuples(st.just("play"), st.sampled_from(EMAILS)),
        st.tuples(st.just("repeat"), st.integers(0, 30)),
        st.tuples(st.just("outage"), st.booleans()),
        st.tuples(st.just("deliver"), st.booleans()),
    ),
    max_size=30,
)


class Campaign:
    """Carries out steps and remembers each answer with its key."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, PlayResult]] = []
        self.failing = False

    def step(self, name: str, value: Any) -> None:
        getattr(self, name)(value)

    def play(self, email: str) -> None:
        with self._esp():
            result = record_play(NewPlay(email, f"key {len(self.answers)}"))
        self.answers.append((email, result))

    def _esp(self) -> override_settings:
        return override_settings(ESP_OPTIONS={"failing": self.failing, "rejecting": ["refused.ru"]})

    def repeat(self, number: int) -> None:
        if number < len(self.answers):
            email, result = self.answers[number]
            assert record_play(NewPlay(email, f"key {number}")) == result

    def outage(self, failing: bool) -> None:
        self.failing = failing

    def deliver(self, after_the_wait: bool) -> None:
        if after_the_wait:
            Game.objects.update(contact_due_at=timezone.now())
        with self._esp():
            Delivery([ContactsJob()]).run_once()


@pytest.mark.django_db
@settings(deadline=None)
@given(steps)
def test_any_sequence_of_plays_repeats_and_outages(sequence: list[tuple[str, Any]]) -> None:
    for model in (Play, Game, MockContact):
        model.objects.all().delete()
    campaign = Campaign()
    for name, value in sequence:
        campaign.step(name, value)
    campaign.outage(False)
    campaign.deliver(True)

    for email in EMAILS:
        answers = [result for played, result in campaign.answers if played == email]
        game = Game.objects.filter(email=email).first()
        numbers = [*range(1, len(answers) + 1)]
        assert [result.games_count for result in answers] == numbers
        assert [result.games_status for result in answers] == [number > 1 for number in numbers]
        if game is None:
            assert not answers
            continue
        assert game.play_count == len(answers)
        assert sorted(game.plays.values_list("number", flat=True)) == numbers
        added = list(MockContact.objects.filter(email=email).values_list("times_added", flat=True))
        assert (game.contact_state, added) == (
            (ContactState.REJECTED, []) if email == "bob@refused.ru" else (ContactState.ADDED, [1])
        )
