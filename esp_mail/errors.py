"""Errors outside of a view: a page for people, JSON for those who talk to the API."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views import defaults

API = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _json(request, 400, _("Bad request.")) or defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _json(request, 403, _("Not allowed.")) or defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _json(request, 404, _("Not found.")) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest, *_args: Any) -> HttpResponse:
    return _json(request, 500, _("Something went wrong.")) or defaults.server_error(request)


def _json(request: HttpRequest, status: int, detail: str) -> HttpResponse | None:
    if request.path.startswith(API):
        return JsonResponse({"detail": detail}, status=status)
    return None
