import time

from esp.backends.sendgrid import SendGridBackend
from esp.tests.fakes.server import REFUSED, FakeESP, Received, Reply


class FakeSendGrid(FakeESP):
    """Adds at once what the vendor adds minutes later; suppressions are apart from contacts."""

    backend = SendGridBackend
    list_id = "0b6f4b4c-2a5e-4b46-9d6f-3a1b8f0c7d21"

    @property
    def limited(self) -> Reply:  # type: ignore[override]
        errors = {"errors": [{"field": None, "message": "too many requests"}]}
        return Reply(429, errors, {"X-RateLimit-Reset": str(int(time.time()) + 17)})

    def answer(self, request: Received) -> Reply:
        if request.headers.get("authorization", "") != f"Bearer {self.key}":
            return Reply(401, {"errors": [{"message": "authorization required", "field": None}]})
        match request.method, request.segments[1:]:
            case "GET", ["marketing", "lists", number]:
                return Reply(200 if number == self.list_id else 404, {"id": number})
            case "POST", ["marketing", "contacts", "search", "emails"]:
                return self.look_up(request)
            case "PUT", ["marketing", "contacts"]:
                return self.create(request)
        return Reply(599)

    def look_up(self, request: Received) -> Reply:
        [email] = request.json["emails"]
        if email == REFUSED:
            return Reply(400, {"errors": [{"field": "emails", "message": "invalid email"}]})
        if email not in self.contacts:
            return Reply(404, {"result": {email: {"error": "contact not found"}}})
        contact = {"id": "c1", "email": email, "list_ids": []}
        return Reply(200, {"result": {email: {"contact": contact}}})

    def create(self, request: Received) -> Reply:
        [contact] = request.json["contacts"]
        if request.json["list_ids"] != [self.list_id] or set(contact) != {"email"}:
            return Reply(599)
        if contact["email"] == REFUSED:
            error = {"field": "contacts[0].email", "message": "email is not a valid address"}
            return Reply(400, {"errors": [error]})
        self.upsert(contact["email"])
        return Reply(202, {"job_id": "j1"})
