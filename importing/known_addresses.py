"""Taking over the addresses of a campaign that began elsewhere."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from games.models import Game, Play
from importing.models import ImportedRow
from importing.people import EXAMPLES, ImportReport, KnownAddress, Reading, read_people
from privacy.models import Erasure
from serving.keyed_hash import keyed_hash
from stats.totals import correcting

BATCH = 500  # addresses
BATCH_PLAYS = 5_000  # after the address with which a batch has as many, it ends
# Called with the players that a batch made or changed, and how many addresses are done.
Committing = Callable[[list[ImportedRow], int, ImportReport], None]


def import_known_addresses(
    rows: Iterable[dict[str, Any]],
    *,
    dry_run: bool,
    reading: Reading | None = None,
    start: int = 0,
    committing: Committing = lambda _changed, _number, _report: None,
) -> ImportReport:
    """Take over addresses with their plays; rows with errors are left out, and reported.

    So are those of people who were erased, also where they have played again since: what the file
    knows of them is from before.

    A count becomes the greater of ours and the file's, never less, so that the same file changes
    nothing the second time. A play that only the file knows becomes a row as any other, dated as
    the file says, its answer unknown; what has played here already keeps its first play.

    Each batch is a transaction of its own, in which `committing` is called. To go on after a crash,
    give the same rows and `reading.now`, and as `start` the number of addresses that are done. A
    dry run locks and writes nothing.
    """
    reading = reading or Reading(timezone.now())
    report = ImportReport()
    packed = read_people(rows, report, reading)
    report.sample = [KnownAddress.unpack(*item) for item in islice(packed.items(), EXAMPLES)]
    people = (KnownAddress.unpack(*item) for item in islice(packed.items(), start, None))
    for batch in _batches(people):
        start += len(batch)
        if dry_run:
            _count(batch, _counts(batch), report)
        else:
            with transaction.atomic():
                committing(_write(batch, report), start, report)
    return report


def _batches(people: Iterable[KnownAddress]) -> Iterator[dict[str, KnownAddress]]:
    batch: dict[str, KnownAddress] = {}
    plays = 0
    for known in people:
        batch[known.email] = known
        plays += known.plays
        if len(batch) >= BATCH or plays >= BATCH_PLAYS:
            yield batch
            batch, plays = {}, 0
    if batch:
        yield batch


def _counts(rows: dict[str, KnownAddress]) -> dict[str, int]:
    return dict(Game.objects.filter(email__in=rows).values_list("email", "play_count"))


def _count(rows: dict[str, KnownAddress], counts: dict[str, int], report: ImportReport) -> None:
    """Add to the report what the rows change for players with these counts."""
    for email, row in rows.items():
        missing = max(0, row.plays - counts.get(email, 0))
        report.plays += missing
        if email not in counts:
            report.new += 1
        elif missing:
            report.raised += 1
        else:
            report.unchanged += 1


def _write(rows: dict[str, KnownAddress], report: ImportReport) -> list[ImportedRow]:
    """Write a batch; return the players that it made or changed. The caller opens a transaction."""
    counts = _counts(rows)
    if all(row.plays <= counts.get(email, -1) for email, row in rows.items()):
        _count(rows, counts, report)
        return []
    with correcting(Q(email__in=list(rows))):
        # Erasing takes the same lock: nobody comes back who is erased while a file is read.
        erased = Erasure.objects.erased_among(rows)
        rows = {email: row for email, row in rows.items() if email not in erased}
        before = _counts(rows)
        new = [Game(email=email) for email in sorted(rows) if email not in before]
        Game.objects.bulk_create(new, ignore_conflicts=True)
        # In one order, so that two imports at once do not wait for each other in a ring.
        locked = list(Game.objects.select_for_update().filter(email__in=rows).order_by("email"))
        # A player who has played meanwhile was not made here.
        made = {game.email for game in locked if not (game.email in before or game.play_count)}
        counts = {game.email: game.play_count for game in locked if game.email not in made}
        _count(rows, counts, report)
        changed = []
        plays: list[Play] = []
        for game in locked:
            row = rows[game.email]
            if game.email in made or game.play_count < row.plays:
                change = ImportedRow(game=game, created=game.email in made)
                change.plays_before, change.last_before = game.play_count, game.last_played_at
                plays += _add_plays(game, row)
                change.plays_after, change.last_after = game.play_count, game.last_played_at
                change.address_hash = keyed_hash(game.email)
                changed.append(change)
        Play.objects.bulk_create(plays, batch_size=BATCH_PLAYS)
        store_counts([change.game for change in changed])
    return changed


def _add_plays(game: Game, row: KnownAddress) -> Iterator[Play]:
    """Yield the plays that the game lacks, and count them. The caller holds its lock."""
    while game.play_count < row.plays:
        at = row.last_play if game.play_count else row.first_play
        game.count_play(at)
        yield Play(game=game, number=game.play_count, played_at=at, esp_status=None)


def store_counts(games: list[Game]) -> None:
    """Store counts and times of players that are locked.

    An upsert of rows that all exist: bulk_update() takes three times as long.
    """
    Game.objects.bulk_create(
        games,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["play_count", "first_played_at", "last_played_at"],
    )
