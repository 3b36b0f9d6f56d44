"""The short way to the public API."""

from collections.abc import Callable
from typing import Any

from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest
from django.utils.cache import patch_vary_headers
from django.utils.translation import activate, get_language_from_request

PUBLIC_API = {"/api/verification_mail/", "/api/verification_mail"}


class Views(BaseHandler):
    """Django's handler with no middleware around the views."""

    _view_middleware = _template_response_middleware = _exception_middleware = ()

    def __init__(self) -> None:
        # The handler of one request, as Django's own chain of middlewares ends.
        self.answer = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]


class PublicAPIMiddleware:
    """Spares the public API the middlewares that follow: a seventh of a play's CPU in the program.

    They are for people's pages. The API has no session, no account, no messages, no form, and no
    address that begins with a language.
    """

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.pages = get_response
        self.answer = Views().answer

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info not in PUBLIC_API:
            return self.pages(request)
        language = get_language_from_request(request)
        activate(language)
        request.get_host()  # raises for one that is not allowed
        response: Any = self.answer(request)
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", language)
        response.headers["Content-Length"] = str(len(response.content))
        return response
