"""What the OpenAPI description says of the staff API beyond what the code says by itself."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
)
from rest_framework import serializers

from esp.addresses import MAX_LENGTH
from games.api.serializers import (
    GameSerializer,
    NewGameSerializer,
    SinglePlaySerializer,
    StatsSerializer,
)
from games.importing import MOST_PLAYS
from games.schema import DETAIL, FIELD_ERRORS, RETRY_AFTER, detail_answer, error_answer

GAME = {
    "id": 7,
    "email": "cem@test.ru",
    "play_count": 5,
    "first_played_at": "2026-05-01T12:00:00Z",
    "last_played_at": "2026-05-03T18:30:00Z",
    "contact_state": "added",
}
NEW = {
    "play_count": 0,
    "first_played_at": None,
    "last_played_at": None,
    "contact_state": "pending",
}
PLAY = {"number": 5, "played_at": "2026-05-03T18:30:00Z", "esp_status": True}
PERIOD = {"plays": 9, "players": 6, "new": 2, "known": 50.0, "pending": 0, "rejected": 0}
STATS = {
    "at": "2026-05-03T18:30:00Z",
    "periods": dict.fromkeys(("today", "yesterday", "week", "month", "ever"), PERIOD),
    "days": [{"day": "2026-05-03", "new": 2, "returning": 7}],
    "domains": [{"domain": "test.ru", "players": 6}],
    "standing": {"paused": False, "pending": 0, "oldest": None, "late": False},
}
TAKEN = DETAIL | {"properties": DETAIL["properties"] | {"id": {"type": "integer"}}}

UNAUTHORIZED = detail_answer(
    "Nobody is signed in, or the token is unknown, revoked or expired.",
    "Authentication credentials were not provided.",
)
FORBIDDEN = detail_answer(
    "The account, or the token's scope, does not allow it.",
    "You do not have permission to perform this action.",
)
NOT_FOUND = detail_answer("There is no such game.", "No Game matches the given query.")
THROTTLED = detail_answer("Too many requests.", "Request was throttled.")
WRONG_CURSOR = detail_answer("The cursor is not one of ours.", "Invalid cursor")
INVALID = error_answer(
    "A field is wrong; nothing is changed.",
    {"oneOf": [DETAIL, FIELD_ERRORS]},
    {"email": ["Enter a valid email address, as in name@example.com."]},
)
WRONG_FILTER = error_answer(
    "A filter is wrong.", FIELD_ERRORS, {"play_count_min": ["Enter a number."]}
)
WRONG_TYPE = detail_answer("Not JSON.", 'Unsupported media type "text/plain" in request.')
CONFLICT = error_answer(
    "Another game has the address, or it was erased.",
    TAKEN,
    {"detail": "There is a game of this address.", "id": 7},
)
OUTDATED = detail_answer(
    "The game has changed since it was read.",
    "The game has changed since you read it. Read it again.",
)
NO_VERSION = detail_answer(
    "Which version is meant is not said.", "Read the game first, and send its ETag as If-Match."
)
ETAG = OpenApiParameter(
    "ETag",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The game's version, for If-Match.",
    response=[200, 201],
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": '^"[0-9a-f]{32}"$'},
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag of the game as it was read; `*` is refused.",
)
# Said here, since a serializer cannot say that it wants at least one of its fields.
CHANGE = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "properties": {
        "email": {"type": "string", "format": "email", "maxLength": MAX_LENGTH},
        "play_count": {"type": "integer", "minimum": 0, "maximum": MOST_PLAYS},
    },
}
CURSORS = [
    OpenApiParameter("cursor", OpenApiTypes.STR, description="As `next` and `previous` give it."),
    OpenApiParameter("page_size", OpenApiTypes.INT, description="At most 500."),
]


def describe(
    summary: str, answers: dict[int, Any], *parameters: OpenApiParameter, **more: Any
) -> Callable[[Any], Any]:
    """Return the description of an operation, with the answers that every one of them has."""
    always = {401: UNAUTHORIZED, 403: FORBIDDEN, 429: THROTTLED}
    parameters_and_wait = [*parameters, RETRY_AFTER]
    return extend_schema(
        summary=summary, responses=answers | always, parameters=parameters_and_wait, **more
    )


def example(
    serializer: type[serializers.BaseSerializer] | Any, description: str, value: Any
) -> OpenApiResponse:
    return OpenApiResponse(serializer, description, [OpenApiExample(description, value)])


ONE = example(GameSerializer, "The game.", GAME)

describe_games = extend_schema_view(
    list=describe(
        "List games, the newest first",
        {200: GameSerializer(many=True), 400: WRONG_FILTER, 404: WRONG_CURSOR},
        *CURSORS,
        examples=[OpenApiExample("A page", GAME, response_only=True, status_codes=["200"])],
    ),
    retrieve=describe("Read a game", {200: ONE, 404: NOT_FOUND}, ETAG),
    create=describe(
        "Add an address that has not played yet",
        {
            201: example(GameSerializer, "The new game.", GAME | NEW),
            400: INVALID,
            409: CONFLICT,
            415: WRONG_TYPE,
        },
        ETAG,
        request=NewGameSerializer,
        examples=[OpenApiExample("An address", {"email": "cem@test.ru"}, request_only=True)],
    ),
    partial_update=describe(
        "Change the address or the number of plays",
        {
            200: ONE,
            400: INVALID,
            404: NOT_FOUND,
            409: CONFLICT,
            412: OUTDATED,
            415: WRONG_TYPE,
            428: NO_VERSION,
        },
        IF_MATCH,
        ETAG,
        request={"application/json": CHANGE},
        examples=[OpenApiExample("A count", {"play_count": 6}, request_only=True)],
        description="A higher count adds plays of now, with the answer unknown; "
        "a lower one removes the last plays. A new address is a new contact for the ESP.",
    ),
    destroy=describe(
        "Forget an address with its plays",
        {204: None, 404: NOT_FOUND, 412: OUTDATED, 428: NO_VERSION},
        IF_MATCH,
    ),
    plays=describe(
        "List the plays of a game, the last first",
        {200: SinglePlaySerializer(many=True), 404: NOT_FOUND},
        *CURSORS,
        filters=False,
        examples=[OpenApiExample("A play", PLAY, response_only=True, status_codes=["200"])],
    ),
    stats=describe(
        "The numbers of the admin's first page",
        {200: example(StatsSerializer, "The numbers.", STATS)},
        filters=False,
    ),
)
