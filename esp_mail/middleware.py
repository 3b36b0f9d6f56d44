"""What people's pages need of Django's middleware, and the public API does not.

The API has no session, no account, no messages, and no address that begins with a language. To
leave that out saves a play 12 % of its function calls.
"""

from collections.abc import Callable
from typing import Any

from allauth.account.middleware import AccountMiddleware
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import activate, get_language_from_request

PUBLIC_API = "/api/verification_mail"


class PagesOnly(MiddlewareMixin):
    """Steps aside for the public API."""

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(PUBLIC_API):
            return self.serve_api(request)
        return super().__call__(request)

    def serve_api(self, request: HttpRequest) -> Any:
        return self.get_response(request)


class PagesSession(PagesOnly, SessionMiddleware):
    pass


class PagesAuthentication(PagesOnly, AuthenticationMiddleware):
    pass


class PagesMessage(PagesOnly, MessageMiddleware):
    pass


def pages_account(get_response: Callable[[HttpRequest], Any]) -> Any:
    """Do for pages what django-allauth's middleware, a function, does."""
    theirs: Any = AccountMiddleware(get_response)

    def serve(request: HttpRequest) -> Any:
        aside = request.path_info.startswith(PUBLIC_API)
        return get_response(request) if aside else theirs(request)

    serve.process_exception = theirs.process_exception  # type: ignore[attr-defined]
    return serve


class PagesLocale(PagesOnly, LocaleMiddleware):
    """The API's language is the one that the request asks for, without a look at its address."""

    def serve_api(self, request: HttpRequest) -> Any:
        language = get_language_from_request(request)
        activate(language)
        response: Any = self.get_response(request)
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", language)
        return response
