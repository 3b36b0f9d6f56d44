from http import HTTPStatus
from urllib.parse import quote

from esp.backends.answer import Answer
from esp.backends.http import HTTPBackend
from esp.errors import ContactRejected, ESPError

JSON_API = "application/vnd.api+json"


class KlaviyoBackend(HTTPBackend):
    """Klaviyo's profiles, https://developers.klaviyo.com/en/reference/create_profile.

    A contact is known when the account has the profile, on our list or not. Adding takes two
    calls: the profile, then its place on the list, which leaves its consent alone. Never the
    subscription jobs: they lift the suppression of people who unsubscribed.
    """

    vendor = "Klaviyo"
    default_url = "https://a.klaviyo.com"
    list_path = "api/lists/{}"

    def key_headers(self) -> dict[str, str]:
        return {
            "Authorization": f"Klaviyo-API-Key {self.api_key}",
            "revision": "2026-07-15",  # each lives for two years, then answers 410
            "Accept": JSON_API,
            "Content-Type": JSON_API,
        }

    def has_contact(self, email: str) -> bool:
        escaped = email.replace("\\", r"\\").replace('"', r"\"")
        condition = {"filter": f'equals(email,"{escaped}")'}
        profiles = self.send("GET", "api/profiles", params=condition).find("data")
        if not isinstance(profiles, list):
            raise self.unavailable("answered without a list of profiles")
        return bool(profiles)

    def add_contact(self, email: str) -> None:
        profile = {"type": "profile", "attributes": {"email": email}}
        answer = self.send(
            "POST",
            "api/profiles",
            json={"data": profile},
            handles={HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT},
        )
        if (
            answer.status == HTTPStatus.CONFLICT
            and answer.text("errors", 0, "code") == "duplicate_profile"
        ):
            return
        number = answer.find("data", "id")
        if not isinstance(number, str):
            raise self._refused(answer)
        self._put_on_list(number)

    def remove_contact(self, email: str) -> None:
        # A job that Klaviyo performs later, as its privacy rules want. Needs data-privacy:write.
        profile = {"data": {"type": "profile", "attributes": {"email": email}}}
        job = {"type": "data-privacy-deletion-job", "attributes": {"profile": profile}}
        answer = self.send(
            "POST",
            "api/data-privacy-deletion-jobs",
            json={"data": job},
            handles={HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND},
        )
        unknown = answer.status == HTTPStatus.NOT_FOUND and answer.text("errors", 0, "code")
        if answer.status >= HTTPStatus.BAD_REQUEST and not unknown:
            raise self._refused(answer)

    def _put_on_list(self, number: str) -> None:
        members = {"data": [{"type": "profile", "id": number}]}
        self.send(
            "POST",
            f"{self.list_path.format(quote(self.list_id, safe=''))}/relationships/profiles",
            json=members,
        )

    def _refused(self, answer: Answer) -> ESPError:
        if answer.text("errors", 0, "source", "pointer") == "/data/attributes/email":
            return ContactRejected("Klaviyo calls the address invalid")
        return self.failure(answer)
