"""Errors outside of a view: a page for people, JSON for those who talk to the API."""

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import get_template
from django.utils.translation import gettext as _
from django.views import defaults

from serving.exceptions import DatabaseUnavailable, database_is_unavailable

API = "/api/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _json(request, 400, _("Bad request.")) or defaults.bad_request(request, exception)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _json(request, 403, _("Not allowed.")) or defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _json(request, 404, _("Not found.")) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest, *_args: Any) -> HttpResponse:
    """Answer 500; 503 where the database is away, as each view of the API does."""
    if database_is_unavailable(sys.exception()):
        away = DatabaseUnavailable
        response = _json(request, away.status_code, str(away.default_detail)) or HttpResponse(
            get_template("503.html").render(), status=away.status_code
        )
        response["Retry-After"] = str(away.wait)
        return response
    return _json(request, 500, _("Something went wrong.")) or defaults.server_error(request)


def _json(request: HttpRequest, status: int, detail: str) -> HttpResponse | None:
    if request.path.startswith(API):
        return JsonResponse({"detail": detail}, status=status)
    return None
