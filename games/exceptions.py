"""Reasons to refuse a play, as HTTP errors."""

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, UnsupportedMediaType


class KeyReused(APIException):
    """The idempotency key already belongs to a play of another address."""

    status_code = 422
    default_detail = _("This Idempotency-Key was used with another address. Make a new one.")


class BodyTooLarge(APIException):
    """The request's body is larger than any address needs."""

    status_code = 413
    default_detail = _("The request is too large.")


class LengthRequired(APIException):
    """The body comes in chunks, which Django would read as empty."""

    status_code = 411
    default_detail = _("The request must state its Content-Length.")


class UnknownBody(UnsupportedMediaType):
    """The body is neither JSON nor a form."""

    default_detail = _(
        "Unsupported media type “{media_type}”. Send application/json, text/plain with JSON, "
        "application/x-www-form-urlencoded or multipart/form-data."
    )


class TooManyPlays(APIException):
    """The play is over a limit; nothing is counted. `wait`: seconds until the next try."""

    status_code = 429
    default_detail = _("Too many plays. Try again later.")

    def __init__(self, wait: int) -> None:
        super().__init__()
        self.wait = max(1, wait)  # DRF makes the Retry-After header of it


class NotRunning(APIException):
    """The campaign has not begun yet, or is over; nothing is counted."""

    status_code = 403

    def __init__(self, detail: str) -> None:
        super().__init__({"detail": detail, "code": "not_running"})
