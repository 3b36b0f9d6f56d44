"""The short way to the public API."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from django.utils.cache import patch_vary_headers
from django.utils.module_loading import import_string
from django.utils.translation import activate, get_language_from_request

PLAYS = ("/api/verification_mail/", "/api/verification_mail")
MOST_KNOWN = 64  # an Origin is for the client to say: it must not fill the memory


def bare(_request: HttpRequest) -> HttpResponse:
    """Return a response that is nothing but what the middlewares make of it."""
    response = HttpResponse()
    del response.headers["Content-Type"]
    return response


class PublicAPIMiddleware:
    """Spares a play the middlewares that follow: more than a third of its CPU in the program.

    Those of people's pages it goes past: the API has no session, no account, no messages, no form.
    Those that add headers it asks once for each origin, scheme and language, since on nothing else
    of a play do these headers depend (but under DEBUG, where errors have pages of Django's own).
    """

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        if settings.DEBUG:
            raise MiddlewareNotUsed
        self.long_way = get_response
        self.view_of = {path: resolve(path) for path in PLAYS}
        self.answer = convert_exception_to_response(self._call_view)
        self.add_headers: Any = bare
        for name in reversed(settings.HEADER_MIDDLEWARE):
            self.add_headers = convert_exception_to_response(import_string(name)(self.add_headers))
        self.known: dict[tuple[str, bool, str | None], dict[str, tuple[str, str]]] = {}

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info not in self.view_of or request.method != "POST":
            return self.long_way(request)
        language = get_language_from_request(request)
        activate(language)
        key = language, request.is_secure(), request.META.get("HTTP_ORIGIN")
        headers = self.known.get(key)
        if headers is None:
            bearer = self.add_headers(request)
            if bearer.status_code != HTTPStatus.OK:  # the request is to come by HTTPS
                return bearer
            patch_vary_headers(bearer, ("Accept-Language",))
            bearer.headers["Content-Language"] = language
            if len(self.known) >= MOST_KNOWN:
                self.known.clear()
            headers = self.known[key] = bearer.headers._store  # noqa: SLF001
        response: Any = self.answer(request)
        # Not one by one, which is a tenth of a play's function calls.
        response.headers._store |= headers  # noqa: SLF001
        response.headers["Content-Length"] = str(len(response.content))
        return response

    def _call_view(self, request: HttpRequest) -> Any:
        """Do as Django's handler does when it has come past all middlewares."""
        match = request.resolver_match = self.view_of[request.path_info]
        request.get_host()  # raises for one that is not allowed
        response = match.func(request)
        return response.render() if hasattr(response, "render") else response
