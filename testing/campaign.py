"""What the tests of the console have in common."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from games.models import Game, Play

GAMES = "/admin/games/game/"
PLAYS = "/admin/games/play/"
NewGame = Callable[..., Game]


def make_game(email: str, *times: datetime, state: str = "added", **values: Any) -> Game:
    """Make a game with its plays, at the given times."""
    times = tuple(sorted(times))
    game = Game.objects.create(
        email=email,
        play_count=len(times),
        first_played_at=times[0] if times else None,
        last_played_at=times[-1] if times else None,
        contact_state=state,
        **values,
    )
    Play.objects.bulk_create(
        Play(game=game, number=number, played_at=at, esp_status=number > 1)
        for number, at in enumerate(times, start=1)
    )
    return game


def content(response: Any) -> bytes:
    """Return the body of a streamed response."""
    return b"".join(response.streaming_content)
