"""The OpenAPI description: the shared error answers, and details that the views do not contain."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view

from api.serializers import (
    ConsentSerializer,
    NewGameSerializer,
    SinglePlaySerializer,
    StatsSerializer,
)
from games.models import MAX_PLAYS
from serving.addresses import MAX_LENGTH

ERRORS = {
    400: "The request is malformed or a field is wrong. Nothing is changed.",
    401: "Nobody is signed in, or the token is unknown, revoked or expired.",
    403: "The account, or the token's scope, does not allow it.",
    404: "There is no such player, or the cursor is invalid.",
    409: "Another player has the address, or the person was erased.",
    411: "The Content-Length header is missing.",
    412: "The player has changed since it was read. Read it again.",
    413: "The body is too large.",
    415: "The Content-Type is not supported.",
    422: "The idempotency key was used for another address. Make a new key.",
    428: "The If-Match header is missing.",
    429: "Too many requests.",
    503: "The database is unavailable. Try again with the same idempotency key.",
}
RETRY_AFTER = {
    "Retry-After": {
        "schema": {"type": "integer"},
        "description": "Seconds to wait before the next try.",
    }
}
# The body of an error: a text or, if fields are wrong, a list of errors for each field.
BODY = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"detail": {"type": "string"}, "id": {"type": "integer"}},
            "required": ["detail"],
        },
        {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    ]
}


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
        text = "An app's session token, from /api/auth/ (see /api/auth/openapi.json)."
        return {"type": "apiKey", "in": "header", "name": "X-Session-Token", "description": text}


class BrowserScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.authentication.BrowserAuthentication"
    name = "cookie"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        text = "The session cookie of a browser. Changes also need X-CSRFToken."
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": text}


class SchemaForReader(SchemaGenerator):
    """Describes to each reader what they may use, and everything to staff and their tokens."""

    def has_view_permissions(self, path: str, method: str, view: Any) -> bool:
        # DRF's would sign the reader in once more, by a request without a session.
        permissions = [each.has_permission(view.request, view) for each in view.get_permissions()]
        return view.request.user.is_staff or all(permissions)


class Schema(AutoSchema):
    """Adds the error answers of each operation, also those in the view's `error_statuses`."""

    def get_operation(self, *args: Any) -> Any:
        operation = super().get_operation(*args)
        if operation:
            for status in sorted(self._error_statuses(operation)):
                operation["responses"][str(status)] = _error_answer(status)
        return operation

    def _error_statuses(self, operation: dict[str, Any]) -> set[int]:
        statuses = set(getattr(self.view, "error_statuses", ()))
        parameters = {parameter["name"] for parameter in operation.get("parameters", ())}
        if operation.get("security"):
            statuses |= {401, 403, 429}
        if "requestBody" in operation:
            statuses |= {400, 409, 415} if operation.get("security") else {400, 415}
        if "search" in parameters:  # the operation has filters, and their values may be wrong
            statuses.add(400)
        if parameters & {"id", "cursor"}:
            statuses.add(404)
        if "If-Match" in parameters:
            statuses |= {412, 428}
        return statuses


def _error_answer(status: int) -> dict[str, Any]:
    content = {"application/json": {"schema": BODY}}
    answer = {"description": ERRORS[status], "content": content}
    return answer | ({"headers": RETRY_AFTER} if status in (429, 503) else {})


ETAG = OpenApiParameter(
    "ETag",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The player's version, for If-Match.",
    response=[200, 201],
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    {"type": "string", "pattern": '^"[0-9a-f]{32}"$'},
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag that came with the player. `*` is not accepted.",
)
# Written by hand: a serializer cannot express that at least one field is required.
CHANGE = {
    "type": "object",
    "minProperties": 1,
    "additionalProperties": False,
    "properties": {
        "email": {"type": "string", "format": "email", "maxLength": MAX_LENGTH},
        "play_count": {"type": "integer", "minimum": 0, "maximum": MAX_PLAYS},
    },
}

describe_games = extend_schema_view(
    list=extend_schema(
        summary="List players, newest first",
        description="Return a page of the players that match all filters. Ranges include both "
        "ends. Days are those of the site's time zone.",
    ),
    retrieve=extend_schema(summary="Read a player", parameters=[ETAG]),
    create=extend_schema(
        summary="Add an address that has not played yet",
        parameters=[ETAG],
        request=NewGameSerializer,
    ),
    partial_update=extend_schema(
        summary="Change the address or the number of plays",
        description="A higher number adds plays dated now, with an unknown `esp_status`. A lower "
        "number removes the last plays. A new address is a new contact for the ESP.",
        parameters=[IF_MATCH, ETAG],
        request={"application/json": CHANGE},
    ),
    destroy=extend_schema(summary="Erase a player and all plays", parameters=[IF_MATCH]),
    plays=extend_schema(
        summary="List the plays of a player, newest first",
        responses=SinglePlaySerializer(many=True),
        filters=False,
    ),
    consents=extend_schema(
        summary="List the consents of a player, newest first",
        responses=ConsentSerializer(many=True),
        filters=False,
    ),
    stats=extend_schema(
        summary="Read the numbers of the overview", responses=StatsSerializer, filters=False
    ),
)
