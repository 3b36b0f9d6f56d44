"""Taking over the addresses of a campaign that began elsewhere."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from esp.addresses import normalise_address
from esp_mail.keyed_hash import keyed_hash
from games.erasures import Erasure
from games.kept_days import PlayHour
from games.models import Game, Play

BATCH = 1_000
COUNT = re.compile(r"([0-9]{1,5})(\.0+)?")  # a spreadsheet's numbers may come as 3.0
EARLIEST = 1990  # year
MOST_PLAYS = 10_000  # of one address; more is a slip


class KnownAddress(NamedTuple):
    """One row of the file, understood."""

    email: str
    plays: int
    first_play: datetime
    last_play: datetime


@dataclass
class ImportReport:
    """What an import did, or would do."""

    new: int = 0
    raised: int = 0  # counts that grew
    unchanged: int = 0
    plays: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)  # row of the file, what is wrong

    @property
    def changes(self) -> bool:
        return bool(self.new or self.raised)


def import_known_addresses(rows: Iterable[dict[str, Any]], *, dry_run: bool) -> ImportReport:
    """Take over addresses with their plays; rows with errors are left out, and reported.

    So are those of people who were erased, also where they have played again since: what the file
    knows of them is from before.

    A count becomes the greater of ours and the file's, never less, so that the same file changes
    nothing the second time. A play that only the file knows becomes a row as any other, dated as
    the file says, its answer unknown; what has played here already keeps its first play. Each
    batch is a transaction of its own: if the process dies, import the file again. A dry run locks
    and writes nothing.
    """
    report = ImportReport()
    merged: dict[str, KnownAddress] = {}
    for row in _understood(rows, report, timezone.now()):
        merged[row.email] = _merge(row, merged[row.email]) if row.email in merged else row
    known = iter(merged.items())
    while batch := dict(islice(known, BATCH)):
        games = _games(batch)
        if dry_run or not _behind(games.values(), batch, new=len(batch) - len(games)):
            _count(batch, games, report)
        else:
            _write(batch, report)
    return report


def _understood(
    rows: Iterable[dict[str, Any]], report: ImportReport, now: datetime
) -> Iterator[KnownAddress]:
    erased = set(Erasure.objects.values_list("digest", flat=True))
    for number, row in enumerate(rows, start=2):  # the header is row 1
        try:
            known = _understand(row, now)
        except ValidationError as error:
            report.errors.append((number, " ".join(error.messages)))
            continue
        if erased and keyed_hash(known.email) in erased:
            text = _("This person was erased. Delete the row from your file.")
            report.errors.append((number, text))
        else:
            yield known


def _understand(row: dict[str, Any], now: datetime) -> KnownAddress:
    """Return what the row says; raise ValidationError where it makes no sense."""
    email = normalise_address(str(row.get("email") or ""))
    value = row.get("plays")
    # Known without a count: it played at least once.
    text = "1" if value in (None, "") else str(value).strip()
    count = COUNT.fullmatch(text)
    if not count or int(count[1]) > MOST_PLAYS:
        raise ValidationError(
            _("plays: “%(value)s” is not a number from 0 to %(most)d.")
            % {"value": text[:40], "most": MOST_PLAYS}
        )
    last = _moment(row, "last_play", now) or now
    first = _moment(row, "first_play", now) or last
    if first > last:
        raise ValidationError(_("first_play is later than last_play."))
    return KnownAddress(email, int(count[1]), first, last)


def _moment(row: dict[str, Any], column: str, now: datetime) -> datetime | None:
    value = row.get(column)
    if value is None or not str(value).strip():
        return None
    moment = value if isinstance(value, datetime) else _parse(str(value).strip())
    # Programs write year 1 for "none", which PostgreSQL would keep and Python could not read.
    if moment is None or moment.year < EARLIEST:
        raise ValidationError(
            _("%(column)s: “%(value)s” is not a date such as 2026-05-01 or 2026-05-01 18:30:00.")
            % {"column": column, "value": str(value)[:40]}
        )
    moment = moment if timezone.is_aware(moment) else timezone.make_aware(moment)
    if moment > now:
        raise ValidationError(_("%(column)s lies in the future.") % {"column": column})
    return moment


def _parse(text: str) -> datetime | None:
    try:
        return parse_datetime(text if len(text) > len("2026-05-01") else f"{text} 00:00:00")
    except ValueError:
        return None


def _merge(row: KnownAddress, other: KnownAddress) -> KnownAddress:
    """Return one row for two of one address, such as were counted under two spellings."""
    return KnownAddress(
        row.email,
        max(row.plays, other.plays),
        min(row.first_play, other.first_play),
        max(row.last_play, other.last_play),
    )


def _games(rows: dict[str, KnownAddress]) -> dict[str, Game]:
    return {game.email: game for game in Game.objects.filter(email__in=rows)}


def _count(rows: dict[str, KnownAddress], games: dict[str, Game], report: ImportReport) -> None:
    for email, row in rows.items():
        missing = max(0, row.plays - (games[email].play_count if email in games else 0))
        report.plays += missing
        if email not in games:
            report.new += 1
        elif missing:
            report.raised += 1
        else:
            report.unchanged += 1


def _behind(games: Iterable[Game], rows: dict[str, KnownAddress], *, new: int) -> bool:
    """Return whether the rows would change anything."""
    return bool(new) or any(game.play_count < rows[game.email].plays for game in games)


def _write(rows: dict[str, KnownAddress], report: ImportReport) -> None:
    with transaction.atomic():
        # First, since its lock may be waited for, and no play must wait for a game's meanwhile.
        PlayHour.objects.forget()
        # Erasing takes the same lock: nobody comes back who is erased while a file is read.
        erased = Erasure.objects.erased_among(rows)
        rows = {email: row for email, row in rows.items() if email not in erased}
        before = _games(rows)
        new = [Game(email=email) for email in sorted(rows) if email not in before]
        Game.objects.bulk_create(new, ignore_conflicts=True)
        # In one order, so that two imports at once do not wait for each other in a ring.
        locked = list(Game.objects.select_for_update().filter(email__in=rows).order_by("email"))
        _count(rows, {g.email: g for g in locked if g.email in before}, report)
        behind = [game for game in locked if game.play_count < rows[game.email].plays]
        Play.objects.bulk_create(
            [play for game in behind for play in _plays(game, rows[game.email])]
        )
        Game.objects.bulk_update(behind, ["play_count", "first_played_at", "last_played_at"])


def _plays(game: Game, row: KnownAddress) -> Iterator[Play]:
    """Yield the plays that the game lacks, and count them. The caller holds its lock."""
    while game.play_count < row.plays:
        at = row.last_play if game.play_count else row.first_play
        game.play_count += 1
        game.first_played_at = game.first_played_at or at
        game.last_played_at = max(game.last_played_at or at, at)
        yield Play(game=game, number=game.play_count, played_at=at, esp_status=None)
