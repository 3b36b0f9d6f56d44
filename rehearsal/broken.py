"""Builds that break a promise each; a rehearsal that does not find them out is worth nothing.

With BREAK set to one's name, gunicorn serves this module in the place of esp_mail.wsgi.
"""

import os
import threading
from typing import Any

from django.db import connection

from esp_mail.wsgi import application  # noqa: F401 - what gunicorn serves
from games import services
from games.contact_state import ContactState
from games.contacts import Outcome, settle
from games.managers import GameQuerySet, RecordedPlay

# The fault that brings each to light.
BROKEN = {
    "late": "kill -9 of a gunicorn worker",
    "keyless": "kill -9 of nginx",
    "debtless": "ESP down",
}
record = GameQuerySet.record


def late(games: GameQuerySet, **play: Any) -> RecordedPlay:
    """Answer first, commit half a second later."""

    def commit() -> None:
        record(games, **play)
        connection.close()  # this thread's own

    threading.Timer(0.5, commit).start()
    return RecordedPlay(1, None)


def keyless(games: GameQuerySet, **play: Any) -> RecordedPlay:
    """Count a repeated request once more."""
    return record(games, **play | {"idempotency_key": None})


def debtless(email: str, *, seconds: float) -> Outcome:
    """Take an ESP that does not answer for one that does."""
    outcome = settle(email, seconds=seconds)
    if outcome.state == ContactState.PENDING:
        return Outcome(ContactState.ADDED, esp_status=False)
    return outcome


match os.environ.get("BREAK"):
    case "late":
        GameQuerySet.record = late  # type: ignore[method-assign, assignment]
    case "keyless":
        GameQuerySet.record = keyless  # type: ignore[method-assign, assignment]
    case "debtless":
        services.settle = debtless  # type: ignore[attr-defined]
