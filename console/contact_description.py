"""How a contact stands with the ESP, in words."""

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from games.contact_state import ContactState
from games.models import Game


def describe_contact(game: Game) -> str:
    """Say what happened to the contact so far and what happens next."""
    match game.contact_state:
        case ContactState.FOUND:
            return _("The ESP had this address before its first play. Nothing was changed there.")
        case ContactState.ADDED:
            return _("The ESP did not know this address. It was added.")
        case ContactState.REJECTED if game.contact_failing_since:
            words = {"error": game.contact_error, "count": game.contact_attempts}
            return _("Given up after %(count)d attempts. The last error: %(error)s") % words
        case ContactState.REJECTED:
            story = _("The ESP refuses this address for good: %(error)s")
            return story % {"error": game.contact_error or _("it gave no reason.")}
        case ContactState.WITHHELD:
            return _(
                "Not delivered, and not in the queue: the person has not agreed to mailing, has "
                "withdrawn the consent, or the address is a disposable one."
            )
    story = f"{_asked(game)} {_next(game)}"
    if game.contact_error:
        story += " " + _("Last error: %(error)s") % {"error": game.contact_error}
    return story


def _asked(game: Game) -> str:
    if not game.contact_attempts:
        return _("Not delivered yet: the ESP has not been asked.")
    text = ngettext(
        "Not delivered yet: the ESP was asked %(count)d time.",
        "Not delivered yet: the ESP was asked %(count)d times.",
        game.contact_attempts,
    )
    return text % {"count": game.contact_attempts}


def _next(game: Game) -> str:
    if game.contact_due_at <= timezone.now():
        return _("The next attempt is due as soon as delivery gets to it.")
    due = date_format(timezone.localtime(game.contact_due_at), "DATETIME_FORMAT")
    return _("The next attempt is due at %(time)s.") % {"time": due}
