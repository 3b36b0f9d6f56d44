"""Run alone: python -m testing.esp.mailchimp --port 8025."""

from base64 import b64decode
from hashlib import md5
from typing import Any

from esp.backends.mailchimp import MailchimpBackend
from testing.esp.server import REFUSED, FakeESP, Received, Reply, serve


class FakeMailchimp(FakeESP):
    backend = MailchimpBackend
    list_id = "a1b2c3"
    takes_tags = takes_double_optin = True
    limited = Reply(429, {"title": "Too Many Requests", "status": 429})

    def problem(self, status: int, title: str, detail: str = "") -> Reply:
        content = {"type": "about:blank", "title": title, "status": status, "detail": detail}
        return Reply(status, content, {"Content-Type": "application/problem+json"})

    def answer(self, request: Received) -> Reply:
        scheme, _, pair = request.headers.get("authorization", "").partition(" ")
        if scheme != "Basic" or b64decode(pair).decode().partition(":")[2] != self.key:
            return self.problem(401, "API Key Invalid")
        if request.segments[:2] != ["lists", self.list_id]:
            return self.problem(404, "Resource Not Found")
        return self.route(request)

    def route(self, request: Received) -> Reply:  # noqa: PLR0911
        match request.method, request.segments[2:]:
            case "GET", []:
                return Reply(200, {"id": self.list_id, "double_optin": self.double_optin})
            case "GET", ["merge-fields"] if request.query["count"] == "1000":
                return Reply(200, {"merge_fields": [{"tag": name} for name in self.fields]})
            case "GET", ["members", member]:
                return self.look_up(member)
            case "POST", ["members"] if request.query == {"skip_merge_validation": "true"}:
                return self.create(request)
            case "POST", ["members"] if request.json == {"email_address": "esp-check"}:
                return self.problem(400, "Invalid Resource", "provide a valid email address.")
            case "POST", [] if request.query == {"skip_merge_validation": "true"}:
                return self.create_many(request)
            case "POST", ["members", member, "actions", "delete-permanent"]:
                return self.delete(member)
        return Reply(599)

    def delete(self, member: str) -> Reply:
        for email in list(self.contacts):
            if md5(email.encode()).hexdigest() == member:
                self.remove(email)
                return Reply(204)
        return self.problem(404, "Resource Not Found")

    def look_up(self, member: str) -> Reply:
        for email in self.contacts:
            if md5(email.encode()).hexdigest() == member:
                return Reply(200, {"status": self.state(email), "email_address": email})
        return self.problem(404, "Resource Not Found")

    def create_many(self, request: Received) -> Reply:
        members = request.json["members"]
        if request.json["update_existing"] or len(members) > 500:
            return Reply(599)
        new, errors = [], []
        for member in members:
            email = member["email_address"]
            if not self.understands(member):
                return Reply(599)
            if email == REFUSED or not self.has_fields(member):
                errors.append({"email_address": email, "error_code": "ERROR_GENERIC"})
            elif self.add(email):
                self.keep_member(member)
                new.append({"email_address": email, "status": member["status"]})
            else:
                errors.append({"email_address": email, "error_code": "ERROR_CONTACT_EXISTS"})
        return Reply(200, {"new_members": new, "updated_members": [], "errors": errors})

    def create(self, request: Received) -> Reply:
        email = request.json["email_address"]
        if not self.understands(request.json):
            return Reply(599)
        if email == REFUSED:
            detail = f"{email} looks fake or invalid, please enter a real email address."
            return self.problem(400, "Invalid Resource", detail)
        if email in self.unsubscribed:
            return self.problem(400, "Member In Compliance State", email)
        if not self.has_fields(request.json):
            return self.problem(400, "Invalid Resource", "Your merge fields were invalid.")
        if not self.add(email):
            return self.problem(400, "Member Exists", f"{email} is already a list member.")
        self.keep_member(request.json)
        return Reply(200, {"email_address": email, "status": request.json["status"]})

    def understands(self, member: dict[str, Any]) -> bool:
        """Return whether the member has the keys and types of the vendor's schema."""
        return (
            {"email_address", "status"} <= member.keys()
            and not member.keys() - {"email_address", "status", "tags", "merge_fields"}
            and member["status"] in ("subscribed", "pending")
            and all(type(tag) is str for tag in member.get("tags", []))
            and all(type(value) in (str, int) for value in member.get("merge_fields", {}).values())
        )

    def has_fields(self, member: dict[str, Any]) -> bool:
        values = member.get("merge_fields", {})
        return not values.keys() - set(self.fields) and all(
            len(str(value)) <= 255 for value in values.values()
        )

    def keep_member(self, member: dict[str, Any]) -> None:
        stored = dict(member.get("merge_fields", {}))
        if "tags" in member:
            stored["tags"] = member["tags"]
        self.keep(member["email_address"], stored, pending=member["status"] == "pending")


if __name__ == "__main__":
    serve(FakeMailchimp())
