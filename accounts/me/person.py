"""What is known of the person behind an account: by the address that it has confirmed, no other."""

from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.utils import timezone

from esp.addresses import normalise_address
from games.models import Game
from games.person import about


def confirmed_address(user: Any) -> str | None:
    """Return the account's address as games have it, None where nobody confirmed it."""
    confirmed = EmailAddress.objects.filter(user_id=user.pk, verified=True, primary=True).first()
    try:
        return normalise_address(confirmed.email) if confirmed else None
    except ValidationError:  # of a superuser's making
        return None


def find_game(address: str) -> Game | None:
    return Game.objects.filter(email=address).first()


def everything(address: str) -> dict[str, Any]:
    """Return all that is kept of the person, but for the names of the staff in it."""
    kept = about(address)
    for entry in kept["log"]:
        del entry["by"]
    return {"exported_at": timezone.now(), **kept}
