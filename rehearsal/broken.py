"""Broken builds, each of which breaks one promise. A rehearsal that misses one proves nothing.

With BREAK set to a build's name, gunicorn serves this module instead of esp_mail.wsgi.
"""

import os
import threading
from typing import Any
from unittest.mock import patch

from django.db import connection

from esp_mail.wsgi import application  # noqa: F401 - gunicorn serves it
from games import services
from games.contact_state import ContactState, Outcome
from games.contacts import settle
from games.counting import CountedPlay, NewPlay, count_play

# The fault that reveals each build.
BROKEN = {
    "late": "kill -9 of a gunicorn worker",
    "keyless": "kill -9 of nginx",
    "debtless": "ESP down",
}


def late(play: NewPlay, *args: Any) -> CountedPlay:
    """Answer first, and commit half a second later."""

    def commit() -> None:
        count_play(play, *args)
        connection.close()  # the timer's thread has its own

    threading.Timer(0.5, commit).start()
    return CountedPlay(1, None)


def keyless(play: NewPlay, *args: Any) -> CountedPlay:
    """Count a repeated request as a second play."""
    return count_play(NewPlay(play.email), *args)


def debtless(email: str, *, seconds: float, **_options: Any) -> Outcome:
    """Take an ESP that does not answer for one that added the contact."""
    outcome = settle(email, seconds=seconds)
    if outcome.state == ContactState.PENDING:
        return Outcome(ContactState.ADDED, esp_status=False)
    return outcome


build = os.environ.get("BREAK")
if build == "debtless":
    patch.object(services, "settle", debtless).start()
elif build:
    patch.object(services, "count_play", {"late": late, "keyless": keyless}[build]).start()
