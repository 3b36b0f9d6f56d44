import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from django.core.checks import CheckMessage, Error

from esp.backends.answer import Answer, address_of
from esp.backends.base import NO_FIELDS, AddsInOneCall, Fields
from esp.backends.http import HTTPBackend
from esp.errors import ContactRejected, ESPError

INVALID_ADDRESS = re.compile(r"invalid e-?mail|e-?mail[^,.]*(invalid|not valid)")
NOT_THE_ADDRESS = re.compile(r"attribute|sender|template")


@dataclass(kw_only=True, eq=False, repr=False)
class BrevoBackend(AddsInOneCall, HTTPBackend):
    """Brevo's contacts, https://developers.brevo.com/reference.

    A contact is known if the account has it, on our list or not. Success is a 201 with an id for an
    addition, a 204 for a removal. With `double_optin` Brevo mails the template `template_id`, whose
    link confirms and leads to `redirect_url`; the contact joins the list only then. The answer has
    no body: 201 for a new contact, 204 for a known one. Not confirmed: whether the account has the
    contact before it confirms; if not, a retry after a lost answer mails again. Sources for the
    answers: getbrevo/brevo-php (specification), pass-culture/pass-culture-main#22628 and #22659
    (errors), https://developers.brevo.com/reference/create-doi-contact; for the limit of 10 calls a
    second https://developers.brevo.com/docs/api-limits.
    """

    template_id: int | None = None
    redirect_url: str = ""

    vendor = "Brevo"
    default_url = "https://api.brevo.com/v3"
    list_path = "contacts/lists/{}"
    numeric_list = True
    error_path = ("code",)
    retry_headers = ("Retry-After", "x-sib-ratelimit-reset")
    calls_per_second = 10.0
    identifiers = ("EMAIL", "EXT_ID", "LANDLINE_NUMBER", "SMS", "WHATSAPP")
    no_tags = "Brevo's contacts have no tags: use ESP_FIELDS, or a list of their own"
    right_probes = (("POST", "contacts", {"email": "esp-check", "updateEnabled": False}),)

    def check(self) -> Iterator[CheckMessage]:
        yield from super().check()
        if self.double_optin and not (
            isinstance(self.template_id, int) and str(self.redirect_url).startswith("https://")
        ):
            yield Error(
                "double_optin needs template_id and redirect_url in ESP_OPTIONS.",
                hint="template_id is the number of the mail with the link, redirect_url the"
                " https:// page that a person sees after confirming.",
                id="esp.E013",
            )

    def check_rights(self) -> Iterator[str]:
        yield from super().check_rights()
        if self.double_optin:
            path = f"smtp/templates/{self.template_id}"
            answer = self.send("GET", path, handles={404})
            if not (answer.find("doiTemplate") is True and answer.find("isActive") is True):
                raise self.misconfigured("has no active double opt-in template of this template_id")

    def field_names(self) -> set[str]:
        return self.names_in(self.send("GET", "contacts/attributes"), "attributes")

    def key_headers(self) -> dict[str, str]:
        return {"api-key": self.api_key}

    def has_contact(self, email: str) -> bool:
        answer = self._send_for("GET", email, success=200)
        if answer is None:
            return False
        if answer.find("id") is None or address_of(answer.find("email")) != email:
            raise self.not_its_json()
        return True

    def add_or_find(self, email: str, fields: Fields = NO_FIELDS) -> bool:
        if self.double_optin:
            return self._ask_to_confirm(email, fields)
        contact = _contact(email, fields, listIds=[self.list_number()], updateEnabled=False)
        answer = self.send("POST", "contacts", json=contact, success=201, handles={400})
        if answer.status == HTTPStatus.BAD_REQUEST and _is_duplicate(answer):
            return True
        if answer.status != HTTPStatus.CREATED or not isinstance(answer.find("id"), int):
            raise self.failure(answer)
        return False

    def _ask_to_confirm(self, email: str, fields: Fields) -> bool:
        """Let Brevo mail its confirmation, unless it knows the contact already."""
        if self.has_contact(email):
            return True
        contact = _contact(
            email,
            fields,
            includeListIds=[self.list_number()],
            templateId=self.template_id,
            redirectionUrl=self.redirect_url,
        )
        path = "contacts/doubleOptinConfirmation"
        answer = self.send("POST", path, json=contact, success=201, handles={204})
        return answer.status == HTTPStatus.NO_CONTENT

    def remove_contact(self, email: str) -> None:
        self._send_for("DELETE", email, success=204)

    def failure(self, answer: Answer) -> ESPError:
        if answer.status == HTTPStatus.BAD_REQUEST:
            message = answer.text("message")
            if INVALID_ADDRESS.search(message) and not NOT_THE_ADDRESS.search(message):
                return ContactRejected("Brevo calls the address invalid")
            if message.startswith(("invalid list", "list")):
                return self.unknown_list()
        return super().failure(answer)

    def _send_for(self, method: str, email: str, *, success: int) -> Answer | None:
        """Return the answer about one contact; None if Brevo does not have the contact."""
        path = f"contacts/{quote(email, safe='')}"
        # Without the type, an address of digits could be taken for a contact's number.
        params = {"identifierType": "email_id"}
        answer = self.send(method, path, params=params, success=success, handles={404})
        if answer.status == success:
            return answer
        if answer.text("code") == "document_not_found":
            return None
        raise self.failure(answer)


def _contact(email: str, fields: Fields, **more: Any) -> dict[str, Any]:
    return {"email": email, **more} | ({"attributes": dict(fields)} if fields else {})


def _is_duplicate(answer: Answer) -> bool:
    """Return whether the address exists already, and not only a phone number or the like.

    The code is `duplicate_parameter` or `invalid_parameter`; the metadata may be missing.
    """
    identifiers = answer.find("metadata", "duplicate_identifiers")
    if identifiers is None:
        return answer.text("code") == "duplicate_parameter"
    return isinstance(identifiers, list) and "email" in identifiers
