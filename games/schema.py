"""The OpenAPI description of the public endpoint."""

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from games.play_keys.schema import REFUSED
from games.serializers import PlayResultSerializer, PlaySerializer

# The second is JSON too, as navigator.sendBeacon() sends it.
BODIES = ["application/json", "text/plain"]
BODIES += ["application/x-www-form-urlencoded", "multipart/form-data"]
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": r"^[!-~]([ -~]{0,253}[!-~])?$", "maxLength": 255},
    OpenApiParameter.HEADER,
    description="One per play, at most 255 printable ASCII characters, best a random UUID. "
    "A repeated request with the same key is answered as the first was and counts nothing.",
)


def _answer(name: str, *, esp: bool | None, games: bool, count: int) -> OpenApiExample:
    value = {"esp_status": esp, "games_status": games, "games_count": count}
    return OpenApiExample(name, value, response_only=True)


ANSWERS = [
    _answer("First play, new to the ESP", esp=False, games=False, count=1),
    _answer("First play, the ESP had the address", esp=True, games=False, count=1),
    _answer("Fifth play", esp=True, games=True, count=5),
    _answer("The ESP could not be asked", esp=None, games=False, count=1),
]

describe_play = extend_schema(
    operation_id="play",
    summary="Count a play",
    description="Count one play of the address, and return what is known of the address.",
    tags=["plays"],
    auth=[],
    parameters=[IDEMPOTENCY_KEY],
    request=dict.fromkeys(BODIES, PlaySerializer),
    examples=[OpenApiExample("A play", {"email": "cem@test.ru"}, request_only=True)],
    responses={
        200: OpenApiResponse(PlayResultSerializer, "The play is counted.", ANSWERS),
        403: REFUSED,
    },
)
