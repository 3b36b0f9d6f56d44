"""Errors that any view of the API may meet, translated into HTTP once."""

import logging
from typing import Any

from django.core.exceptions import SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _
from psycopg2.errors import ReadOnlySqlTransaction
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

logger = logging.getLogger(__name__)


class DatabaseUnavailable(APIException):
    """The database does not answer. Nothing was counted, or a retry with the same key tells."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = _("The service is not available at the moment. Try again in a few seconds.")
    default_code = "unavailable"
    # Seconds, about what a restarting PostgreSQL needs. DRF makes the Retry-After header of it.
    wait = 5


def database_is_unavailable(error: BaseException | None) -> bool:
    """Return whether the error means that the database is away, has just gone, or is a standby.

    Within a statement psycopg2 may raise no closer class than DatabaseError.
    """
    if isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError:
        return True
    return isinstance(error, DatabaseError) and isinstance(error.__cause__, ReadOnlySqlTransaction)


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Return 503 if the database is unavailable, 400 for a suspicious request, else as DRF does."""
    if database_is_unavailable(exc):
        # Not the driver's text: it may contain the statement, and with it an address.
        logger.error("database unavailable: %s", type(exc).__name__)
        exc = DatabaseUnavailable()
    elif isinstance(exc, SuspiciousOperation):
        exc = ParseError()
    return drf_exception_handler(exc, context)
