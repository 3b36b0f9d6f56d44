"""What the OpenAPI description says of the API beyond what the code says by itself."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from games.serializers import PlayResultSerializer, PlaySerializer

DETAIL: dict[str, Any] = {
    "type": "object",
    "properties": {"detail": {"type": "string"}},
    "required": ["detail"],
}
FIELD_ERRORS: dict[str, Any] = {
    "type": "object",
    "additionalProperties": {"type": "array", "items": {"type": "string"}},
}
RETRY_AFTER = OpenApiParameter(
    "Retry-After",
    OpenApiTypes.INT,
    OpenApiParameter.HEADER,
    description="Seconds to wait before the next try.",
    response=[429, 503],
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": r"^[!-~]([ -~]{0,253}[!-~])?$", "maxLength": 255},
    OpenApiParameter.HEADER,
    description="One per play, at most 255 printable ASCII characters, best a random UUID. "
    "A repeated request with the same key is answered as the first was and counts nothing.",
)


def error_answer(description: str, schema: dict[str, Any], body: dict[str, Any]) -> OpenApiResponse:
    return OpenApiResponse(schema, description, [OpenApiExample(description, body)])


def detail_answer(description: str, detail: str) -> OpenApiResponse:
    return error_answer(description, DETAIL, {"detail": detail})


def _answer(name: str, *, esp: bool | None, games: bool, count: int) -> OpenApiExample:
    value = {"esp_status": esp, "games_status": games, "games_count": count}
    return OpenApiExample(name, value, response_only=True)


describe_play = extend_schema(
    operation_id="play",
    summary="Count a play",
    description="Counts one play of the given address and says what is known of the address.",
    tags=["plays"],
    auth=[],
    parameters=[IDEMPOTENCY_KEY, RETRY_AFTER],
    request={
        "application/json": PlaySerializer,
        "application/x-www-form-urlencoded": PlaySerializer,
    },
    examples=[OpenApiExample("A play", {"email": "cem@test.ru"}, request_only=True)],
    responses={
        200: OpenApiResponse(
            PlayResultSerializer,
            "The play is counted.",
            [
                _answer("First play, new to the ESP", esp=False, games=False, count=1),
                _answer("First play, the ESP had the address", esp=True, games=False, count=1),
                _answer("Fifth play", esp=True, games=True, count=5),
                _answer("The ESP could not be asked", esp=None, games=False, count=1),
            ],
        ),
        400: error_answer(
            "Not an address, not JSON, or a malformed key; nothing is counted.",
            {"oneOf": [DETAIL, FIELD_ERRORS]},
            {"email": ["Enter a valid email address, as in name@example.com."]},
        ),
        411: detail_answer(
            "The body's length is not stated.", "The request must state its Content-Length."
        ),
        413: detail_answer("The body is too large.", "The request is too large."),
        415: detail_answer(
            "Neither JSON nor a form.", 'Unsupported media type "text/plain" in request.'
        ),
        422: detail_answer(
            "The key stands for a play of another address.",
            "This Idempotency-Key was used with another address. Make a new one.",
        ),
        429: detail_answer("Too many requests.", "Request was throttled."),
        503: detail_answer(
            "Nothing is counted, or a retry with the same key tells what was.",
            "The service is not available at the moment. Try again in a few seconds.",
        ),
    },
)
