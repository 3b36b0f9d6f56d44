"""Withdrawing a consent: by the person, by a signed link, or by staff."""

from datetime import datetime
from typing import Any

from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from games.consent import MAILING, Consent, ConsentAct
from games.contact_state import ContactState
from games.models import Game
from privacy.esp_removals import remove_at_esp
from serving.keyed_hash import keyed_hash

SALT = "privacy.withdrawing"


def consents_in_force(player: Game) -> list[Consent]:
    """Return the consents of a player that are given and not withdrawn, one for each purpose."""
    last: dict[str, Consent] = {}
    acts = player.consents.exclude(act=ConsentAct.DECLINED).select_related("text")
    for consent in acts.order_by("pk"):
        last[consent.text.purpose] = consent
    return [consent for consent in last.values() if consent.act == ConsentAct.GIVEN]


def withdraw(
    players: QuerySet[Game],
    purpose: str,
    *,
    source: str,
    by: Any = None,
    at: datetime | None = None,
) -> bool:
    """Withdraw the consent of the one player selected; return whether there was one.

    A withdrawn consent to mailing withholds the contact and has it removed at the ESP, all in one
    transaction. `at`: the time, if it is not now; a consent that was given after it stays.
    """
    with transaction.atomic():
        player = players.select_for_update().order_by().first()
        in_force = {one.text.purpose: one for one in consents_in_force(player)} if player else {}
        given = in_force.get(purpose)
        if player is None or given is None or (at and given.at > at):
            return False
        act, now = ConsentAct.WITHDRAWN, timezone.now()
        player.consents.create(text=given.text, act=act, at=at or now, source=source, by=by)
        if purpose == MAILING:
            _stop_mailing(player, by)
    return True


def _stop_mailing(player: Game, by: Any) -> None:
    # Whatever the state: the ESP may have a contact that is pending, given up or withheld later.
    remove_at_esp(player.email, reason="consent withdrawn", by=by, only_contact=True)
    player.contact_state = ContactState.WITHHELD
    player.save(update_fields=["contact_state"])


def withdraw_restored(withdrawn: dict[tuple[str, str], tuple[datetime, str]]) -> int:
    """Withdraw again what a restored backup brought back; return how many consents.

    `withdrawn`: time and source of the last withdrawal by hash of the address and purpose, from the
    database that was lost.
    """
    given = Consent.objects.filter(act=ConsentAct.GIVEN).order_by().distinct()
    rows = given.values_list("game", "game__email", "text__purpose").iterator()
    number = 0
    for pk, email, purpose in [row for row in rows if (keyed_hash(row[1]), row[2]) in withdrawn]:
        at, source = withdrawn[keyed_hash(email), purpose]
        number += withdraw(Game.objects.filter(pk=pk), purpose, source=source, at=at)
    return number


def withdrawal_key(player: Game) -> str:
    """Return what a link must contain to let its holder withdraw this player's consents."""
    return signing.dumps([player.pk, keyed_hash(player.email)], salt=SALT, compress=False)


def player_of(key: str) -> Game | None:
    """Return the player whose link this is; None if it is made up or the player was erased."""
    try:
        number, digest = signing.loads(key, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    player = Game.objects.filter(pk=number).first()
    return player if player and keyed_hash(player.email) == digest else None
