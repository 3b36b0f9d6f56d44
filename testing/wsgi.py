"""Calls a WSGI application as a server does, with the requests of Django's RequestFactory."""

from collections.abc import Callable
from typing import Any, NamedTuple

from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import RequestFactory

URL = "/api/verification_mail/"


class Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def header_dict(self) -> dict[str, str]:
        return dict(self.headers)


def call(application: Callable[..., Any], environ: dict[str, Any]) -> Answer:
    """Call the application; return what it sent.

    As in Django's test client, the connection of a test's transaction stays open.
    """
    started: list[Any] = []
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)  # Django's test client connects it again
    try:
        response = application(environ, lambda *start: started.extend(start))
        body = b"".join(response)
        response.close()
    finally:
        request_started.connect(close_old_connections)
    status, headers = started[:2]
    return Answer(int(status.split()[0]), headers, body)


def play_environ(
    email: object = "cem@test.ru", *, secure: bool = True, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """Return the environ of a play."""
    request = RequestFactory().post(
        URL, {"email": email}, "application/json", secure=secure, headers=headers
    )
    environ: dict[str, Any] = request.environ
    return environ
