"""Taking an import back: each player becomes what it was, unless it has changed since."""

from django.db.models import F, Q

from games.models import Game, Play
from importing.known_addresses import store_counts
from importing.models import ImportedRow
from serving.keyed_hash import keyed_hash
from stats.totals import correcting

BATCH = 500


def take_back(rows: list[ImportedRow]) -> int:
    """Take back these rows of an import; return how many. The caller opens a transaction.

    A row stays if its player has played or was changed since. What the ESP was given stays there.
    """
    players = [row.game_id for row in rows]
    with correcting(Q(pk__in=players)):
        # In the order of imports, so that neither waits for the other in a ring.
        locked = Game.objects.select_for_update().filter(pk__in=players).order_by("email")
        games = {game.pk: game for game in locked}
        as_left = [
            row for row in rows if row.game_id in games and _is_as_left(row, games[row.game_id])
        ]
        # Those that the import made go with their plays, and the row of the import with them.
        made = [row.game_id for row in as_left if row.created]
        Game.objects.filter(pk__in=made).delete()
        raised = [row for row in as_left if not row.created]
        Play.objects.filter(
            game__imported_rows__in=raised, number__gt=F("game__imported_rows__plays_before")
        ).delete()
        for row in raised:
            _restore(games[row.game_id], row)
        store_counts([games[row.game_id] for row in raised])
        ImportedRow.objects.filter(pk__in=[row.pk for row in raised]).delete()
    return len(as_left)


def _is_as_left(row: ImportedRow, game: Game) -> bool:
    now = (game.play_count, game.last_played_at, keyed_hash(game.email))
    return now == (row.plays_after, row.last_after, row.address_hash)


def _restore(game: Game, row: ImportedRow) -> None:
    game.play_count, game.last_played_at = row.plays_before, row.last_before
    if not row.plays_before:  # else the import has left the first play alone
        game.first_played_at = None
