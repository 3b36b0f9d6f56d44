"""The public API."""

import re
from collections.abc import Iterable
from json import JSONDecoder, JSONEncoder
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import FormParser, JSONParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.utils.json import strict_constant
from rest_framework.views import APIView

from esp_mail.keyed_hash import keyed_hash
from esp_mail.logs import about
from games.exceptions import BodyTooLarge, LengthRequired
from games.limits import admit
from games.schema import describe_play
from games.serializers import PlaySerializer
from games.services import record_play

MAX_BODY = 16 * 1024  # bytes; nginx refuses the same before it gets here
PLAY = PlaySerializer()  # once: to copy its fields for each request is 10 % of the calls
# Once too: json.loads() and dumps() with options make one for each call.
decode = JSONDecoder(parse_constant=strict_constant).decode
encode = JSONEncoder(separators=(",", ":")).encode
IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{1,255}")


class JSONObjectParser(JSONParser):
    """JSON objects in UTF-8; anything else is the client's mistake, said in its language."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            parsed = decode(stream.read().decode())
        except RecursionError:  # nested too deeply
            parsed = None
        except ValueError as error:
            raise ParseError(_("The body is not valid JSON.")) from error
        if not isinstance(parsed, dict):
            message = _('The body must be a JSON object, such as {"email": "name@example.com"}.')
            raise ValidationError({"non_field_errors": [message]})
        return parsed


class AlwaysJSON(DefaultContentNegotiation):
    """Answers JSON whatever the client accepts: an Accept header must not cost a play."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class VerificationMailView(APIView):
    """Count a play for the given address and say what is known of it."""

    # A staff member's browser, signed in to the admin, must not be asked for a CSRF token here.
    authentication_classes = ()
    permission_classes = (AllowAny,)
    metadata_class = None  # OPTIONS is a wrong method too
    parser_classes = (JSONObjectParser, FormParser)
    content_negotiation_class = AlwaysJSON

    @property
    def default_response_headers(self) -> dict[str, str]:
        # DRF asks for each method, at each request, and would name OPTIONS.
        return {"Allow": "POST"}

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # What a body is written in is not for the client to say: there are codecs that fail.
        if request.encoding:
            request.encoding = "utf-8"
        return super().initialize_request(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        """Ask nobody who they are."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        length = stated_length(request.META)
        if len(request.body) < length:
            raise ParseError  # cut short, a form would still read well, with another address

    @describe_play
    def post(self, request: Request) -> HttpResponse:
        email = PLAY.run_validation(request.data)["email"]
        key = get_idempotency_key(request.META)
        about.set({**about.get(), "address_hash": keyed_hash(email)})
        admit(email=email, idempotency_key=key, request=request)
        result = record_play(email=email, idempotency_key=key)
        # DRF's Response is made to be negotiated: 4 % of a play's CPU in the program.
        return HttpResponse(encode(result._asdict()).encode(), content_type="application/json")


# Both read META: request.headers would parse every header for one (5 % of a request's CPU).


def stated_length(meta: dict[str, Any]) -> int:
    """Return the length that the request states of its body; raise unless it states a small one."""
    length = meta.get("CONTENT_LENGTH") or "0"
    if "HTTP_TRANSFER_ENCODING" in meta:
        raise LengthRequired
    if not length.isdecimal():
        raise ParseError
    if int(length) > MAX_BODY:
        raise BodyTooLarge
    return int(length)


def get_idempotency_key(meta: dict[str, Any]) -> str | None:
    """Return the request's Idempotency-Key, None if it has none; raise ValidationError."""
    key: str | None = meta.get("HTTP_IDEMPOTENCY_KEY")
    if key is not None and not IDEMPOTENCY_KEY.fullmatch(key):
        message = _("The key must have 1 to 255 printable ASCII characters.")
        raise ValidationError({"Idempotency-Key": [message]})
    return key
