from base64 import b64decode
from hashlib import md5

from esp.backends.mailchimp import MailchimpBackend
from esp.tests.fakes.server import REFUSED, FakeESP, Received, Reply


class FakeMailchimp(FakeESP):
    backend = MailchimpBackend
    list_id = "a1b2c3"
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

    def route(self, request: Received) -> Reply:
        match request.method, request.segments[2:]:
            case "GET", []:
                return Reply(200, {"id": self.list_id})
            case "GET", ["members", member]:
                return self.look_up(member)
            case "POST", ["members"] if request.query == {"skip_merge_validation": "true"}:
                return self.create(request)
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
                return Reply(200, {"status": self.state(email)})
        return self.problem(404, "Resource Not Found")

    def create(self, request: Received) -> Reply:
        email = request.json["email_address"]
        if request.json != {"email_address": email, "status": "subscribed"}:
            return Reply(599)
        if email == REFUSED:
            detail = f"{email} looks fake or invalid, please enter a real email address."
            return self.problem(400, "Invalid Resource", detail)
        if email in self.unsubscribed:
            return self.problem(400, "Member In Compliance State", email)
        if not self.add(email):
            return self.problem(400, "Member Exists", f"{email} is already a list member.")
        return Reply(200, {"email_address": email, "status": "subscribed"})
