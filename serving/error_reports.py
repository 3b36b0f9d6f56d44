"""Error reports to Sentry, if the operator wants them: what failed and where, but no visitor."""

from typing import Any

import sentry_sdk
from django.core.exceptions import ImproperlyConfigured
from sentry_sdk.utils import BadDsn

from serving.logs import is_database_error, log_context, scrub


def start(dsn: str) -> None:
    """Report errors from now on; raise ImproperlyConfigured for a wrong DSN."""
    try:
        sentry_sdk.init(
            dsn,
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            before_send=clean,
        )
    except BadDsn as error:
        raise ImproperlyConfigured(
            "SENTRY_DSN is not a DSN, such as https://key@host/1."
        ) from error


def clean(event: Any, _hint: dict[str, Any]) -> Any:
    """Return the report without what a visitor sent, and without addresses."""
    request = event.get("request", {})
    event["request"] = {"method": request.get("method")}
    event.pop("user", None)
    for exception in event.get("exception", {}).get("values", ()):
        if is_database_error(exception.get("module")):
            exception["value"] = ""
    event["tags"] = event.get("tags", {}) | {**log_context.get()}
    return scrub(event)
