"""Run alone: python -m testing.esp.brevo --port 8025."""

from esp.backends.brevo import BrevoBackend
from testing.esp.server import REFUSED, FakeESP, Received, Reply, serve


class FakeBrevo(FakeESP):
    backend = BrevoBackend
    takes_double_optin = True
    double_optin_options = {"template_id": 3, "redirect_url": "https://play.example.com/thanks"}
    limited = Reply(429, {"code": "too_many_requests"}, {"x-sib-ratelimit-reset": "17"})
    duplicate = Reply(400, {"code": "duplicate_parameter", "message": "Contact already exist"})

    def __init__(self) -> None:
        super().__init__()
        self.has_link = True  # whether the template has the link that confirms

    def answer(self, request: Received) -> Reply:  # noqa: PLR0911
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
            case "POST", ["contacts", "doubleOptinConfirmation"]:
                return self.ask_to_confirm(request)
            case "GET", ["contacts", "attributes"]:
                return Reply(200, {"attributes": [{"name": name} for name in self.fields]})
            case "GET", ["smtp", "templates", "3"]:
                return Reply(200, {"id": 3, "isActive": True, "doiTemplate": self.has_link})
            case "GET", ["smtp", "templates", _]:
                return Reply(404, {"code": "document_not_found"})
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
        if "@" not in email:
            return Reply(400, {"code": "invalid_parameter", "message": "email is not valid"})
        contact = request.json
        attributes = contact.pop("attributes", {})
        if contact != {"email": email, "listIds": [7], "updateEnabled": False}:
            return Reply(599)
        if email == REFUSED:
            return Reply(400, {"code": "invalid_parameter", "message": "Invalid email address"})
        if attributes.keys() - set(self.fields):
            return Reply(400, {"code": "invalid_parameter", "message": "Invalid attributes"})
        if not self.add(email):
            return self.duplicate
        self.keep(email, attributes)
        return Reply(201, {"id": 1})

    def ask_to_confirm(self, request: Received) -> Reply:
        """Have the contact at once, which the vendor's documents do not say."""
        contact = request.json
        email, attributes = contact.pop("email"), contact.pop("attributes", {})
        expected = {"includeListIds": [7], "templateId": 3}
        if contact != expected | {"redirectionUrl": "https://play.example.com/thanks"}:
            return Reply(599)
        if email == REFUSED:
            return Reply(400, {"code": "invalid_parameter", "message": "Invalid email address"})
        if attributes.keys() - set(self.fields):
            return Reply(400, {"code": "invalid_parameter", "message": "Invalid attributes"})
        if not self.add(email):
            return Reply(204)
        self.keep(email, attributes, pending=True)
        return Reply(201)


if __name__ == "__main__":
    serve(FakeBrevo())
