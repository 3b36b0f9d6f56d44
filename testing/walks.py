"""The journeys that testing.measure and the tests walk through."""

from collections.abc import Callable
from typing import Any

from esp_mail.wsgi import PlayHandler
from games.delivery import ContactsJob, Delivery
from games.models import Game
from privacy.esp_removals import RemovalsJob
from testing.measure import Walk, walk
from testing.wsgi import call, play_environ


def returning_play(application: Callable[..., Any] | None = None) -> Walk:
    """Return the walk of a play whose contact is settled, in a process that has served plays."""
    application = application or PlayHandler()
    for _ in range(3):
        call(application, play_environ())
    environ = play_environ()
    return walk(lambda: call(application, environ))


def first_play(application: Callable[..., Any] | None = None) -> Walk:
    """Return the walk of the first play of an address, with the mock ESP."""
    application = application or PlayHandler()
    call(application, play_environ("other@test.ru"))
    environ = play_environ("new@test.ru")
    return walk(lambda: call(application, environ))


def delivery() -> Walk:
    """Return the walk of the delivery of one contact."""
    run = Delivery([RemovalsJob(), ContactsJob()])
    run.deliver_batch()
    Game.objects.create(email="pending@test.ru")
    return walk(run.deliver_batch)
