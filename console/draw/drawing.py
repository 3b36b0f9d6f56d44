"""How winners are drawn. docs/console.md says it so that anybody can repeat it."""

import hashlib
import heapq
import secrets
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from console.draw.models import Draw, DrawnPlace
from console.exporting.rows import StreamedRows
from games.models import Game
from stats.totals import day_start

# A play is dated before its transaction ends. By now all plays of then can be read.
STORED_AFTER = timedelta(minutes=1)


class ListChanged(Exception):
    """The candidates are no longer those of the preparation."""


def read_candidates(draw: Draw, sha256: Any) -> Iterator[tuple[str, int]]:
    """Yield the candidates' addresses and tickets, and hash each as a line of the list."""
    for email, tickets in StreamedRows(draw.candidate_players(), "email", "tickets"):
        sha256.update(f"{email} {tickets}\n".encode())
        yield email, tickets


def prepare(draw: Draw) -> None:
    """Fix the candidates and the seed: set the fields of a draw that is not stored yet."""
    draw.plays_until = timezone.now() - STORED_AFTER
    if draw.last_day:
        draw.plays_until = min(draw.plays_until, day_start(draw.last_day + timedelta(days=1)))
    draw.seed = secrets.token_hex(32)
    sha256 = hashlib.sha256()
    draw.candidates = sum(1 for _ in read_candidates(draw, sha256))
    draw.list_hash = sha256.hexdigest()


@transaction.atomic
def carry_out(draw: Draw, *, public_value: str, by: Any) -> int:
    """Store who won; return the number of places, 0 if somebody has drawn already.

    Raise ListChanged if the candidates differ from those of the preparation.
    """
    if draw.drawn_at:
        return 0
    sha256 = hashlib.sha256()
    candidates = read_candidates(draw, sha256)
    addresses = lowest_tickets(candidates, draw.seed, public_value, draw.winners + draw.reserves)
    if sha256.hexdigest() != draw.list_hash:
        raise ListChanged
    waiting = Draw.objects.filter(pk=draw.pk, drawn_at=None)
    if not waiting.update(drawn_at=timezone.now(), drawn_by=by, public_value=public_value):
        return 0
    players = dict(Game.objects.filter(email__in=addresses).values_list("email", "pk"))
    DrawnPlace.objects.bulk_create(
        # Somebody may have been erased since the list was read.
        DrawnPlace(draw=draw, place=place, game_id=players.get(email))
        for place, email in enumerate(addresses, start=1)
    )
    return len(addresses)


def lowest_tickets(
    candidates: Iterable[tuple[str, int]], seed: str, public_value: str, places: int
) -> list[str]:
    """Return the addresses with the lowest tickets, the lowest first."""
    start = f"{seed}\n{public_value}\n"
    tickets = ((_best(start, email, number), email) for email, number in candidates)
    return [email for _ticket, email in heapq.nsmallest(places, tickets)]


def _best(start: str, email: str, tickets: int) -> bytes:
    """Return the lowest hash of an address's tickets. Each hash is a random number of 256 bits."""
    numbers = range(1, tickets + 1)
    return min(hashlib.sha256(f"{start}{email}\n{number}".encode()).digest() for number in numbers)
