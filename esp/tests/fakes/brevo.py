"""Run alone: python -m esp.tests.fakes.brevo --port 8025."""

from esp.backends.brevo import BrevoBackend
from esp.tests.fakes.server import REFUSED, FakeESP, Received, Reply, serve


class FakeBrevo(FakeESP):
    backend = BrevoBackend
    limited = Reply(429, {"code": "too_many_requests"}, {"x-sib-ratelimit-reset": "17"})
    duplicate = Reply(400, {"code": "duplicate_parameter", "message": "Contact already exist"})

    def answer(self, request: Received) -> Reply:
        if request.headers.get("api-key", "") != self.key:
            return Reply(401, {"code": "unauthorized", "message": "Key not found"})
        match request.method, request.segments:
            case "GET", ["contacts", "lists", number]:
                return self.about_list(number)
            case "GET", ["contacts", email] if request.query == {"identifierType": "email_id"}:
                return self.look_up(email)
            case "DELETE", ["contacts", email] if request.query == {"identifierType": "email_id"}:
                found = self.look_up(email)
                return Reply(204) if found.status == 200 and self.remove(email) else found
            case "POST", ["contacts"]:
                return self.create(request)
        return Reply(599)

    def about_list(self, number: str) -> Reply:
        if number != self.list_id:
            return Reply(404, {"code": "document_not_found", "message": "List ID does not exist"})
        return Reply(200, {"id": int(number), "name": "Game"})

    def look_up(self, email: str) -> Reply:
        if email == REFUSED:
            return Reply(400, {"code": "invalid_parameter", "message": "Invalid email address"})
        if email not in self.contacts:
            return Reply(404, {"code": "document_not_found", "message": "Contact does not exist"})
        blacklisted = email in self.unsubscribed
        return Reply(200, {"id": 1, "email": email, "emailBlacklisted": blacklisted})

    def create(self, request: Received) -> Reply:
        email = request.json["email"]
        if request.json != {"email": email, "listIds": [7], "updateEnabled": False}:
            return Reply(599)
        if email == REFUSED:
            return Reply(400, {"code": "invalid_parameter", "message": "Invalid email address"})
        return Reply(201, {"id": 1}) if self.add(email) else self.duplicate


if __name__ == "__main__":
    serve(FakeBrevo())
