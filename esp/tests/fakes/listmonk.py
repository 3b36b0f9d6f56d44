import re
from base64 import b64encode

from esp.backends.listmonk import ListmonkBackend
from esp.tests.fakes.server import KEY, REFUSED, FakeESP, Received, Reply


class FakeListmonk(FakeESP):
    backend = ListmonkBackend
    key = f"robot:{KEY}"

    def __init__(self) -> None:
        super().__init__()
        self.named_alike: list[str] = []  # names of somebody else

    def answer(self, request: Received) -> Reply:
        expected = f"Basic {b64encode(self.key.encode()).decode()}"
        if request.headers.get("authorization", "") != expected:
            return Reply(403, {"message": "invalid API credentials"})
        match request.method, request.segments:
            case "GET", ["api", "lists", number]:
                return Reply(200 if number == self.list_id else 400, {"data": {}})
            case "GET", ["api", "subscribers"] if set(request.query) == {"search"}:
                return self.look_up(re.compile(request.query["search"], re.IGNORECASE))
            case "DELETE", ["api", "subscribers", number]:
                return Reply(200, {"data": self.remove(self.by_number(int(number)))})
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
        return Reply(200, {"data": {"results": found, "total": len(found)}})

    def create(self, request: Received) -> Reply:
        email = request.json["email"]
        if request.json != {"email": email, "name": "", "status": "enabled", "lists": [7]}:
            return Reply(599)
        if email == REFUSED:
            return Reply(400, {"message": "The e-mail domain is blocklisted."})
        if not self.add(email):
            return Reply(409, {"message": "E-mail already exists."})
        return Reply(200, {"data": {"id": 1, "email": email}})
