from http import HTTPStatus

from esp.backends.answer import Answer
from esp.backends.http import HTTPBackend
from esp.errors import ContactRejected, ESPError


class SendGridBackend(HTTPBackend):
    """Twilio SendGrid's marketing contacts.

    https://www.twilio.com/docs/sendgrid/api-reference/contacts

    A contact is known when the account has it, on our list or not. An accepted addition (202)
    counts as added, though SendGrid performs it minutes later and the look-up does not show it
    until then; whoever adds must remember having done so. The addition is an upsert that
    changes no field and lifts no suppression. `base_url` is another for EU subusers.
    """

    vendor = "SendGrid"
    default_url = "https://api.sendgrid.com"
    list_path = "v3/marketing/lists/{}"
    retry_headers = ("Retry-After", "X-RateLimit-Reset")

    def key_headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"}

    def has_contact(self, email: str) -> bool:
        answer = self.send(
            "POST",
            "v3/marketing/contacts/search/emails",
            json={"emails": [email]},
            handles={HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND},
        )
        # None of the addresses found is a 404; other 404s (a wrong base_url) are no JSON object.
        if answer.status == HTTPStatus.NOT_FOUND and isinstance(answer.content, dict):
            return False
        if answer.find("result", email, "contact", "id") is not None:
            return True
        if "not found" in answer.text("result", email, "error"):
            return False
        raise self._refused(answer)

    def add_contact(self, email: str) -> None:
        answer = self.send(
            "PUT",
            "v3/marketing/contacts",
            json={"list_ids": [self.list_id], "contacts": [{"email": email}]},
            handles={HTTPStatus.BAD_REQUEST},
        )
        if not answer.text("job_id"):
            raise self._refused(answer)

    def _refused(self, answer: Answer) -> ESPError:
        field = answer.text("errors", 0, "field")
        message = answer.text("errors", 0, "message")
        if "list_ids" in field or "list id" in message:
            return self.misconfigured("does not know the list")
        if "email" in field + message and "valid" in message:
            return ContactRejected("SendGrid calls the address invalid")
        return self.failure(answer)
