from urllib.parse import parse_qsl

from esp.backends.unisender import UnisenderBackend
from testing.esp.server import REFUSED, FakeESP, Received, Reply


class FakeUnisender(FakeESP):
    """All is 200. Not known of the vendor: whether an addition re-subscribes. Here it does not."""

    backend = UnisenderBackend
    takes_tags = takes_double_optin = True

    def error(self, code: str, text: str = "") -> Reply:
        return Reply(200, {"error": text, "code": code, "result": ""})

    @property
    def limited(self) -> Reply:  # type: ignore[override]
        return self.error("api_call_limit_exceeded_for_api_key")

    def answer(self, request: Received) -> Reply:  # noqa: PLR0911
        form = dict(parse_qsl(request.body.decode()))
        if form.pop("api_key", None) != self.key:
            return self.error("invalid_api_key")
        if request.method != "POST" or request.query != {"format": "json"}:
            return Reply(599)
        match request.segments, form:
            case ["getLists"], {}:
                return Reply(200, {"result": [{"id": 7, "title": "Game"}]})
            case ["getFields"], {}:
                return Reply(200, {"result": [{"id": 1, "name": name} for name in self.fields]})
            case ["getContact"], {"email": email}:
                return self.look_up(email)
            case ["subscribe"], {"fields[email]": email, "list_ids": "7", **rest}:
                return self.create(email, rest)
            case ["importContacts"], {"field_names[0]": "email", "field_names[1]": "delete"}:
                return self.delete(form)
        return Reply(599)

    def delete(self, form: dict[str, str]) -> Reply:
        deleted = self.remove(form["data[0][0]"]) and form["data[0][1]"] == "1"
        return Reply(200, {"result": {"total": 1, "deleted": int(deleted), "log": []}})

    def look_up(self, email: str) -> Reply:
        if email not in self.contacts:
            return self.error("object_not_found")
        return Reply(200, {"result": {"email": {"email": email, "status": self.state(email)}}})

    def create(self, email: str, rest: dict[str, str]) -> Reply:
        stored = {
            name.removeprefix("fields[").removesuffix("]"): rest.pop(name)
            for name in list(rest)
            if name.startswith("fields[")
        }
        unknown = stored.keys() - set(self.fields)
        if tags := rest.pop("tags", ""):
            stored["tags"] = tags
        double_optin = rest.pop("double_optin")
        if rest != {"overwrite": "0"} or double_optin not in ("0", "3"):
            return Reply(599)
        if email == REFUSED:
            return self.error("invalid_arg", "Invalid email")
        if unknown:
            return self.error("invalid_arg", "Unknown field")
        is_new = email not in self.contacts
        self.upsert(email)
        if is_new:
            self.keep(email, stored, pending=double_optin == "0")
        return Reply(200, {"result": {"person_id": 1}})
