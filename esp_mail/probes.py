"""Health checks and metrics, for machines: /healthz, /readyz, /metrics.

Requests that a proxy passes on for a client (X-Forwarded-For) see less. nginx leaves the header out
for the clients in MONITORING_NETWORKS.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.db import Error
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from esp.client import get_client
from esp_mail.checks import has_unapplied_migrations, missing_static_files, missing_tables
from serving.metrics import registry
from serving.postgresql.base import PING
from stats.backlog import BacklogCollector, recent_backlog

# What an installation may lack, by the reason that /readyz answers.
MISSING: dict[str, Callable[[], object]] = {
    "MigrationsMissing": has_unapplied_migrations,
    "TablesMissing": missing_tables,
    "StaticFilesMissing": missing_static_files,
}


class NotReady(Exception):
    """Something of the installation is missing; the text is the reason."""


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Return 200 if plays can be counted, else 503. The state of the ESP is only shown.

    Not by django-health-check 4.8: it answers 500, and its JSON does not contain the reason.
    """
    try:
        PING.execute(number=1)
        _check_installation()
    except NotReady as error:
        body: dict[str, Any] = {"ready": False, "reason": str(error)}
    except Error as error:  # not the text, which contains the connection
        body = {"ready": False, "reason": type(error).__name__}
    else:
        body = {"ready": True} | ({} if _came_through_proxy(request) else _esp_status())
    return JsonResponse(body, status=200 if body["ready"] else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if _came_through_proxy(request):
        return HttpResponse("Not found.", status=404, content_type="text/plain")
    shown = generate_latest(registry(BacklogCollector()))
    return HttpResponse(shown, content_type=CONTENT_TYPE_LATEST)


PROBES = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics}


class ProbesMiddleware:
    """Answers the probes before all else: they use the container's own name as the host."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path)
        return probe(request) if probe else self.get_response(request)


def _came_through_proxy(request: HttpRequest) -> bool:
    return "HTTP_X_FORWARDED_FOR" in request.META


@cache
def _check_installation() -> None:
    """Raise NotReady if something is missing. Only success is remembered."""
    for reason, is_missing in MISSING.items():
        if is_missing():
            raise NotReady(reason)


def _esp_status() -> dict[str, Any]:
    backlog = recent_backlog()
    delivery = backlog and {
        "pending": backlog.pending,
        "oldest_pending_seconds": round(backlog.oldest_seconds),
        "paused": backlog.pause.reason if backlog.pause else None,
    }
    return {"delivery": delivery, "esp": {"breaker": get_client().breaker.state}}
