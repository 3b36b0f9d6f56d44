import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from esp.backends.answer import Answer, address_of
from esp.backends.base import NO_FIELDS, Fields, as_text
from esp.backends.http import HTTPBackend
from esp.errors import ContactRejected, ESPError

OWN_FIELDS = {
    "first_name", "last_name", "address_line_1", "address_line_2", "city", "country", "postal_code",
    "state_province_region",
}  # fmt: skip


# The field of an error about the address: emails, contacts[0].email, email_addresses.
EMAIL_FIELD = re.compile(r"(^|\.)(email|emails|email_addresses)(\[\d+\])?$")


class SendGridBackend(HTTPBackend):
    """Twilio SendGrid's marketing contacts.

    https://www.twilio.com/docs/sendgrid/api-reference/contacts

    A contact is known if the account has it, on our list or not. An accepted addition (202) counts
    as added, although SendGrid carries it out minutes later and look-ups do not show it until then.
    The addition is an upsert that lifts no suppression; it changes those fields of a known contact
    that it names, so a look-up always comes first. Two additions of one contact within the minutes
    until look-ups show it can still overwrite each other's fields. A custom field goes by its id.
    EU subusers need `base_url`: https://api.eu.sendgrid.com.
    """

    vendor = "SendGrid"
    default_url = "https://api.sendgrid.com"
    list_path = "v3/marketing/lists/{}"
    error_path = ("errors", 0, "message")
    retry_headers = ("Retry-After", "X-RateLimit-Reset")
    calls_per_second = 10.0  # not published
    right_probes = (
        ("PUT", "v3/marketing/contacts", {"contacts": []}),
        ("POST", "v3/recipients/erasejob", {"email_addresses": []}),
    )
    bulk_size = 100
    identifiers = ("email", "phone_number_id", "external_id", "anonymous_id", "alternate_emails")
    no_tags = "SendGrid's contacts have no tags: use ESP_FIELDS"
    no_double_optin = "SendGrid has none: ask for MAILING_CONSENT, or use another ESP"

    def key_headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"}

    def has_contact(self, email: str) -> bool:
        answer = self._search([email])
        known = _found(answer, [email])[email]
        if known is None:
            raise self.failure(answer)
        return known

    def add_contact(self, email: str) -> None:
        self._add([email])

    def add_contact_with(self, email: str, fields: Fields) -> None:
        self._add([email], {email: fields})

    def add_again(self, email: str, fields: Fields = NO_FIELDS) -> None:
        # The look-up that found nothing may be hours old.
        if not (fields and self.has_contact(email)):
            self._add([email], {email: fields})

    def field_names(self) -> set[str]:
        answer = self.send("GET", "v3/marketing/field_definitions")
        return OWN_FIELDS | self.names_in(answer, "custom_fields", key="id")

    def settle_many(
        self, emails: Sequence[str], fields: Mapping[str, Fields] = NO_FIELDS
    ) -> dict[str, bool]:
        answer = self._search(emails)
        found = _found(answer, emails)
        if absent := [email for email, known in found.items() if known is False]:
            self._add(absent, fields)
        return {email: known for email, known in found.items() if known is not None}

    def remove_contact(self, email: str) -> None:
        # A job that SendGrid carries out later, for a known and an unknown address alike. Source:
        # https://www.twilio.com/docs/sendgrid/api-reference/recipients-data-erasure-api
        erase = {"email_addresses": [email]}
        self._start_job("POST", "v3/recipients/erasejob", erase)

    def _search(self, emails: Sequence[str]) -> Answer:
        path = "v3/marketing/contacts/search/emails"
        # A 404: none of the addresses was found.
        return self.send("POST", path, json={"emails": [*emails]}, handles={404})

    def _add(self, emails: Sequence[str], fields: Mapping[str, Fields] = NO_FIELDS) -> None:
        contacts = [_contact(email, fields.get(email, NO_FIELDS)) for email in emails]
        added = {"list_ids": [self.list_id], "contacts": contacts}
        self._start_job("PUT", "v3/marketing/contacts", added)

    def _start_job(self, method: str, path: str, content: dict[str, Any]) -> None:
        answer = self.send(method, path, json=content, success=202)
        if not answer.text("job_id"):
            raise self.not_its_json()

    def failure(self, answer: Answer) -> ESPError:
        if answer.status == HTTPStatus.BAD_REQUEST:
            field = answer.text("errors", 0, "field")
            message = answer.text("errors", 0, "message")
            if "list_ids" in field or "list id" in message:
                return self.unknown_list()
            about_address = EMAIL_FIELD.search(field) or (not field and "email" in message)
            if about_address and "valid" in message:
                return ContactRejected("SendGrid calls the address invalid")
        return super().failure(answer)


def _contact(email: str, fields: Fields) -> dict[str, Any]:
    """Return a new contact; what SendGrid has no name for is a custom field, by its id."""
    texts = {name: as_text(value) for name, value in fields.items()}
    contact: dict[str, Any] = {"email": email}
    contact |= {name: text for name, text in texts.items() if name in OWN_FIELDS}
    custom = {name: text for name, text in texts.items() if name not in OWN_FIELDS}
    return contact | ({"custom_fields": custom} if custom else {})


def _found(answer: Answer, emails: Sequence[str]) -> dict[str, bool | None]:
    """Return whether the search found each address; None if its answer does not say."""
    result = answer.find("result")
    shown = {address_of(one): one for one in result} if isinstance(result, dict) else {}
    return {email: _was_found(answer, email, shown.get(email, email)) for email in emails}


def _was_found(answer: Answer, email: str, shown: str) -> bool | None:
    """Return it of one address. `shown`: the address as SendGrid writes it."""
    contact = ("result", shown, "contact")
    if answer.find(*contact, "id") is not None:
        others = answer.find(*contact, "alternate_emails")
        addresses = [answer.find(*contact, "email"), *(others if isinstance(others, list) else ())]
        return email in map(address_of, addresses) or None
    if "not found" in answer.text("result", shown, "error"):
        return False
    # The 404 of a wrong base_url is not such an object.
    is_sendgrids = answer.text("errors", 0, "message") or isinstance(answer.find("result"), dict)
    return False if answer.status == HTTPStatus.NOT_FOUND and is_sendgrids else None
