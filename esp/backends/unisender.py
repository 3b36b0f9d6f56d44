from collections.abc import Mapping
from typing import Any

from esp.backends.answer import EMAIL_WORD, Answer, address_of
from esp.backends.base import NO_FIELDS, Fields, as_text
from esp.backends.http import HTTPBackend
from esp.errors import ContactRejected, ESPError

OPERATOR_CODES = {"invalid_api_key", "access_denied", "unknown_method", "not_enough_money"}
LIMIT_WINDOW = 60.0  # seconds; limits are calls per minute


class UnisenderBackend(HTTPBackend):
    """Unisender's contacts, https://www.unisender.com/ru/support/api/contacts/subscribe/.

    A contact is known if the account has it, on our list or not. All answers are HTTP 200, errors
    too; codes: https://www.unisender.com/ru/support/api/common/api-errors/. Additions declare that
    consent was given (double_optin=3) and keep old values (overwrite=0). With `double_optin`
    Unisender mails an invitation (double_optin=0). Its documents do not say what an addition does
    to an unsubscribed contact, so the look-up always comes first. They do not say how an error
    about the address is worded either; an unknown error is retried.
    """

    vendor = "Unisender"
    default_url = "https://api.unisender.com/ru/api"
    error_path = ("code",)
    calls_per_second = 5.0  # 300 in 60 seconds, says its page on subscribe
    identifiers = ("email", "phone", "tags", "email_status", "phone_status")

    def has_contact(self, email: str) -> bool:
        answer = self._call("getContact", {"email": email})
        if answer.text("code") == "object_not_found":
            return False
        if address_of(answer.find("result", "email", "email")) != email:
            raise self.failure(answer)
        return True

    def add_contact(self, email: str) -> None:
        self.add_contact_with(email, NO_FIELDS)

    def add_contact_with(self, email: str, fields: Fields) -> None:
        contact = {"list_ids": self.list_id, "fields[email]": email}
        contact |= {f"fields[{name}]": as_text(value) for name, value in fields.items()}
        if self.tags:
            contact["tags"] = ",".join(self.tags)
        contact["double_optin"] = "0" if self.double_optin else "3"
        answer = self._call("subscribe", contact | {"overwrite": "0"})
        if not answer.find("result", "person_id"):
            raise self.failure(answer)

    def add_again(self, email: str, fields: Fields = NO_FIELDS) -> None:
        # An upsert, and the look-up that found nothing may be hours old.
        if not self.has_contact(email):
            self.add_contact_with(email, fields)

    def remove_contact(self, email: str) -> None:
        # Source: https://www.unisender.com/ru/support/api/contacts/importcontacts/
        if not self.has_contact(email):
            return
        row = {"data[0][0]": email, "data[0][1]": "1"}
        names = {"field_names[0]": "email", "field_names[1]": "delete"}
        answer = self._call("importContacts", names | row)
        if answer.find("result", "deleted") != 1:
            raise self.failure(answer)

    def check_list(self) -> Answer:
        answer = self._call("getLists", {})
        lists = answer.rows("result")
        if lists is None:
            raise self.failure(answer)
        if self.list_id not in {str(one.get("id")) for one in lists}:
            raise self.unknown_list()
        return answer

    def field_names(self) -> set[str]:
        return self.names_in(self._call("getFields", {}), "result")

    def _call(self, method: str, form: Mapping[str, Any]) -> Answer:
        # The key goes into the body: URLs end up in logs, and the API has no header for it.
        return self.send(
            "POST", method, params={"format": "json"}, data={"api_key": self.api_key} | dict(form)
        )

    def failure(self, answer: Answer) -> ESPError:
        code, text = answer.text("code"), answer.text("error")
        if code in OPERATOR_CODES:
            return self.misconfigured(f"answered {code}")
        if code.startswith("api_call_limit_exceeded"):
            return self.limited("allows no more calls this minute", LIMIT_WINDOW)
        if code == "invalid_arg" and "list_id" in text:
            return self.unknown_list()
        if code == "invalid_arg" and EMAIL_WORD.search(text):
            return ContactRejected("Unisender calls the address invalid")
        if code and answer.is_2xx:
            reason = f"answered an error{answer.code()}"
            return self.unavailable(reason, answered=code != "retry_later")
        return super().failure(answer)
