from http import HTTPStatus
from urllib.parse import quote

from esp.backends.answer import Answer
from esp.backends.http import HTTPBackend
from esp.errors import ContactRejected, ESPError


class BrevoBackend(HTTPBackend):
    """Brevo's contacts, https://developers.brevo.com/reference.

    A contact is known when the account has it, on our list or not. Answers of the wire:
    getbrevo/brevo-php (specification), pass-culture/pass-culture-main#22628 and #22659 (errors).
    """

    vendor = "Brevo"
    default_url = "https://api.brevo.com/v3"
    list_path = "contacts/lists/{}"
    numeric_list = True
    retry_headers = ("Retry-After", "x-sib-ratelimit-reset")

    def key_headers(self) -> dict[str, str]:
        return {"api-key": self.api_key}

    def has_contact(self, email: str) -> bool:
        # Without its type an address of digits only could be read as a contact's number.
        answer = self.send(
            "GET",
            f"contacts/{quote(email, safe='')}",
            params={"identifierType": "email_id"},
            handles={HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND},
        )
        if answer.text("code") == "document_not_found" and answer.status == HTTPStatus.NOT_FOUND:
            return False
        if answer.find("id") is None:
            raise self._refused(answer)
        return True

    def add_contact(self, email: str) -> None:
        contact = {"email": email, "listIds": [self.list_number()], "updateEnabled": False}
        answer = self.send("POST", "contacts", json=contact, handles={HTTPStatus.BAD_REQUEST})
        if answer.status == HTTPStatus.BAD_REQUEST and not _is_duplicate(answer):
            raise self._refused(answer)

    def remove_contact(self, email: str) -> None:
        answer = self.send(
            "DELETE",
            f"contacts/{quote(email, safe='')}",
            params={"identifierType": "email_id"},
            handles={HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND},
        )
        if answer.status < HTTPStatus.BAD_REQUEST:
            return
        if answer.text("code") != "document_not_found" or answer.status != HTTPStatus.NOT_FOUND:
            raise self._refused(answer)

    def _refused(self, answer: Answer) -> ESPError:
        message = answer.text("message")
        if message.startswith("invalid email"):
            return ContactRejected("Brevo calls the address invalid")
        if message.startswith(("invalid list", "list")):
            return self.misconfigured("does not know the list")
        return self.failure(answer)


def _is_duplicate(answer: Answer) -> bool:
    """Tell a contact that exists from any other conflict (of a phone number, say).

    The code has been `duplicate_parameter` and `invalid_parameter`; the metadata may be missing.
    """
    identifiers = answer.find("metadata", "duplicate_identifiers")
    if identifiers is None:
        return answer.text("code") == "duplicate_parameter"
    return isinstance(identifiers, list) and "email" in identifiers
