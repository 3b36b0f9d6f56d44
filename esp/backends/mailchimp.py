import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import md5
from http import HTTPStatus
from typing import Any

from django.core.checks import CheckMessage, Error

from esp.backends.answer import LONGEST_WAIT, Answer, address_of
from esp.backends.base import NO_FIELDS, AddsInOneCall, Fields, as_text
from esp.backends.http import HTTPBackend, basic
from esp.errors import ContactRejected, ESPError

STATES = {"subscribed", "unsubscribed", "cleaned", "pending", "transactional", "archived"}
# Titles of the error for adding a member that exists, in any state.
MEMBER_EXISTS = {"member exists", "member in compliance state"}


class MailchimpBackend(AddsInOneCall, HTTPBackend):
    """A Mailchimp audience's members, https://mailchimp.com/developer/marketing/api/list-members/.

    A contact is known if it is a member of the audience `list_id`, also unsubscribed, cleaned or
    archived. Success is a member in one of STATES; for a removal, a 204. With `double_optin` a
    member is pending until it confirms; without it, a member is subscribed at once, whatever the
    audience's own double opt-in. `base_url` defaults to the data centre that the key ends with.
    Mailchimp sends no Retry-After. Sources for its errors:
    MicrosoftDocs/BusinessApplicationPlatform-Connectors-public issue 69,
    mailchimp-for-wordpress#798, JustFixNYC/tenants2#1554, verbb/formie#2276.
    """

    vendor = "Mailchimp"
    list_path = "lists/{}"
    error_path = ("title",)
    list_params = {"fields": "id,double_optin"}  # without the audience's statistics
    calls_per_second = 25.0  # the vendor limits only how many run at once: 10
    right_probes = (("POST", "{list}/members", {"email_address": "esp-check"}),)
    bulk_size = 500
    identifiers = ("EMAIL",)

    def own_url(self) -> str:
        centre = re.search(r"-([a-z]{2,3}\d{1,3})$", self.api_key)
        return f"https://{centre[1]}.api.mailchimp.com/3.0" if centre else ""

    def check(self) -> Iterator[CheckMessage]:
        if self.api_key and not self.base_url:
            yield Error(
                "The api_key in ESP_OPTIONS does not end with a data centre, as in -us14.",
                hint="Copy the whole key, or set base_url.",
                id="esp.E008",
            )
        else:
            yield from super().check()

    def notes_on(self, answer: Answer) -> Iterator[str]:
        if answer.find("double_optin") is True and not self.double_optin:
            yield "The audience has double opt-in, but contacts skip it: double_optin is not set."

    def field_names(self) -> set[str]:
        path = f"{self.our_list_path}/merge-fields"
        params = {"fields": "merge_fields.tag", "count": "1000"}
        return self.names_in(self.send("GET", path, params=params), "merge_fields", key="tag")

    def key_headers(self) -> dict[str, str]:
        return {"Authorization": basic("any", self.api_key)}

    def has_contact(self, email: str) -> bool:
        path = self._member(email)
        fields = {"fields": "status,email_address"}
        answer = self.send("GET", path, params=fields, handles={404})
        if _is_unknown(answer):
            return False  # or the audience is unknown: adding and check_list() then fail
        if not _is_member(answer, email):
            raise self.failure(answer)
        return True

    def _new_member(self, email: str, fields: Fields) -> dict[str, Any]:
        member: dict[str, Any] = {"email_address": email}
        member["status"] = "pending" if self.double_optin else "subscribed"
        if self.tags:
            member["tags"] = [*self.tags]
        if fields:
            member["merge_fields"] = {name: as_text(value) for name, value in fields.items()}
        return member

    def add_or_find(self, email: str, fields: Fields = NO_FIELDS) -> bool:
        # POST, since PUT would change an existing member. Required fields of the audience are
        # skipped, since all we have is the address.
        answer = self.send(
            "POST",
            f"{self.our_list_path}/members",
            params={"skip_merge_validation": "true"},
            json=self._new_member(email, fields),
            success=200,
            handles={400},
        )
        if answer.status == HTTPStatus.BAD_REQUEST and answer.text("title") in MEMBER_EXISTS:
            return True
        if not _is_member(answer, email):
            raise self.failure(answer)
        return False

    def settle_many(
        self, emails: Sequence[str], fields: Mapping[str, Fields] = NO_FIELDS
    ) -> dict[str, bool]:
        answer = self.send(
            "POST",
            self.our_list_path,
            params={"skip_merge_validation": "true"},
            json={
                "members": [self._new_member(one, fields.get(one, NO_FIELDS)) for one in emails],
                "update_existing": False,
            },
        )
        was_there: dict[str, bool] = {}
        for member in answer.rows("new_members") or ():
            was_there[address_of(member.get("email_address"))] = False
        for error in answer.rows("errors") or ():
            if error.get("error_code") == "ERROR_CONTACT_EXISTS":
                was_there[address_of(error.get("email_address"))] = True
        return {email: was_there[email] for email in emails if email in was_there}

    def remove_contact(self, email: str) -> None:
        # Not DELETE, which archives. After this only the person can join the audience again.
        path = f"{self._member(email)}/actions/delete-permanent"
        answer = self.send("POST", path, success=204, handles={404})
        if _is_unknown(answer):
            self.check_list()  # an unknown audience is a 404 too
        elif answer.status != HTTPStatus.NO_CONTENT:
            raise self.failure(answer)

    def failure(self, answer: Answer) -> ESPError:
        # Under load Mailchimp throttles with a 403 that has no body.
        if answer.status == HTTPStatus.FORBIDDEN and answer.content == {}:
            return self.limited("answered 403 without a body, as it does under load")
        if _is_unknown(answer):
            return self.unknown_list()
        about_address = answer.status == HTTPStatus.BAD_REQUEST and self._refusal(answer)
        return about_address or super().failure(answer)

    def _refusal(self, answer: Answer) -> ESPError | None:
        """Return the error if the answer is about the address, else None."""
        detail = answer.text("detail")
        if answer.text("title") == "forgotten email not subscribed":
            return ContactRejected("Mailchimp deleted this contact for good")
        if re.search(r"fake or invalid|valid email address|email address is invalid", detail):
            return ContactRejected("Mailchimp calls the address fake or invalid")
        if "a lot of lists" in detail:
            reason = "lets this address join no more lists for now"
            return self.unavailable(reason, retry_after=LONGEST_WAIT, answered=True)
        return None

    def _member(self, email: str) -> str:
        # The API names a member by the MD5 of the address; it does not protect anything.
        return (
            f"{self.our_list_path}/members/{md5(email.encode(), usedforsecurity=False).hexdigest()}"
        )


def _is_unknown(answer: Answer) -> bool:
    """Return whether Mailchimp knows no such member, or no such audience."""
    is_mailchimps = answer.text("title") == "resource not found"
    return is_mailchimps and answer.status == HTTPStatus.NOT_FOUND


def _is_member(answer: Answer, email: str) -> bool:
    return answer.text("status") in STATES and address_of(answer.find("email_address")) == email
