"""How a contact stands with the ESP, in words."""

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from games.contact_state import ContactState
from games.models import Game


def contact_story(game: Game) -> str:
    """Say what happened to the contact so far and what happens next."""
    match game.contact_state:
        case ContactState.FOUND:
            return _("The ESP had this address before its first play. Nothing was changed there.")
        case ContactState.ADDED:
            return _("The ESP did not know this address. It was added.")
        case ContactState.REJECTED:
            story = _("The ESP refuses this address for good: %(error)s")
            return story % {"error": game.contact_error or _("it gave no reason.")}
    return " ".join([_asked(game), _next(game), _last_error(game)]).strip()


def _asked(game: Game) -> str:
    if not game.contact_attempts:
        return _("Not settled yet: the ESP was not asked so far.")
    text = ngettext(
        "Not settled yet: the ESP was asked %(count)d time.",
        "Not settled yet: the ESP was asked %(count)d times.",
        game.contact_attempts,
    )
    return text % {"count": game.contact_attempts}


def _next(game: Game) -> str:
    if game.contact_due_at <= timezone.now():
        return _("The next attempt is due as soon as delivery gets to it.")
    due = date_format(timezone.localtime(game.contact_due_at), "DATETIME_FORMAT")
    return _("The next attempt is due at %(time)s.") % {"time": due}


def _last_error(game: Game) -> str:
    return _("Last error: %(error)s") % {"error": game.contact_error} if game.contact_error else ""
