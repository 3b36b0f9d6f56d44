"""Which contacts the ESP must not get: without the consent that the site demands, or disposable."""

from functools import cache

from django.conf import settings

from games.consent import ConsentAct, last_mailing_act
from games.contact_state import ContactState
from games.models import Game


def is_withheld(email: str, *, agreed: bool) -> bool:
    """Return whether the ESP must not get the address. `agreed`: its person agreed to mailing."""
    if settings.MAILING_CONSENT == "required" and not agreed:
        return True
    return settings.DISPOSABLE_ADDRESSES == "withhold" and is_disposable(email)


def has_withdrawn(player: Game) -> bool:
    """Return whether the player's last word on mailing is a withdrawal."""
    players = Game.objects.filter(pk=player.pk).alias(act=last_mailing_act())
    return players.filter(act=ConsentAct.WITHDRAWN).exists()


def is_disposable(email: str) -> bool:
    """Return whether the address's domain, or one above it, gives out throw-away mailboxes."""
    labels = email.rpartition("@")[2].split(".")
    return any(".".join(labels[start:]) in _domains() for start in range(len(labels) - 1))


@cache
def _domains() -> frozenset[str]:
    from disposable_email_domains import blocklist  # noqa: PLC0415 - only if a setting asks for it

    return frozenset(blocklist)


def withhold_some(players: list[Game]) -> list[Game]:
    """Withhold those of the claimed players that the ESP must not get; return the others.

    Such players are pending where the setting is new, or where staff imported them.
    """
    if not (settings.MAILING_CONSENT or settings.DISPOSABLE_ADDRESSES):
        return players
    asked = Game.objects.filter(pk__in=[player.pk for player in players])
    agreed = set(
        asked.alias(act=last_mailing_act())
        .filter(act=ConsentAct.GIVEN)
        .order_by()
        .values_list("pk", flat=True)
    )
    withheld = {
        player.pk for player in players if is_withheld(player.email, agreed=player.pk in agreed)
    }
    Game.objects.filter(pk__in=withheld, contact_state=ContactState.PENDING).update(
        contact_state=ContactState.WITHHELD
    )
    return [player for player in players if player.pk not in withheld]
