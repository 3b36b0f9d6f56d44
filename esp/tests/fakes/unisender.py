from urllib.parse import parse_qsl

from esp.backends.unisender import UnisenderBackend
from esp.tests.fakes.server import REFUSED, FakeESP, Received, Reply


class FakeUnisender(FakeESP):
    """All is 200. Not known of the vendor: whether an addition re-subscribes. Here it does not."""

    backend = UnisenderBackend

    def error(self, code: str, text: str = "") -> Reply:
        return Reply(200, {"error": text, "code": code, "result": ""})

    @property
    def limited(self) -> Reply:  # type: ignore[override]
        return self.error("api_call_limit_exceeded_for_api_key")

    def answer(self, request: Received) -> Reply:
        form = dict(parse_qsl(request.body.decode()))
        if form.pop("api_key", None) != self.key:
            return self.error("invalid_api_key")
        if request.method != "POST" or request.query != {"format": "json"}:
            return Reply(599)
        match request.segments, form:
            case ["getLists"], {}:
                return Reply(200, {"result": [{"id": 7, "title": "Game"}]})
            case ["getContact"], {"email": email}:
                return self.look_up(email)
            case ["subscribe"], {"fields[email]": email, "list_ids": "7", **rest}:
                return self.create(email, rest)
        return Reply(599)

    def look_up(self, email: str) -> Reply:
        if email not in self.contacts:
            return self.error("object_not_found")
        return Reply(200, {"result": {"email": {"email": email, "status": self.state(email)}}})

    def create(self, email: str, rest: dict[str, str]) -> Reply:
        if rest != {"double_optin": "3", "overwrite": "0"}:
            return Reply(599)
        if email == REFUSED:
            return self.error("invalid_arg", "Invalid email")
        self.upsert(email)
        return Reply(200, {"result": {"person_id": 1}})
