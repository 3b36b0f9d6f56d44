import re
from collections.abc import Mapping
from typing import Any

from esp.backends.answer import Answer
from esp.backends.http import HTTPBackend
from esp.errors import ContactRejected, ESPError

OPERATORS_BUSINESS = {"invalid_api_key", "access_denied", "unknown_method", "not_enough_money"}
LIMIT_WINDOW = 60.0  # limits are so many calls a minute


class UnisenderBackend(HTTPBackend):
    """Unisender's contacts, https://www.unisender.com/ru/support/api/contacts/subscribe/.

    A contact is known when the account has it, on our list or not. All answers, errors too, are
    HTTP 200; codes: https://www.unisender.com/ru/support/api/common/api-errors/. Additions claim
    that consent is held (double_optin=3) and keep old values (overwrite=0). Not confirmed by its
    documents: what an addition does to an unsubscribed contact; hence the look-up always comes
    first. Nor the wording of an error about the address: an unknown one is tried again.
    """

    vendor = "Unisender"
    default_url = "https://api.unisender.com/ru/api"

    def has_contact(self, email: str) -> bool:
        answer = self._call("getContact", {"email": email})
        if answer.text("code") == "object_not_found":
            return False
        if isinstance(answer.find("result", "email"), dict):
            return True
        raise self._refused(answer)

    def add_contact(self, email: str) -> None:
        contact = {"list_ids": self.list_id, "fields[email]": email}
        answer = self._call("subscribe", contact | {"double_optin": "3", "overwrite": "0"})
        if answer.find("result", "person_id") is None:
            raise self._refused(answer)

    def check_list(self) -> None:
        answer = self._call("getLists", {})
        lists = answer.find("result")
        if not isinstance(lists, list):
            raise self._refused(answer)
        if self.list_id not in {str(one.get("id")) for one in lists if isinstance(one, dict)}:
            raise self.misconfigured("does not know the list")

    def _call(self, method: str, form: Mapping[str, Any]) -> Answer:
        # The key goes in the body, as a URL stands in logs and the API knows no header for it.
        return self.send(
            "POST", method, params={"format": "json"}, data={"api_key": self.api_key} | dict(form)
        )

    def _refused(self, answer: Answer) -> ESPError:
        code, text = answer.text("code"), answer.text("error")
        if code in OPERATORS_BUSINESS:
            return self.misconfigured(f"answered {code}")
        if code.startswith("api_call_limit_exceeded"):
            return self.unavailable("allows no more calls this minute", retry_after=LIMIT_WINDOW)
        if code == "invalid_arg" and "list_id" in text:
            return self.misconfigured("does not know the list")
        if code == "invalid_arg" and re.search(r"e-?mail|адрес", text):
            return ContactRejected("Unisender calls the address invalid")
        return self.unavailable(f"answered an error{answer.code()}")
