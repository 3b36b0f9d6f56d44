"""Changes that staff make to players. The caller checks the rights and opens the transaction."""

from typing import Any
from uuid import uuid4

from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException, NotFound

from games.contact_state import ContactState
from games.models import Game, Play
from games.rules.withholding import has_withdrawn
from privacy.erasing import erase_person
from privacy.esp_removals import remove_at_esp
from privacy.models import Erasure
from stats.counts import set_counts
from stats.totals import correcting, lock_watermark


class AddressTaken(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = _("There is a player with this address.")

    def __init__(self, game_id: int) -> None:
        super().__init__()
        self.detail = {"detail": self.detail, "id": game_id}  # type: ignore[dict-item]


class AddressErased(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = _("This person was erased. Only they can come back.")


class VersionRequired(APIException):
    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_detail = _("Read the player first, and send its ETag as If-Match.")


class VersionOutdated(APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = _("The player has changed since you read it. Read it again.")


def version(game: Game) -> str:
    """Return the player's ETag: a keyed hash, so that nobody can guess the address from it."""
    values = (game.pk, game.email, game.play_count, game.last_played_at, game.contact_state)
    return f'"{salted_hmac("api.versions", repr(values), algorithm="sha256").hexdigest()[:32]}"'


def create_game(email: str) -> Game:
    """Create the player of a normalised address; raise AddressErased or AddressTaken."""
    if Erasure.objects.of(email).exists():
        raise AddressErased
    # ignore_conflicts: PostgreSQL would log a violated constraint with the address.
    # It returns no key, so a unique mark shows whether the row is the one made here.
    mark = f"api-{uuid4().hex}"
    Game.objects.bulk_create([Game(email=email, request_id=mark)], ignore_conflicts=True)
    game = Game.objects.get(email=email)
    if game.request_id != mark:
        raise AddressTaken(game.pk)
    return game


def change_game(
    pk: int,
    *,
    if_match: str | None,
    by: Any = None,
    email: str | None = None,
    play_count: int | None = None,
) -> Game:
    """Change the address, the number of plays or both, and return the player.

    A new address is a new contact for the ESP. The old contact is removed there, if it may be from
    us. A higher number adds plays dated now, with an unknown answer of the ESP; a lower number
    removes the last plays. Raise what _lock() and create_game() raise; nothing is changed then.
    """
    with correcting(Q(pk=pk)):
        game = _lock(pk, if_match)
        if email is not None and email != game.email:
            _rename(game, email, by)
        if play_count is not None:
            _set_play_count(game, play_count)
        game.save()
    return game


def erase_game(pk: int, *, if_match: str | None, by: Any) -> Game:
    """Erase the person and return the player as it was; raise what _lock() raises."""
    lock_watermark()
    game = _lock(pk, if_match)
    erase_person(game.email, reason="API", by=by)
    return game


def _lock(pk: int, if_match: str | None) -> Game:
    """Return the locked player; raise VersionRequired or VersionOutdated.

    If-Match must name the player's version, so that no change is based on an outdated one.
    """
    game = Game.objects.select_for_update().filter(pk=pk).first()
    if game is None:
        raise NotFound
    named = parse_etags(if_match or "")
    if not named or "*" in named:  # "*" means any version, and would let updates get lost
        raise VersionRequired
    if version(game) not in named:
        raise VersionOutdated
    return game


def _rename(game: Game, email: str, by: Any) -> None:
    create_game(email).delete()  # checks the address; no other transaction sees this row
    withdrawn = has_withdrawn(game)
    if _is_ours_at_esp(game) and not withdrawn:  # else the withdrawal removes it
        reason = f"new address of player {game.pk}"
        remove_at_esp(game.email, reason=reason, by=by, only_contact=True)
    game.email = email
    # Who has withdrawn the consent to mailing is not mailed at another address either.
    state = ContactState.WITHHELD if withdrawn else ContactState.PENDING
    game.contact_state, game.contact_error = state, ""
    game.contact_attempts, game.contact_due_at = 0, timezone.now()
    game.contact_failing_since, game.contact_was_absent = None, False


def _is_ours_at_esp(game: Game) -> bool:
    """Return whether the ESP may have the contact from us.

    A contact that was found is not: the ESP had it before the first play. Most of those withheld
    never were sent.
    """
    if game.contact_state == ContactState.WITHHELD:
        return game.contact_attempts > 0
    return game.contact_state != ContactState.FOUND


def _set_play_count(game: Game, play_count: int) -> None:
    now = timezone.now()
    game.plays.filter(number__gt=play_count).delete()
    numbers = range(game.play_count + 1, play_count + 1)
    Play.objects.bulk_create(Play(game=game, number=n, played_at=now) for n in numbers)
    set_counts(game)
