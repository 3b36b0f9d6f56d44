import time

from esp.backends.sendgrid import SendGridBackend
from testing.esp.server import REFUSED, FakeESP, Received, Reply


class FakeSendGrid(FakeESP):
    """Adds at once what the vendor adds minutes later; suppressions are apart from contacts."""

    backend = SendGridBackend
    fields = ("first_name", "FNAME", "SCORE")
    list_id = "0b6f4b4c-2a5e-4b46-9d6f-3a1b8f0c7d21"

    @property
    def limited(self) -> Reply:  # type: ignore[override]
        errors = {"errors": [{"field": None, "message": "too many requests"}]}
        return Reply(429, errors, {"X-RateLimit-Reset": str(int(time.time()) + 17)})

    def answer(self, request: Received) -> Reply:  # noqa: PLR0911
        if request.headers.get("authorization", "") != f"Bearer {self.key}":
            return Reply(401, {"errors": [{"message": "authorization required", "field": None}]})
        match request.method, request.segments[1:]:
            case "GET", ["marketing", "lists", number]:
                return Reply(200 if number == self.list_id else 404, {"id": number})
            case "POST", ["marketing", "contacts", "search", "emails"]:
                return self.look_up(request)
            case "PUT", ["marketing", "contacts"]:
                return self.create(request)
            case "GET", ["marketing", "field_definitions"]:
                custom = [{"id": name, "name": f"name of {name}"} for name in self.fields[1:]]
                return Reply(200, {"custom_fields": custom, "reserved_fields": []})
            case "POST", ["recipients", "erasejob"]:
                return self.erase(request)
        return Reply(599)

    def look_up(self, request: Received) -> Reply:
        emails = request.json["emails"]
        if REFUSED in emails or len(emails) > 100:
            return Reply(400, {"errors": [{"field": "emails", "message": "invalid email"}]})
        result = {
            email: {"contact": {"id": "c1", "email": email, "list_ids": []}}
            if email in self.contacts
            else {"error": "contact not found"}
            for email in emails
        }
        return Reply(200 if self.contacts.keys() & set(emails) else 404, {"result": result})

    def create(self, request: Received) -> Reply:
        contacts = request.json["contacts"]
        if not contacts:
            return Reply(400, {"errors": [{"field": "contacts", "message": "is required"}]})
        keys = {"email", "first_name", "custom_fields"}
        if request.json["list_ids"] != [self.list_id] or any(set(c) - keys for c in contacts):
            return Reply(599)
        emails = [contact["email"] for contact in contacts]
        if REFUSED in emails:
            error = {"field": "contacts[0].email", "message": "email is not a valid address"}
            return Reply(400, {"errors": [error]})
        stored = [
            {name: value for name, value in contact.items() if name == "first_name"}
            | contact.get("custom_fields", {})
            for contact in contacts
        ]
        if any(fields.keys() - set(self.fields) for fields in stored):
            error = {"field": "contacts[0].custom_fields", "message": "unknown custom field"}
            return Reply(400, {"errors": [error]})
        for email, fields in zip(emails, stored, strict=True):
            self.upsert(email)
            self.keep(email, self.stored.get(email, {}) | fields)
        return Reply(202, {"job_id": "j1"})

    def erase(self, request: Received) -> Reply:
        """Erase at once what the vendor erases later."""
        if not request.json["email_addresses"]:
            return Reply(400, {"errors": [{"field": "email_addresses", "message": "is required"}]})
        for email in request.json["email_addresses"]:
            self.remove(email)
        return Reply(202, {"job_id": "j2"})
