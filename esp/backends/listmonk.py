import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.checks import CheckMessage, Error

from esp.backends.answer import Answer
from esp.backends.http import HTTPBackend, basic
from esp.errors import ContactRejected, ESPError


class ListmonkBackend(HTTPBackend):
    """Subscribers of a self-hosted listmonk, https://listmonk.app/docs/apis/subscribers/.

    `api_key` is "user:token" of an API user, `base_url` the server without /api. A contact is
    known when the server has it, on our list or not. Lists with double opt-in mail a confirmation.
    Read in its source (knadh/listmonk): a look-up is a regular expression on address and name;
    bad credentials are a 403; the address is unique, so two additions cannot both succeed.
    """

    vendor = "listmonk"
    list_path = "api/lists/{}"
    numeric_list = True

    def check(self) -> Iterator[CheckMessage]:
        yield from super().check()
        if self.api_key and ":" not in self.api_key:
            yield Error(
                "The api_key in ESP_OPTIONS is not of the form user:token.",
                hint="listmonk shows both when you make an API user.",
                id="esp.E008",
            )

    def key_headers(self) -> dict[str, str]:
        return {"Authorization": basic(*self.api_key.partition(":")[::2])}

    def has_contact(self, email: str) -> bool:
        return bool(self._find(email))

    def _find(self, email: str) -> list[dict[str, Any]]:
        # Not the parameter `query`: that one is SQL, and needs a right that API users should lack.
        search = {"search": f"^{re.escape(email)}$"}
        found = self.send("GET", "api/subscribers", params=search).find("data", "results")
        if not isinstance(found, list):
            raise self.unavailable("answered without a list of subscribers")
        # Somebody else's name may match.
        return [
            one for one in found if isinstance(one, dict) and str(one.get("email")).lower() == email
        ]

    def add_contact(self, email: str) -> None:
        contact = {"email": email, "name": "", "status": "enabled", "lists": [self.list_number()]}
        answer = self.send(
            "POST",
            "api/subscribers",
            json=contact,
            handles={HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT},
        )
        if answer.status == HTTPStatus.BAD_REQUEST:
            raise self._refused(answer)

    def remove_contact(self, email: str) -> None:
        for one in self._find(email):
            if not isinstance(one.get("id"), int):
                raise self.unavailable("answered without a subscriber's number")
            self.send("DELETE", f"api/subscribers/{one['id']}")

    def _refused(self, answer: Answer) -> ESPError:
        message = answer.text("message")
        if "invalid e" in message or "domain is blocklisted" in message:
            return ContactRejected("listmonk refuses the address or its domain")
        return self.failure(answer)
