from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from esp.backends.answer import Answer, address_of
from esp.backends.base import NO_FIELDS, Fields, as_text
from esp.backends.http import BAD_REQUEST, UNKNOWN, HTTPBackend
from esp.errors import ContactRejected, ESPError

OWN_FIELDS = {"first_name", "last_name", "organization", "locale", "title", "image"}
JSON_API = "application/vnd.api+json"
JOBS = "api/profile-subscription-bulk-create-jobs"


class KlaviyoBackend(HTTPBackend):
    """Klaviyo's profiles, https://developers.klaviyo.com/en/reference/create_profile.

    A contact is known if the account has the profile, on our list or not. Adding takes two calls:
    create the profile, then put it on the list, which does not change its consent. With
    `double_optin` a subscription job puts it there, so that Klaviyo mails a confirmation. Such a
    job would re-subscribe people who unsubscribed, so only a profile that this program made, or
    whose consent nobody has ever changed, gets one.
    Success is a 201 with an id for a profile, a 204 for the list, a 202 for a job. Limits: profiles
    750 a minute, the list 150 a minute, so 2.5 contacts of three calls a second,
    https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling.
    """

    vendor = "Klaviyo"
    default_url = "https://a.klaviyo.com"
    list_path = "api/lists/{}"
    list_answer = ("data", "id")
    error_path = ("errors", 0, "code")
    calls_per_second = 7.5
    identifiers = ("email", "phone_number", "external_id", "anonymous_id", "id")
    no_tags = "Klaviyo's profiles have no tags: use ESP_FIELDS"
    right_probes = (
        ("POST", "api/profiles", {"data": {}}),
        ("POST", "{list}/relationships/profiles", {"data": {}}),
        ("POST", "api/data-privacy-deletion-jobs", {"data": {}}),
    )

    def notes_on(self, answer: Answer) -> Iterator[str]:
        confirms = answer.text("data", "attributes", "opt_in_process") == "double_opt_in"
        if confirms and not self.double_optin:
            yield "The list has double opt-in, but contacts skip it: double_optin is not set."
        if self.double_optin:
            if not confirms:
                raise self.misconfigured("has a list of single opt-in, but double_optin is set")
            self.send("POST", JOBS, json={"data": {}}, handles=UNKNOWN)

    def key_headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Klaviyo-API-Key {self.api_key}",
            "revision": "2026-07-15",  # a revision is supported for two years, then answers 410
            "Accept": JSON_API,
            "Content-Type": JSON_API,
        }

    def has_contact(self, email: str) -> bool:
        escaped = email.replace("\\", r"\\").replace('"', r"\"")
        condition = {"filter": f'equals(email,"{escaped}")'}
        answer = self.send("GET", "api/profiles", params=condition, success=200)
        profiles = answer.rows("data")
        if profiles is None:
            raise self.not_its_json()
        for number in range(len(profiles)):
            if address_of(answer.find("data", number, "attributes", "email")) != email:
                raise self.not_its_json()
        return bool(profiles)

    def add_contact(self, email: str) -> None:
        self.add_contact_with(email, NO_FIELDS)

    def add_contact_with(self, email: str, fields: Fields) -> None:
        number, is_new = self._create(email, fields)
        if is_new:
            self._put_on_list(number, email)

    def add_again(self, email: str, fields: Fields = NO_FIELDS) -> None:
        """Put the profile on the list, also one that an earlier attempt may have made."""
        number, is_new = self._create(email, fields)
        if is_new or not self.double_optin or self._never_subscribed(number):
            self._put_on_list(number, email)

    def _never_subscribed(self, number: str) -> bool:
        """Return whether the profile's consent is as new: its person has not decided yet."""
        path = f"api/profiles/{quote(number, safe='')}"
        answer = self.send("GET", path, params={"additional-fields[profile]": "subscriptions"})
        marketing = ("data", "attributes", "subscriptions", "email", "marketing")
        return answer.text(*marketing, "consent") == "never_subscribed"

    def _create(self, email: str, fields: Fields) -> tuple[str, bool]:
        """Make the profile unless it is there; return its id and whether it is new."""
        profile = {"data": _profile(email, fields)}
        answer = self.send("POST", "api/profiles", json=profile, success=201, handles={409})
        is_new = answer.status == HTTPStatus.CREATED
        if is_new:
            number = answer.find("data", "id")
        elif answer.text("errors", 0, "code") == "duplicate_profile":
            number = answer.find("errors", 0, "meta", "duplicate_profile_id")
        else:
            raise self.failure(answer)
        if not isinstance(number, str):
            raise self.not_its_json()
        return number, is_new

    def _put_on_list(self, number: str, email: str) -> None:
        if self.double_optin:
            self._ask_to_confirm(email)
            return
        path = f"{self.our_list_path}/relationships/profiles"
        members = {"data": [{"type": "profile", "id": number}]}
        self.send("POST", path, json=members, success=204)

    def _ask_to_confirm(self, email: str) -> None:
        """Let Klaviyo mail its confirmation: the list must have double opt-in."""
        consent = {"email": {"marketing": {"consent": "SUBSCRIBED"}}}
        attributes = {"email": email, "subscriptions": consent}
        job = {
            "type": "profile-subscription-bulk-create-job",
            "attributes": {"profiles": {"data": [{"type": "profile", "attributes": attributes}]}},
            "relationships": {"list": {"data": {"type": "list", "id": self.list_id}}},
        }
        self.send("POST", JOBS, json={"data": job}, success=202)

    def remove_contact(self, email: str) -> None:
        # Klaviyo runs this job later. The key needs the right data-privacy:write.
        job = {
            "type": "data-privacy-deletion-job",
            "attributes": {"profile": {"data": _profile(email)}},
        }
        path = "api/data-privacy-deletion-jobs"
        answer = self.send("POST", path, json={"data": job}, success=202, handles={404})
        # It may be the path that is not found.
        if answer.status == HTTPStatus.NOT_FOUND and self.has_contact(email):
            raise self.failure(answer)

    def failure(self, answer: Answer) -> ESPError:
        # A profile may be a part of a job, and its address not the only thing that is wrong.
        pointers = [
            answer.text("errors", number, "source", "pointer")
            for number in range(len(answer.rows("errors") or ()))
        ]
        about_address = any(one.endswith("/attributes/email") for one in pointers)
        if answer.status in BAD_REQUEST and about_address:
            return ContactRejected("Klaviyo calls the address invalid")
        return super().failure(answer)


def _profile(email: str, fields: Fields = NO_FIELDS) -> dict[str, object]:
    """Return a profile; what Klaviyo has no name for is a custom property."""
    attributes: dict[str, Any] = {"email": email}
    attributes |= {name: as_text(value) for name, value in fields.items() if name in OWN_FIELDS}
    if custom := {name: value for name, value in fields.items() if name not in OWN_FIELDS}:
        attributes["properties"] = custom
    return {"type": "profile", "attributes": attributes}
