import re
from base64 import b64encode

from esp.backends.listmonk import ListmonkBackend
from testing.esp.server import KEY, REFUSED, FakeESP, Received, Reply


class FakeListmonk(FakeESP):
    backend = ListmonkBackend
    key = f"robot:{KEY}"
    takes_tags = takes_double_optin = True

    def __init__(self) -> None:
        super().__init__()
        self.named_alike: list[str] = []  # names of somebody else
        self.mailed: list[str] = []  # asked again for a confirmation
        self.searches = True
        self.lists = [{"id": 7}]  # that a new subscriber is put on
        self.off_the_list: set[str] = set()

    def answer(self, request: Received) -> Reply:  # noqa: PLR0911
        expected = f"Basic {b64encode(self.key.encode()).decode()}"
        if request.headers.get("authorization", "") != expected:
            return Reply(403, {"message": "invalid API credentials"})
        match request.method, request.segments:
            case "GET", ["api", "lists", number]:
                optin = "double" if self.double_optin else "single"
                if number != self.list_id:
                    return Reply(400, {"message": "list not found"})
                return Reply(200, {"data": {"id": 7, "optin": optin}})
            case "GET", ["api", "subscribers"] if set(request.query) == {"search"}:
                return self.look_up(re.compile(request.query["search"], re.IGNORECASE))
            case "DELETE", ["api", "subscribers", "0"]:
                return Reply(400, {"message": "Invalid ID."})
            case "PUT", ["api", "subscribers", "lists"]:
                self.off_the_list -= {self.by_number(number) for number in request.json["ids"]}
                return Reply(200, {"data": "status" not in request.json})
            case "DELETE", ["api", "subscribers", number]:
                return Reply(200, {"data": self.remove(self.by_number(int(number)))})
            case "POST", ["api", "subscribers", number, "optin"] if request.json == {}:
                self.mailed.append(self.by_number(int(number)))
                return Reply(200, {"data": True})
            case "POST", ["api", "subscribers"]:
                return self.create(request)
        return Reply(599)

    def number(self, email: str) -> int:
        return 100 + list(self.contacts).index(email)

    def by_number(self, number: int) -> str:
        return list(self.contacts)[number - 100]

    def look_up(self, pattern: re.Pattern[str]) -> Reply:
        found = [
            {"id": self.number(email), "email": email}
            for email in self.contacts
            if pattern.search(email)
        ]
        found += [
            {"id": 1, "email": "else@else.example"}
            for name in self.named_alike
            if pattern.search(name)
        ]
        data = {"results": found, "total": len(found)}
        if self.searches:  # as of version 5
            data["search"] = pattern.pattern
        return Reply(200, {"data": data})

    def create(self, request: Received) -> Reply:
        email = request.json["email"]
        if "@" not in email:
            return Reply(400, {"message": "Invalid email."})
        contact = request.json
        attributes = contact.pop("attribs", {})
        if contact != {"email": email, "name": "", "status": "enabled", "lists": [7]}:
            return Reply(599)
        if email == REFUSED:
            return Reply(400, {"message": "The e-mail domain is blocklisted."})
        if not self.add(email):
            return Reply(409, {"message": "E-mail already exists."})
        self.keep(email, attributes, pending=self.double_optin)
        return Reply(200, {"data": {"id": 1, "email": email, "lists": self.lists}})
