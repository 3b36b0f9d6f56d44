from typing import Any

from esp.backends.klaviyo import KlaviyoBackend
from testing.esp.server import REFUSED, FakeESP, Received, Reply


class FakeKlaviyo(FakeESP):
    backend = KlaviyoBackend
    list_id = "Xy7Zq1"
    takes_double_optin = True
    fields = ("first_name", "FNAME", "SCORE")

    def __init__(self) -> None:
        super().__init__()
        self.on_list: list[str] = []
        self.consents: dict[str, str] = {}  # by address, if not NEVER_SUBSCRIBED
        self.list_replies: list[Reply] = []  # to the next calls that list a profile

    def error(self, status: int, code: str, **more: Any) -> Reply:
        return Reply(status, {"errors": [{"status": status, "code": code, **more}]})

    def answer(self, request: Received) -> Reply:
        if request.headers.get("authorization", "") != f"Klaviyo-API-Key {self.key}":
            return self.error(401, "not_authenticated")
        if request.headers.get("revision", "") != "2026-07-15":
            return Reply(599)
        return self.route(request)

    def route(self, request: Received) -> Reply:  # noqa: PLR0911
        if request.method == "POST" and request.json == {"data": {}}:
            return self.error(400, "invalid", source={"pointer": "/data"})
        match request.method, request.segments[1:]:
            case "GET", ["lists", number] if number == self.list_id:
                process = "double_opt_in" if self.double_optin else "single_opt_in"
                attributes = {"opt_in_process": process}
                return Reply(
                    200, {"data": {"type": "list", "id": number, "attributes": attributes}}
                )
            case "GET", ["profiles", number] if request.query == {
                "additional-fields[profile]": "subscriptions"
            }:
                return self.consent(number.removeprefix("id of "))
            case "POST", ["profile-subscription-bulk-create-jobs"]:
                return self.subscribe(request)
            case "GET", ["profiles"] if set(request.query) == {"filter"}:
                return self.look_up(request.query["filter"])
            case "POST", ["profiles"]:
                return self.create(request)
            case "POST", ["lists", self.list_id, "relationships", "profiles"]:
                if self.list_replies:
                    return self.list_replies.pop(0)
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

    def consent(self, email: str) -> Reply:
        marketing = {"consent": self.consents.get(email, "NEVER_SUBSCRIBED")}
        attributes = {"email": email, "subscriptions": {"email": {"marketing": marketing}}}
        return Reply(200, {"data": {"type": "profile", "attributes": attributes}})

    def subscribe(self, request: Received) -> Reply:
        """Mail a confirmation at once, as the vendor does for a list of double opt-in."""
        job = request.json["data"]
        profile = job["attributes"]["profiles"]["data"][0]
        email = profile["attributes"].pop("email")
        consent = {"email": {"marketing": {"consent": "SUBSCRIBED"}}}
        if job != {
            "type": "profile-subscription-bulk-create-job",
            "attributes": {
                "profiles": {
                    "data": [{"type": "profile", "attributes": {"subscriptions": consent}}]
                }
            },
            "relationships": {"list": {"data": {"type": "list", "id": self.list_id}}},
        }:
            return Reply(599)
        self.unsubscribed.discard(email)  # the danger of this call
        self.keep(email, {}, pending=True)
        return Reply(202)

    def look_up(self, condition: str) -> Reply:
        quoted = condition.removeprefix('equals(email,"').removesuffix('")')
        email = quoted.replace('\\"', '"').replace("\\\\", "\\")
        profile = {"type": "profile", "id": f"id of {email}", "attributes": {"email": email}}
        return Reply(200, {"data": [profile] if email in self.contacts else []})

    def create(self, request: Received) -> Reply:
        profile = request.json["data"]
        attributes = profile.pop("attributes")
        email = attributes.pop("email")
        stored = attributes.pop("properties", {}) | attributes
        if profile != {"type": "profile"} or attributes.keys() - {"first_name"}:
            return Reply(599)
        if email == REFUSED:
            return self.error(400, "invalid", source={"pointer": "/data/attributes/email"})
        if not self.add(email):
            meta = {"duplicate_profile_id": f"id of {email}"}
            return self.error(409, "duplicate_profile", meta=meta)
        self.keep(email, stored)
        return Reply(201, {"data": {"type": "profile", "id": f"id of {email}"}})
