"""The short way to the public API."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from django.utils.cache import patch_vary_headers
from django.utils.module_loading import import_string
from django.utils.translation import activate, get_language_from_request

PUBLIC_API = ("/api/verification_mail/", "/api/verification_mail")
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
    of a play do these headers depend.
    """

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.pages = get_response
        self.views = {path: resolve(path) for path in PUBLIC_API}
        self.answer = convert_exception_to_response(self._answer)
        self.add_headers: Callable[[HttpRequest], HttpResponse] = bare
        for name in reversed(settings.HEADER_MIDDLEWARE):
            self.add_headers = import_string(name)(self.add_headers)
        self.known: dict[tuple[str, bool, str | None], HttpResponse] = {}

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info not in PUBLIC_API or request.method != "POST":
            return self.pages(request)
        language = get_language_from_request(request)
        activate(language)
        common = self._common(request, language)
        if common.status_code != HTTPStatus.OK:  # it is sent to HTTPS
            return common
        response: Any = self.answer(request)
        # Not one by one, which is a tenth of a play's function calls.
        response.headers._store |= common.headers._store  # noqa: SLF001
        response.headers["Content-Length"] = str(len(response.content))
        return response

    def _common(self, request: HttpRequest, language: str) -> Any:
        """Return a response with the headers of every answer, or one that is to be sent instead."""
        key = language, request.is_secure(), request.META.get("HTTP_ORIGIN")
        if known := self.known.get(key):
            return known
        response = self.add_headers(request)
        if response.status_code == HTTPStatus.OK:
            patch_vary_headers(response, ("Accept-Language",))
            response.headers["Content-Language"] = language
            if len(self.known) >= MOST_KNOWN:
                self.known.clear()
            self.known[key] = response
        return response

    def _answer(self, request: HttpRequest) -> Any:
        """Do as Django's handler does when it has come past all middlewares."""
        match = request.resolver_match = self.views[request.path_info]
        request.get_host()  # raises for one that is not allowed
        response = match.func(request)
        return response.render() if hasattr(response, "render") else response
