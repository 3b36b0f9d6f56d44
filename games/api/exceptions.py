"""What the staff API refuses besides a wrong field."""

from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException


class AddressTaken(APIException):
    """Another game has the address; the answer names it."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = _("There is a game of this address.")
    default_code = "address_taken"

    def __init__(self, game_id: int) -> None:
        super().__init__()
        self.detail = {"detail": self.detail, "id": game_id}  # type: ignore[dict-item]


class AddressErased(APIException):
    """Whose address it is was forgotten: that is not undone by hand."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = _("This person was erased. Only they can come back.")
    default_code = "address_erased"


class VersionRequired(APIException):
    """The change does not say which version of the game it was made from."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_detail = _("Read the game first, and send its ETag as If-Match.")
    default_code = "version_required"


class VersionOutdated(APIException):
    """The game has changed since the client read it."""

    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = _("The game has changed since you read it. Read it again.")
    default_code = "version_outdated"
