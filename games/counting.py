"""Counting plays: exact under any concurrency, each play in one transaction."""

from datetime import datetime, time, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from games.contact_state import ContactState
from games.erased_keys import ErasedKey
from games.exceptions import KeyReused, TooManyPlays
from games.models import LEASE, Game, Play
from games.rules.extras import Extras
from games.rules.withholding import is_withheld, withhold_some
from games.statements import COUNT, COUNT_WITH_EXTRAS
from serving.keyed_hash import keyed_hash
from serving.logs import log_context
from serving.postgresql.base import limited


class NewPlay(NamedTuple):
    """A play to be counted."""

    email: str  # normalised
    idempotency_key: str | None = None
    extras: Extras | None = None  # what it brings beside the address

    @property
    def agreed(self) -> bool:
        """Whether its player agrees to mailing with it."""
        return self.extras is not None and self.extras.agreed

    @property
    def withheld(self) -> bool:
        """Whether the ESP must not get the address, if it is new."""
        may_be_withheld = settings.MAILING_CONSENT or settings.DISPOSABLE_ADDRESSES
        return bool(may_be_withheld) and is_withheld(self.email, agreed=self.agreed)


class CountedPlay(NamedTuple):
    """A play that is in the database."""

    number: int  # of this address: 1, 2, 3 …
    esp_status: bool | None  # None while it is not known
    to_settle: Play | None = None  # the play, if its request must now settle the contact
    repeated: bool = False  # the same request was counted before


def count_play(play: NewPlay) -> CountedPlay:
    """Count a play, and claim the contact of its address if that is due.

    The count, the play and the claim are one transaction. A repeated idempotency key changes
    nothing and returns the first play. Raise KeyReused if that play belongs to another address,
    TooManyPlays if the day's plays (PLAYS_PER_DAY) are used up.
    """
    try:
        # SQLite cannot write inside WITH, and a day's plays are counted with the row locked.
        if connection.vendor == "postgresql" and not settings.PLAYS_PER_DAY:
            counted = _count_at_once(play)
            if counted:
                return counted
        with limited(), transaction.atomic():
            return _count_slow(play)
    except (IntegrityError, TooManyPlays):
        # The unique key decides between two requests with one key. Looking only after a failure
        # costs the usual play nothing.
        key = play.idempotency_key
        former = _find_former(key) if key else None
        if former is None:
            raise
    if former.game.email != play.email:
        raise KeyReused
    return CountedPlay(former.number, former.esp_status, repeated=True)


def was_counted(email: str, idempotency_key: str | None) -> bool:
    """Return whether a play of this address with this key was counted, and perhaps erased since."""
    if idempotency_key is None:
        return False
    erased = {"digest": keyed_hash(idempotency_key), "address_digest": keyed_hash(email)}
    plays = Play.objects.filter(game__email=email, idempotency_key=idempotency_key)
    return plays.exists() or ErasedKey.objects.filter(**erased).exists()


def _find_former(key: str) -> Play | None:
    """Return the play that used this key.

    The lock is a write, so that its commit waits for a synchronous standby, and with it for the
    play. A server that crashed may show a play that the standby never got.
    """
    with limited(), transaction.atomic():
        plays = Play.objects.select_related("game").select_for_update(of=("self",))
        return plays.filter(idempotency_key=key).first()


def _count_at_once(play: NewPlay) -> CountedPlay | None:
    """Count a play in one round trip; return None if its contact is pending or its key was used.

    Nearly every play of a campaign takes this path.
    """
    now, key, withheld = timezone.now(), play.idempotency_key, play.withheld
    player = {"email": play.email, "request_id": _request_id()}
    statement = COUNT_WITH_EXTRAS if play.extras else COUNT
    row = statement.execute(
        key=key,
        digest=keyed_hash(key) if key else None,  # an erased play leaves it behind
        now=now,
        withheld=withheld,
        agreed=play.agreed,
        **player,
        **({"extras": play.extras.to_json()} if play.extras else {}),
    )
    if row is None:
        return None
    number, esp_status, player_pk, play_pk = row
    if number > 1 or withheld:
        return CountedPlay(number, esp_status)
    new = Game(pk=player_pk, contact_due_at=now + LEASE, contact_attempts=1, **player)
    fields = play.extras.fields if play.extras else None
    return CountedPlay(1, None, Play(pk=play_pk, game=new, number=1, played_at=now, fields=fields))


def _count_slow(play: NewPlay) -> CountedPlay:
    """Count a play in any case, with the row locked. The caller opens the transaction."""
    player = _lock_player(play.email)
    # Check after taking the lock: its previous holder may have erased the play with this key.
    if play.idempotency_key and (erased := _find_erased(play.email, play.idempotency_key)):
        return erased
    player = player or _make_player(play)
    now = timezone.now()
    if settings.PLAYS_PER_DAY and player.plays_on(now) >= settings.PLAYS_PER_DAY:
        raise TooManyPlays(seconds_to_midnight())
    if play.extras:
        play.extras.store_consents(player, now)
    if play.agreed and not is_withheld(play.email, agreed=True):
        player.stop_withholding(now)
    if player.contact_state == ContactState.PENDING and not withhold_some([player]):
        player.contact_state = ContactState.WITHHELD
    claimed = player.claim_contact(now)
    played_at = player.count_play(now)
    player.save()
    counted = player.plays.create(
        number=player.play_count,
        played_at=played_at,
        esp_status=player.esp_status,
        idempotency_key=play.idempotency_key,
        fields=play.extras.fields if play.extras else None,
    )
    return CountedPlay(counted.number, counted.esp_status, counted if claimed else None)


def seconds_to_midnight() -> int:
    """Return how long the site's day still lasts."""
    now = timezone.localtime()
    midnight = datetime.combine(now.date() + timedelta(days=1), time.min, now.tzinfo)
    return round(midnight.timestamp() - now.timestamp())


def _lock_player(email: str) -> Game | None:
    """Return the address's row, locked until the transaction ends; None if there is none."""
    return Game.objects.select_for_update().filter(email=email).order_by().first()


def _make_player(play: NewPlay) -> Game:
    """Make the address's row, or find the one that another process just made; locked."""
    # Not get_or_create(): PostgreSQL would log the error of the losing insert with the address.
    state = ContactState.WITHHELD if play.withheld else ContactState.PENDING
    while True:
        new = Game(email=play.email, contact_state=state, request_id=_request_id())
        Game.objects.bulk_create([new], ignore_conflicts=True)
        if player := _lock_player(play.email):  # None if it was erased in between
            return player


def _request_id() -> str:
    return log_context.get().get("request_id", "")


def _find_erased(email: str, idempotency_key: str) -> CountedPlay | None:
    """Return the erased play that used this key, so that its repetition is not counted."""
    erased = ErasedKey.objects.filter(digest=keyed_hash(idempotency_key)).first()
    if erased is None:
        return None
    # The release before 1.0 stores no digest of the address.
    if erased.address_digest not in ("", keyed_hash(email)):
        raise KeyReused
    return CountedPlay(erased.number, erased.esp_status, repeated=True)
