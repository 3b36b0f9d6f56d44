"""The OpenAPI description of play keys."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema

from games.play_keys.keys import REASONS

TEXT = {"type": "string"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": [*properties], "properties": properties}


CODE = {"type": "string", "enum": [*REASONS]}
REFUSED = OpenApiResponse(_object(detail=TEXT, code=CODE), "The bot shield stops it.")
OFF = OpenApiResponse(_object(detail=TEXT), "The bot shield is off, and no play needs a key.")
# As ALTCHA's first version has it: the challenge is the SHA-256 of salt and a number.
CHALLENGE = _object(
    algorithm=TEXT, challenge=TEXT, maxNumber={"type": "integer"}, salt=TEXT, signature=TEXT
)

describe_play_key = extend_schema(
    operation_id="play_key",
    summary="Get a key for a play",
    description="Ask when the game starts, and send the key as the play's Idempotency-Key.",
    tags=["plays"],
    auth=[],
    request={"application/json": {"type": "object", "properties": {"altcha": TEXT}}},
    responses={200: _object(key=TEXT), 403: REFUSED, 404: OFF},
)
describe_challenge = extend_schema(
    operation_id="play_key_challenge",
    summary="Get the work that a key costs",
    description="Solve this challenge of ALTCHA, and send the solution when you ask for the key.",
    tags=["plays"],
    auth=[],
    responses={200: CHALLENGE, 204: OpenApiResponse(None, "A key costs no work."), 404: OFF},
)
