"""Run alone: python -m testing.esp.ses --port 8025."""

from typing import Any

from esp.backends.ses import SESBackend
from testing.esp.server import FakeESP, Received, Reply, serve


def refusal(status: int, code: str) -> Reply:
    return Reply(status, {"message": code}, {"x-amzn-errortype": code})


class FakeSES(FakeESP):
    """The calls of sesv2 that we use; moto, in the tests, knows more of them but no limit."""

    backend = SESBackend  # type: ignore[assignment]
    limited = refusal(429, "TooManyRequestsException")

    def options(self) -> dict[str, Any]:
        return {"list_name": "game", "region": "eu-central-1", "base_url": self.url}

    def answer(self, request: Received) -> Reply:
        match request.method, request.segments[2:]:
            case "GET", ["contact-lists", name]:
                return Reply(200, {"ContactListName": name})
            case "POST", ["contact-lists", _, "contacts"]:
                if self.add(request.json["EmailAddress"]):
                    return Reply(200, {})
                return refusal(400, "AlreadyExistsException")
        return Reply(599)


if __name__ == "__main__":
    serve(FakeSES())
