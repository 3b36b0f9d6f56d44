"""What the OpenAPI description says of one's own data, and of how one signs in to the API."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample

from accounts.me.serializers import EverythingSerializer, MeSerializer, OwnGameSerializer
from games.api.schema import CURSORS, GAME, PLAY, WRONG_CURSOR, describe, example
from games.api.serializers import SinglePlaySerializer
from games.schema import detail_answer


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        text = "A program's token, made in the admin: `Authorization: Token …`."
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": text}


class AppSessionScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.AppSessionAuthentication"
    name = "session_token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        text = "An app's session, as signing in at /api/auth/ gave it (/api/auth/openapi.json)."
        return {"type": "apiKey", "in": "header", "name": "X-Session-Token", "description": text}


class BrowserScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.BrowserAuthentication"
    name = "cookie"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        text = "The site's cookie; with X-CSRFToken where something changes."
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": text}


PLAYED_AT = GAME["first_played_at"]
OWN_GAME = {name: GAME[name] for name in OwnGameSerializer.Meta.fields}
ME = {"email": "cem@test.ru", "game": OWN_GAME}
EVERYTHING = {
    "exported_at": "2026-05-04T09:00:00Z",
    "address": "cem@test.ru",
    "game": {"number": 7, "plays": 1, "first_play": PLAYED_AT, "last_play": PLAYED_AT},
    "plays": [{"number": 1, "played_at": PLAYED_AT, "esp_status": False, "idempotency_key": None}],
    "contact": {"state": "added", "attempts": 1, "next_attempt": None, "last_error": ""},
    "mock_contact": None,
    "accounts": [
        {
            "staff": False,
            "confirmed": True,
            "date_joined": "2026-05-01T12:05:00Z",
            "last_login": "2026-05-04T08:59:00Z",
            "second_factor": False,
        }
    ],
    "erasures": [],
    "log": [],
}

describe_me = describe(
    "One's own game",
    {200: example(MeSerializer, "The game of the confirmed address, null without one.", ME)},
)
describe_plays = describe(
    "One's own plays, the last first",
    {200: SinglePlaySerializer(many=True), 404: WRONG_CURSOR},
    *CURSORS,
    examples=[OpenApiExample("A play", PLAY, response_only=True, status_codes=["200"])],
)
describe_export = describe(
    "Everything that is kept of the person",
    {200: example(EverythingSerializer, "To keep as a file.", EVERYTHING)},
)
describe_erasure = describe(
    "Ask for everything about oneself to be erased",
    {
        202: detail_answer(
            "A link was mailed, which confirms the wish within a day.",
            "We have sent you a link. Nothing is erased before you open it and confirm.",
        )
    },
    request=None,
)
