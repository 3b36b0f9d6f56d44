"""What a play can be refused for, and its translation into HTTP, done once for all views."""

import logging
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

logger = logging.getLogger(__name__)

RETRY_AFTER = 5  # seconds; about what a restarting PostgreSQL needs


class IdempotencyKeyReused(APIException):
    """The key already stands for a play of another address."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = _("This Idempotency-Key was used with another address. Make a new one.")
    default_code = "idempotency_key_reused"


class BodyTooLarge(APIException):
    """The request's body is larger than any address needs."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = _("The request is too large.")
    default_code = "body_too_large"


class LengthRequired(APIException):
    """The body comes in chunks; Django would take it for empty."""

    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_detail = _("The request must state its Content-Length.")
    default_code = "length_required"


class DatabaseUnavailable(APIException):
    """The database does not answer; nothing was counted, or a retry with the same key tells."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = _("The service is not available at the moment. Try again in a few seconds.")
    default_code = "unavailable"
    wait = RETRY_AFTER  # DRF makes a Retry-After header of it


def database_is_away(error: BaseException | None) -> bool:
    """Return whether the database cannot be reached, or has just broken off.

    Where it breaks off within a statement psycopg2 may have no closer class than DatabaseError.
    """
    return isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer 503 where the database is away, 400 to what Django finds suspicious, and so on."""
    if database_is_away(exc):
        # The driver's text may quote the statement, and with it an address.
        logger.error("database unavailable: %s", type(exc).__name__)
        exc = DatabaseUnavailable()
    elif isinstance(exc, SuspiciousOperation):
        exc = ParseError()
    return drf_exception_handler(exc, context)
