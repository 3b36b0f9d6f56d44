"""What the error answers of Amazon SES mean."""

from http import HTTPStatus
from typing import NamedTuple

from esp.errors import ContactRejected, ESPError, ESPMisconfigured, ESPUnavailable, RateLimited

OPERATOR_CODES = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


class Refusal(NamedTuple):
    """An error answer of AWS. The message may contain the address, so it is never passed on."""

    status: int
    code: str
    message: str


def failure(refusal: Refusal) -> ESPError:
    """Return the error that a refusal means."""
    if refusal.status == HTTPStatus.TOO_MANY_REQUESTS or refusal.code == "ThrottlingException":
        return RateLimited("SES asks for fewer calls")
    if refusal.code == "BadRequestException" and "email" in refusal.message.lower():
        return ContactRejected("SES calls the address invalid")
    # The code of an answer that has none, such as a firewall's, is its status.
    is_explained = not refusal.code.isdigit()
    if (
        refusal.code in OPERATOR_CODES
        or refusal.status == HTTPStatus.UNAUTHORIZED
        or (refusal.status == HTTPStatus.FORBIDDEN and is_explained)
    ):
        return ESPMisconfigured("SES refuses the credentials: check them and their rights")
    if refusal.code == "NotFoundException":
        return ESPMisconfigured("SES does not know the contact list")
    answered = refusal.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return ESPUnavailable(f"SES answered {refusal.status}", answered=answered)
