"""What people's pages need of Django's middleware, and the public API does not: a fifth of its calls.

The API has no session, no account, no messages, and no address that begins with a language.
"""

from collections.abc import Callable

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils.cache import patch_vary_headers
from django.utils.translation import activate, get_language_from_request

PUBLIC_API = "/api/verification_mail"


class PagesOnly:
    """Steps aside for the public API."""

    get_response: Callable[[HttpRequest], HttpResponseBase]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(PUBLIC_API):
            return self.serve_api(request)
        return super().__call__(request)  # type: ignore[misc,no-any-return]

    def serve_api(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)


class PagesSession(PagesOnly, SessionMiddleware):
    pass


class PagesAuthentication(PagesOnly, AuthenticationMiddleware):
    pass


class PagesMessage(PagesOnly, MessageMiddleware):
    pass


class PagesLocale(PagesOnly, LocaleMiddleware):
    """The API's language is the one that the request asks for, without a look at its address."""

    def serve_api(self, request: HttpRequest) -> HttpResponseBase:
        language = get_language_from_request(request)
        activate(language)
        response = self.get_response(request)
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", language)
        return response
