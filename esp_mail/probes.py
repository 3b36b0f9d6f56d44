"""What machines ask: does the process live, may it serve, what are its numbers.

The last two answer in full only those who come directly: a proxy names for whom it asks.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from esp.gate import get_gate
from esp_mail.metrics import registry
from games.debts import recent_debts
from games.metrics import DebtsCollector


class MigrationsMissing(Exception):
    """The database has not the tables of this code."""


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer that the process lives."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if plays can be counted, else 503. How it stands with the ESP is only shown.

    Not by django-health-check 4.8: it answers 500, and tells of a check in JSON only whether it
    failed.
    """
    try:
        _check_database()
    except (Error, MigrationsMissing) as error:  # not its text, which quotes the connection
        body: dict[str, Any] = {"ready": False, "reason": type(error).__name__}
    else:
        body = {"ready": True} | ({} if _passed_on(request) else _standing())
    return JsonResponse(body, status=200 if body["ready"] else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer what Prometheus collects."""
    if _passed_on(request):
        return HttpResponse("Not found.", status=404, content_type="text/plain")
    shown = generate_latest(registry(DebtsCollector()))
    return HttpResponse(shown, content_type=CONTENT_TYPE_LATEST)


PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
}


def _passed_on(request: HttpRequest) -> bool:
    return "HTTP_X_FORWARDED_FOR" in request.META


def _check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    _check_migrations()


@cache
def _check_migrations() -> None:
    """Raise MigrationsMissing; looked for until they are there, which they then stay."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise MigrationsMissing


def _standing() -> dict[str, Any]:
    debts = recent_debts()
    delivery = debts and {
        "pending": debts.pending,
        "oldest_pending_seconds": round(debts.oldest_seconds),
        "paused": debts.pause_reason or None,
    }
    return {"delivery": delivery, "esp": {"breaker": get_gate().breaker.state}}
