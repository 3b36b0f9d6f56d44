from typing import Any

from esp.backends.klaviyo import KlaviyoBackend
from esp.tests.fakes.server import REFUSED, FakeESP, Received, Reply


class FakeKlaviyo(FakeESP):
    backend = KlaviyoBackend
    list_id = "Xy7Zq1"

    def __init__(self) -> None:
        super().__init__()
        self.on_list: list[str] = []

    def error(self, status: int, code: str, **more: Any) -> Reply:
        return Reply(status, {"errors": [{"status": status, "code": code, **more}]})

    def answer(self, request: Received) -> Reply:
        if request.headers.get("authorization", "") != f"Klaviyo-API-Key {self.key}":
            return self.error(401, "not_authenticated")
        if request.headers.get("revision", "") != "2026-07-15":
            return Reply(599)
        return self.route(request)

    def route(self, request: Received) -> Reply:
        match request.method, request.segments[1:]:
            case "GET", ["lists", number] if number == self.list_id:
                return Reply(200, {"data": {"type": "list", "id": number}})
            case "GET", ["profiles"] if set(request.query) == {"filter"}:
                return self.look_up(request.query["filter"])
            case "POST", ["profiles"]:
                return self.create(request)
            case "POST", ["lists", self.list_id, "relationships", "profiles"]:
                self.on_list += [one["id"] for one in request.json["data"]]
                return Reply(204)
            case "POST", ["data-privacy-deletion-jobs"]:
                return self.delete(request)
        return self.error(404, "not_found")

    def delete(self, request: Received) -> Reply:
        """Delete at once what the vendor deletes later."""
        job = request.json["data"]
        email = job["attributes"]["profile"]["data"]["attributes"]["email"]
        profile = {"data": {"type": "profile", "attributes": {"email": email}}}
        if job != {"type": "data-privacy-deletion-job", "attributes": {"profile": profile}}:
            return Reply(599)
        return Reply(202) if self.remove(email) else self.error(404, "not_found")

    def look_up(self, condition: str) -> Reply:
        quoted = condition.removeprefix('equals(email,"').removesuffix('")')
        email = quoted.replace('\\"', '"').replace("\\\\", "\\")
        known = [{"type": "profile", "id": f"id of {email}"}] if email in self.contacts else []
        return Reply(200, {"data": known})

    def create(self, request: Received) -> Reply:
        email = request.json["data"]["attributes"]["email"]
        if request.json != {"data": {"type": "profile", "attributes": {"email": email}}}:
            return Reply(599)
        if email == REFUSED:
            return self.error(400, "invalid", source={"pointer": "/data/attributes/email"})
        if not self.add(email):
            meta = {"duplicate_profile_id": f"id of {email}"}
            return self.error(409, "duplicate_profile", meta=meta)
        return Reply(201, {"data": {"type": "profile", "id": f"id of {email}"}})
