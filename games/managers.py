"""Counting plays and keeping contacts: everything that concerns rows alone."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.db import IntegrityError, models, transaction
from django.utils import timezone

from games.contact_state import ContactState
from games.exceptions import IdempotencyKeyReused

if TYPE_CHECKING:
    from games.models import Game, Play


class RecordedPlay(NamedTuple):
    """A play that is in the database, and whether its maker must now settle the contact."""

    play: Play
    holds_contact: bool


class GameQuerySet(models.QuerySet["Game"]):
    """The rows of all addresses."""

    def record(self, *, email: str, idempotency_key: str | None = None) -> RecordedPlay:
        """Count a play of a normalised address, exactly, whatever else happens at once.

        The count, the play and the claim on a pending contact are one transaction. A play with a
        key that was counted before is returned as it was, and nothing changes; raise
        IdempotencyKeyReused if that play was another address's.
        """
        try:
            with transaction.atomic():
                return self._count(email, idempotency_key)
        except IntegrityError:
            # To try first and look afterwards costs the usual play nothing, and the database
            # decides between two requests with one key.
            game = self.filter(plays__idempotency_key=idempotency_key).first()
            if idempotency_key is None or game is None:
                raise
        if game.email != email:
            raise IdempotencyKeyReused
        return RecordedPlay(game.plays.get(idempotency_key=idempotency_key), holds_contact=False)

    def _count(self, email: str, idempotency_key: str | None) -> RecordedPlay:
        now = timezone.now()
        game = self._lock(email, now)
        holds_contact = game.claim_contact(now)
        game.count_play(now)
        game.save()
        play = game.plays.create(
            number=game.play_count,
            played_at=now,
            esp_status=game.esp_status,
            idempotency_key=idempotency_key,
        )
        return RecordedPlay(play, holds_contact)

    def _lock(self, email: str, now: datetime) -> Game:
        """Return the address's row, made if need be, locked until the transaction ends."""
        rows = self.select_for_update().filter(email=email).order_by()
        game = rows.first()
        if game is None:
            # Not get_or_create(): the losers of its race are errors in PostgreSQL's log, which
            # quotes the address.
            new = self.model(email=email, contact_due_at=now)
            self.bulk_create([new], ignore_conflicts=True)
            game = rows.get()
        return game

    def store(self, game: Game, state: ContactState, error: str) -> None:
        """Keep what came of asking the ESP for the contact that the caller holds.

        What another process settled stays settled, and a failure is not written over its lease.
        """
        rows = self.filter(pk=game.pk, contact_state=ContactState.PENDING)
        if state == ContactState.PENDING:
            rows = rows.filter(contact_due_at=game.contact_due_at)
        rows.update(contact_state=state, contact_error=error)
