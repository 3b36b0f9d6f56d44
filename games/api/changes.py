"""Changes to games by hand. The caller has checked the rights."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from games.api.exceptions import AddressErased, AddressTaken
from games.contact_state import ContactState
from games.erasures import Erasure
from games.forgetting import forget
from games.kept_days import PlayHour
from games.models import Game, Play

# The database decides between two at once, and says who was first. Not by the unique constraint's
# error, which PostgreSQL logs with the address.
INSERT = """
INSERT INTO games_game
    (email, play_count, contact_state, contact_attempts, contact_due_at, contact_error)
VALUES (%s, 0, 'pending', 0, %s, '')
ON CONFLICT (email) DO NOTHING RETURNING id
"""


def create_game(email: str) -> Game:
    """Make the game of a normalised address, not played yet; raise AddressTaken, AddressErased."""
    return Game.objects.get(pk=_insert(email))


def change_game(
    pk: int, *, check: Callable[[Game], None], email: str | None, play_count: int | None
) -> Game:
    """Change the address, the count or both, at once or not at all; raise Game.DoesNotExist.

    `check` sees the row as it is, locked, and may raise. A new address is another contact, which
    the ESP has yet to be asked for. The count stays that of the plays: raised, it gets plays of
    now, their answer unknown, as an import gives them; lowered, it loses the last ones.
    """
    with transaction.atomic():
        # First, since its lock may be waited for, and no play must wait for a game's meanwhile.
        PlayHour.objects.forget()
        game = Game.objects.select_for_update().get(pk=pk)
        check(game)
        if email is not None and email != game.email:
            _rename(game, email)
        if play_count is not None:
            _count(game, play_count, timezone.now())
        game.save()
    return game


def erase_game(pk: int, *, by: Any, check: Callable[[Game], None]) -> Game:
    """Forget the person whose game it is; `check` as above. Return what there was."""
    with transaction.atomic():
        PlayHour.objects.forget()
        game = Game.objects.select_for_update().get(pk=pk)
        check(game)
        forget(game.email, reason="API", by=by)
    return game


def _insert(email: str) -> int:
    if Erasure.objects.of(email).exists():
        raise AddressErased
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [email, now])
        if row := cursor.fetchone():
            return int(row[0])
    raise AddressTaken(Game.objects.values_list("pk", flat=True).get(email=email))


def _rename(game: Game, email: str) -> None:
    Game.objects.filter(pk=_insert(email)).delete()  # ours alone until the transaction ends
    game.email = email
    game.contact_state, game.contact_error = ContactState.PENDING, ""
    game.contact_attempts, game.contact_due_at = 0, timezone.now()


def _count(game: Game, play_count: int, now: datetime) -> None:
    game.plays.filter(number__gt=play_count).delete()
    numbers = range(game.play_count + 1, play_count + 1)
    Play.objects.bulk_create(Play(game=game, number=n, played_at=now) for n in numbers)
    if numbers:
        game.first_played_at = game.first_played_at or now
        game.last_played_at = now
    elif play_count < game.play_count:
        game.last_played_at = game.plays.aggregate(last=Max("played_at"))["last"]
        game.first_played_at = game.first_played_at if play_count else None
    game.play_count = play_count
