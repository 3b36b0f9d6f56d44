import re
from collections.abc import Iterator
from hashlib import md5
from http import HTTPStatus
from urllib.parse import quote

from django.core.checks import CheckMessage, Error

from esp.backends.answer import LONGEST_WAIT, Answer
from esp.backends.http import HTTPBackend, basic
from esp.errors import ContactRejected, ESPError

# What a member that exists, in whatever state, answers to being added.
THERE_ALREADY = {"member exists", "member in compliance state"}


class MailchimpBackend(HTTPBackend):
    """A Mailchimp audience's members, https://mailchimp.com/developer/marketing/api/list-members/.

    A contact is a member of the audience `list_id`, also one that is unsubscribed, cleaned or
    archived. `base_url` defaults to the data centre that the key ends with. Mailchimp sends no
    Retry-After. Its errors, as seen: MicrosoftDocs/BusinessApplicationPlatform-Connectors-public
    issue 69, mailchimp-for-wordpress#798, JustFixNYC/tenants2#1554, verbb/formie#2276.
    """

    vendor = "Mailchimp"
    list_path = "lists/{}?fields=id"

    def __init__(
        self, *, api_key: str, list_id: str | int, base_url: str = "", timeout: float = 5.0
    ) -> None:
        centre = re.search(r"-([a-z]{2,3}\d{1,3})$", api_key)
        if not base_url and centre:
            base_url = f"https://{centre[1]}.api.mailchimp.com/3.0"
        super().__init__(api_key=api_key, list_id=list_id, base_url=base_url, timeout=timeout)

    def check(self) -> Iterator[CheckMessage]:
        if self.api_key and not self.base_url:
            yield Error(
                "The api_key in ESP_OPTIONS does not end with a data centre, as in -us14.",
                hint="Copy the whole key, or set base_url.",
                id="esp.E008",
            )
        else:
            yield from super().check()

    def key_headers(self) -> dict[str, str]:
        return {"Authorization": basic("any", self.api_key)}

    @property
    def _members(self) -> str:
        return f"lists/{quote(self.list_id, safe='')}/members"

    def _member(self, email: str) -> str:
        # MD5 is the API's name for a member, not a protection of it.
        return f"{self._members}/{md5(email.encode(), usedforsecurity=False).hexdigest()}"

    def has_contact(self, email: str) -> bool:
        path = self._member(email)
        answer = self.send("GET", path, params={"fields": "status"}, handles={HTTPStatus.NOT_FOUND})
        if answer.status == HTTPStatus.NOT_FOUND and answer.text("title"):
            return False  # or the audience is unknown: then adding, and check_list, say so
        if not answer.text("status"):
            raise self.failure(answer)
        return True

    def add_contact(self, email: str) -> None:
        # POST, since PUT would change a member that exists. A field that the audience requires
        # must not keep a player out, since all we have is the address.
        answer = self.send(
            "POST",
            self._members,
            params={"skip_merge_validation": "true"},
            json={"email_address": email, "status": "subscribed"},
            handles={HTTPStatus.BAD_REQUEST},
        )
        if answer.status == HTTPStatus.BAD_REQUEST and answer.text("title") not in THERE_ALREADY:
            raise self._refused(answer)

    def remove_contact(self, email: str) -> None:
        # Not DELETE, which archives. After this nobody but the person can join the audience again.
        path = f"{self._member(email)}/actions/delete-permanent"
        answer = self.send("POST", path, handles={HTTPStatus.NOT_FOUND})
        if answer.status == HTTPStatus.NOT_FOUND:
            if not answer.text("title"):
                raise self.failure(answer)
            self.check_list()  # an unknown audience answers the same

    def failure(self, answer: Answer) -> ESPError:
        # Under much load Mailchimp throttles by a 403 that is no JSON.
        if answer.status == HTTPStatus.FORBIDDEN and not answer.content:
            return self.unavailable("answered 403 without a reason, as it does under load")
        return super().failure(answer)

    def _refused(self, answer: Answer) -> ESPError:
        detail = answer.text("detail")
        if answer.text("title") == "forgotten email not subscribed":
            return ContactRejected("Mailchimp deleted this contact for good")
        if "fake or invalid" in detail or "valid email address" in detail:
            return ContactRejected("Mailchimp calls the address fake or invalid")
        if "a lot of lists" in detail:
            reason = "lets this address join no more lists for now"
            return self.unavailable(reason, retry_after=LONGEST_WAIT, answered=True)
        return self.failure(answer)
