"""The WSGI application that gunicorn serves: plays take a fast path, all else goes to Django."""

import os
from collections.abc import Callable, Iterable
from typing import Any

import django
from django.core.cache import close_caches
from django.core.handlers.base import reset_urlconf
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, reset_queries
from django.http import HttpRequest, HttpResponse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "esp_mail.settings")
# As django.core.wsgi.get_wsgi_application() does.
django.setup(set_prefix=False)

from django.conf import settings  # noqa: E402 - the settings are loaded now
from django.urls import resolve, reverse  # noqa: E402
from django.utils.cache import patch_vary_headers  # noqa: E402
from django.utils.module_loading import import_string  # noqa: E402
from django.utils.translation import activate, get_language_from_request  # noqa: E402

from serving.observing import ObservingMiddleware  # noqa: E402

MAX_KNOWN_HEADERS = 64  # clients choose Origin and Host, and must not fill the memory
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Headers = list[tuple[str, str]]
Key = tuple[str, bool, str | None, str | None]


def make_request(environ: Environ) -> WSGIRequest:
    """Return Django's request. A Content-Type that Django cannot parse becomes empty (415)."""
    try:
        return WSGIRequest(environ)
    except (ValueError, LookupError):
        environ["CONTENT_TYPE"] = ""
        return WSGIRequest(environ)


class PlayHandler:
    """A WSGI application for plays alone: the view, observed, without the rest of MIDDLEWARE.

    Sessions, accounts, messages and forms are of no use to a play. The headers that the middlewares
    would add are computed once for each language, scheme, Origin and Host:
    settings.HEADER_MIDDLEWARE runs on an empty response. The fast path saves over a third of a
    play's CPU (docs/performance.md).
    """

    def __init__(self) -> None:
        path = reverse("verification-mail").rstrip("/")
        self.matches = {path: resolve(path), f"{path}/": resolve(f"{path}/")}
        view: Any = convert_exception_to_response(self.matches[path].func)
        self.answer: Any = ObservingMiddleware(view)
        # Errors become responses at every step, as in Django's own chain of middlewares.
        self.header_response: Any = convert_exception_to_response(empty_response)
        for name in reversed(settings.HEADER_MIDDLEWARE):
            middleware = import_string(name)(self.header_response)
            self.header_response = convert_exception_to_response(middleware)
        self.known_headers: dict[Key, Headers] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        request_started.send(sender=PlayHandler, environ=environ)
        request = make_request(environ)
        language = get_language_from_request(request)
        activate(language)
        request.resolver_match = self.matches[request.path_info]
        key = language, request.is_secure(), environ.get("HTTP_ORIGIN"), environ.get("HTTP_HOST")
        answer, headers = self.answer, self.known_headers.get(key)
        if headers is None:
            answer, headers = self._prepare(request, key)
        response: HttpResponse = answer(request)
        if hasattr(response, "render"):  # DRF's errors
            response.render()
        if headers:
            response.headers["Content-Length"] = str(len(response.content))
        status = f"{response.status_code} {response.reason_phrase}"
        start_response(status, [*response.items(), *headers])
        return response

    def _prepare(self, request: HttpRequest, key: Key) -> tuple[Any, Headers]:
        """Return what answers the request, and the headers to add to its response."""
        response = self.header_response(request)
        if response.status_code != HttpResponse.status_code:
            # The middlewares refuse it: a wrong host, or HTTP where HTTPS is demanded.
            return ObservingMiddleware(lambda _request: response), []
        patch_vary_headers(response, ["Accept-Language"])
        response.headers["Content-Language"] = key[0]
        if len(self.known_headers) >= MAX_KNOWN_HEADERS:
            self.known_headers.clear()
        self.known_headers[key] = list(response.items())
        return self.answer, self.known_headers[key]


def empty_response(request: HttpRequest) -> HttpResponse:
    """Return a response without headers; raise DisallowedHost for a host that is not ours."""
    request.get_host()
    response = HttpResponse()
    del response.headers["Content-Type"]
    return response


class PageHandler(WSGIHandler):
    request_class = staticmethod(make_request)  # type: ignore[assignment]  # not a class


# These receivers do nothing here, and take a tenth of a play's CPU: nobody reads the queries that
# DEBUG keeps; connections are closed and the urlconf is reset when the next request starts; the
# cache is in the database and has nothing to close.
DISCONNECTED = [
    request_started.disconnect(reset_queries),
    request_finished.disconnect(close_old_connections),
    request_finished.disconnect(reset_urlconf),
    request_finished.disconnect(close_caches),
]
pages = PageHandler()
plays = PlayHandler()


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    # Under DEBUG an error has Django's own page, which needs all of MIDDLEWARE.
    is_play = environ["REQUEST_METHOD"] == "POST" and environ["PATH_INFO"] in plays.matches
    if is_play and not settings.DEBUG:
        return plays(environ, start_response)
    return pages(environ, start_response)
