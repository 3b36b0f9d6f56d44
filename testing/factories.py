from datetime import UTC, datetime

import factory

from games.contact_state import ContactState
from games.models import Game, Play

PLAYED_AT = datetime(2026, 5, 1, 12, tzinfo=UTC)


class GameFactory(factory.django.DjangoModelFactory[Game]):
    """A settled game that was played once, without its play."""

    class Meta:
        model = Game

    email = factory.Sequence(lambda n: f"player{n}@test.ru")
    play_count = 1
    first_played_at = PLAYED_AT
    last_played_at = PLAYED_AT
    contact_state = ContactState.ADDED


class PlayFactory(factory.django.DjangoModelFactory[Play]):
    class Meta:
        model = Play

    game = factory.SubFactory(GameFactory)
    number = 1
    played_at = PLAYED_AT
    esp_status = False
