"""Whether the counts are those of the plays; what to do where they are not."""

from collections.abc import Iterator
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count, F, Max, Min, Q
from django.db.models.functions import Coalesce

from games.kept_days import PlayHour
from games.models import Game


class Mismatch(NamedTuple):
    """A game whose count and plays differ. Without its address: this is printed and logged."""

    game_id: int
    play_count: int
    plays: int
    highest_number: int


def find_mismatches() -> Iterator[Mismatch]:
    """Yield the games whose plays are not numbered 1 to `play_count`, in one pass of the database.

    One statement, so that it may run while people play.
    """
    # Numbers are unique and begin with 1: if the highest is the number of rows, none is missing.
    counted = Game.objects.order_by().annotate(
        plays_found=Count("plays"), highest=Coalesce(Max("plays__number"), 0)
    )
    wrong = counted.exclude(Q(plays_found=F("play_count")) & Q(highest=F("play_count")))
    rows = wrong.values_list("pk", "play_count", "plays_found", "highest")
    yield from (Mismatch(*row) for row in rows.iterator())


def repair(game_id: int) -> None:
    """Make the count that of the plays, which are the truth, and their numbers without a gap.

    A gap must close: the next play would take a number that exists.
    """
    with transaction.atomic():
        PlayHour.objects.forget()
        game = Game.objects.select_for_update().filter(pk=game_id).first()
        if game is None:  # deleted meanwhile
            return
        plays = game.plays.order_by("number")
        for number, (pk, old) in enumerate(plays.values_list("pk", "number"), start=1):
            if number != old:  # always lower, and free: upwards, no two ever meet
                game.plays.filter(pk=pk).update(number=number)
        times = plays.aggregate(n=Count("pk"), first=Min("played_at"), last=Max("played_at"))
        game.play_count = times["n"]
        game.first_played_at, game.last_played_at = times["first"], times["last"]
        game.save(update_fields=["play_count", "first_played_at", "last_played_at"])
