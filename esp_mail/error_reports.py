"""Reports of errors to Sentry, if the operator wants them: where and what, but of nobody."""

from typing import Any

import sentry_sdk
from django.core.exceptions import ImproperlyConfigured
from sentry_sdk.utils import BadDsn

from esp_mail.logs import about, is_databases_own, scrub


def start(dsn: str) -> None:
    """Report from now on."""
    try:
        sentry_sdk.init(
            dsn,
            send_default_pii=False,
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
    """Return the report without what a visitor sent, and with no address anywhere."""
    request = event.get("request", {})
    event["request"] = {"method": request.get("method")}
    event.pop("user", None)
    for exception in event.get("exception", {}).get("values", ()):
        if is_databases_own(exception.get("module")):
            exception["value"] = ""
    event["tags"] = event.get("tags", {}) | {**about.get()}
    return scrub(event)
