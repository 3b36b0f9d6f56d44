"""Finds players whose count differs from their plays, and corrects the count."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import Count, F, FilteredRelation, Max, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from games.models import Game
from stats.totals import correcting

PLAYERS_AT_ONCE = 100_000


def find_mismatches(
    progress: Callable[[int, int], Any] = lambda _done, _all: None,
) -> Iterator[Any]:
    """Yield the players whose plays are not numbered 1 to `play_count`, without the address.

    One statement for each range of ids, so that it may run while people play. After each,
    `progress` is called with the last id that was checked, and with the last of all.
    """
    newest = Game.objects.aggregate(pk=Max("pk"))["pk"] or 0
    for start in range(1, newest + 1, PLAYERS_AT_ONCE):
        end = min(start + PLAYERS_AT_ONCE - 1, newest)
        yield from _mismatches(start, end)
        progress(end, newest)


def _mismatches(first: int, last: int) -> QuerySet[Game, Any]:
    # The range is named for the plays too: PostgreSQL does not infer it.
    same_range = Q(plays__game__gte=first, plays__game__lte=last)
    # Numbers are unique and begin with 1: if the highest is the number of rows, none is missing.
    counted = (
        Game.objects.order_by()
        .filter(pk__range=(first, last))
        .annotate(
            numbered=FilteredRelation("plays", condition=same_range),
            plays_found=Count("numbered__number"),
            highest=Coalesce(Max("numbered__number"), 0),
        )
    )
    wrong = counted.exclude(plays_found=F("play_count"), highest=F("play_count"))
    return wrong.values_list("pk", "play_count", "plays_found", "highest", named=True)


def repair(game_id: int) -> None:
    """Set the count to the number of plays, and number the plays without a gap.

    If a gap stayed, the next play would take a number that exists.
    """
    with transaction.atomic(), correcting(Q(pk=game_id)):
        game = Game.objects.select_for_update().filter(pk=game_id).first()
        if game is None:  # deleted meanwhile
            return
        plays = game.plays.order_by("number")
        for number, (pk, old) in enumerate(plays.values_list("pk", "number"), start=1):
            if number != old:  # the new number is lower, and free since the plays are in order
                game.plays.filter(pk=pk).update(number=number)
        set_counts(game)
        game.save(update_fields=["play_count", "first_played_at", "last_played_at"])


def set_counts(game: Game) -> None:
    """Set the number of plays and their times to those of the plays; do not save them."""
    plays = game.plays.aggregate(n=Count("pk"), first=Min("played_at"), last=Max("played_at"))
    game.play_count = plays["n"]
    game.first_played_at, game.last_played_at = plays["first"], plays["last"]
