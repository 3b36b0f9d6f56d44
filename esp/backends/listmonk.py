import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.checks import CheckMessage, Error

from esp.backends.answer import EMAIL_WORD, Answer, address_of
from esp.backends.base import NO_FIELDS, AddsInOneCall, Fields
from esp.backends.http import HTTPBackend, basic
from esp.errors import ContactRejected, ESPError, ESPMisconfigured


class ListmonkBackend(AddsInOneCall, HTTPBackend):
    """Subscribers of a self-hosted listmonk, https://listmonk.app/docs/apis/subscribers/.

    `api_key` is "user:token" of an API user, `base_url` the server without /api. A contact is known
    if the server has it, on our list or not. Needs listmonk 5.0 or later, and an API user with the
    permissions subscribers:manage and subscribers:get_all and with manage rights for the list.
    Success is a 200 with the subscriber on our list; for a removal, a DELETE that answers true, or
    an empty look-up that repeats what was searched. Lists with double opt-in send a confirmation
    mail, whatever `double_optin` is. Fields and tags become attributes, the tags as "tags".
    From its source (knadh/listmonk): a look-up is a regular expression on address and name; bad
    credentials are a 403; the address is unique, so two additions cannot both succeed.
    """

    vendor = "listmonk"
    list_path = "api/lists/{}"
    list_answer = ("data", "id")
    error_path = ("message",)
    numeric_list = True
    identifiers = ("tags",)
    right_probes = (
        ("POST", "api/subscribers", {"email": "esp-check", "name": ""}),
        ("DELETE", "api/subscribers/0", None),
    )

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

    def notes_on(self, answer: Answer) -> Iterator[str]:
        confirms = answer.text("data", "optin") == "double"
        if self.double_optin and not confirms:
            raise self.misconfigured("has a list of single opt-in, but double_optin is set")
        if confirms and not self.double_optin:
            yield "The list has double opt-in: listmonk mails each new contact a confirmation."
        self._find("esp-check@example.com")

    def add_or_find(self, email: str, fields: Fields = NO_FIELDS) -> bool:
        # The look-up reads the whole table, so an addition comes first.
        ours = self.list_number()
        contact: dict[str, Any] = {"email": email, "name": "", "status": "enabled", "lists": [ours]}
        attributes = dict(fields)
        if self.tags:
            attributes["tags"] = [*self.tags]
        if attributes:
            contact["attribs"] = attributes
        answer = self.send("POST", "api/subscribers", json=contact, handles={409})
        if answer.status == HTTPStatus.CONFLICT and EMAIL_WORD.search(answer.text("message")):
            return True
        lists = answer.rows("data", "lists")
        if lists is None or address_of(answer.find("data", "email")) != email:
            raise self.failure(answer)
        if ours not in [one.get("id") for one in lists]:
            raise ESPMisconfigured(
                "listmonk made the contact but did not put it on the list: it is not there, or the"
                " API user lacks the right to manage it",
                half_done=True,
            )
        return False

    def add_again(self, email: str, fields: Fields = NO_FIELDS) -> None:
        if self.add_or_find(email, fields):
            # Without a status, a contact that has left the list stays as it is.
            ids = self._find(email)
            if not ids:
                raise self.misconfigured("hides a contact: the API user needs subscribers:get_all")
            change = {"ids": ids, "action": "add", "target_list_ids": [self.list_number()]}
            self._change("PUT", "lists", json=change)
            for number in ids if self.double_optin else ():
                # Only an addition mails by itself; this mails for lists that are not confirmed.
                self._change("POST", f"{number}/optin", json={})

    def remove_contact(self, email: str) -> None:
        for number in self._find(email):
            self._change("DELETE", str(number))

    def failure(self, answer: Answer) -> ESPError:
        # Its texts come in the language of the server.
        if answer.status == HTTPStatus.BAD_REQUEST and EMAIL_WORD.search(answer.text("message")):
            return ContactRejected("listmonk refuses the address or its domain")
        return super().failure(answer)

    def _change(self, method: str, path: str, **content: Any) -> None:
        """Change subscribers; the answer to that is true."""
        if self.send(method, f"api/subscribers/{path}", **content).find("data") is not True:
            raise self.not_its_json()

    def _find(self, email: str) -> list[int]:
        """Return the ids of the subscribers with this address: one or none."""
        # Not the parameter `query`: it is SQL, and needs a right that an API user should not have.
        search = {"search": f"^{re.escape(email)}$"}
        answer = self.send("GET", "api/subscribers", params=search)
        found = answer.rows("data", "results")
        if found is None:
            raise self.not_its_json()
        if answer.find("data", "search") != search["search"]:
            raise self.misconfigured("did not search: it is older than version 5")
        # The name of another subscriber may match.
        return [one["id"] for one in found if "id" in one and address_of(one.get("email")) == email]
