"""The public API: one address, POST /api/verification_mail/."""

import re
from collections.abc import Iterable
from json import JSONDecoder, JSONEncoder
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser, FormParser, JSONParser, MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.utils.json import strict_constant
from rest_framework.views import APIView

from games.counting import NewPlay, was_counted
from games.exceptions import BodyTooLarge, LengthRequired, UnknownBody
from games.limits.checks import check_limits, check_running
from games.play_keys.keys import read_play_key
from games.rules.extras import Extras, read_extras
from games.schema import describe_play
from games.serializers import PlaySerializer
from games.services import PlayResult, record_play
from serving.keyed_hash import keyed_hash
from serving.logs import log_context

MAX_BODY = 16 * 1024  # bytes; nginx refuses the same before it gets here
# Made once: a new serializer copies its fields, and json.loads() with options makes a new decoder.
PLAY = PlaySerializer()
decode = JSONDecoder(parse_constant=strict_constant).decode
encode = JSONEncoder(separators=(",", ":")).encode
JSON_TYPES = {
    JSONParser.media_type,
    "text/plain",
}  # the latter is what navigator.sendBeacon() sends
UNTOLD = dict.fromkeys(PlayResult._fields)  # an answer that says nothing of the address
IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{1,255}")


class JSONObjectParser(JSONParser):
    """Parses a JSON object in UTF-8; raises an error that says what is wrong with another body."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            parsed = decode(stream.read().decode().removeprefix("\ufeff"))  # a byte order mark
        except RecursionError:  # nested too deeply
            parsed = None
        except ValueError as error:
            raise ParseError(_("The body is not valid JSON.")) from error
        if not isinstance(parsed, dict):
            message = _('The body must be a JSON object, such as {"email": "name@example.com"}.')
            raise ValidationError({"non_field_errors": [message]})
        return parsed


class AlwaysJSON(DefaultContentNegotiation):
    """Answers JSON whatever the client accepts, so that no Accept header costs a play."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        parser = super().select_parser(request, parsers)
        if parser is None:
            raise UnknownBody(request.content_type)
        return parser

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class VerificationMailView(APIView):
    """Count a play of an address; answer what is known of the address."""

    # With authentication, a browser that is signed in to the admin would need a CSRF token here.
    authentication_classes = ()
    permission_classes = (AllowAny,)
    metadata_class = None  # OPTIONS is not allowed either
    error_statuses = (400, 411, 413, 415, 422, 429, 503)  # for the OpenAPI description
    parser_classes = (JSONObjectParser, FormParser, MultiPartParser)
    content_negotiation_class = AlwaysJSON

    @property
    def default_response_headers(self) -> dict[str, str]:
        # DRF would look for all methods at each request, and would add OPTIONS.
        return {"Allow": "POST"}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer; plain JSON past DRF's dispatch, which takes a tenth of a play's CPU.

        Forms and errors take DRF's way.
        """
        if request.method != "POST" or request.content_type not in JSON_TYPES:
            return super().dispatch(request, *args, **kwargs)
        try:
            check_body(request)
            return count(request, JSONObjectParser().parse(request))
        except Exception as error:  # noqa: BLE001 - DRF raises again what it does not know
            self.args, self.kwargs, self.headers = args, kwargs, self.default_response_headers
            self.request = self.initialize_request(request, *args, **kwargs)
            return self.finalize_response(self.request, self.handle_exception(error))

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # Ignore the charset that the client states: some codecs fail.
        if request.encoding:
            request.encoding = "utf-8"
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        check_body(request)

    @describe_play
    def post(self, request: Request) -> HttpResponse:
        return count(request, request.data)


def check_body(request: HttpRequest) -> None:
    """Raise an APIException if the body's length is not stated, too large or not what it is."""
    meta = request.META  # request.headers would parse all headers for one
    length = meta.get("CONTENT_LENGTH") or "0"
    if "HTTP_TRANSFER_ENCODING" in meta:
        raise LengthRequired
    if not length.isdecimal():
        raise ParseError
    if int(length) > MAX_BODY:
        raise BodyTooLarge
    if len(request.body) < int(length):
        raise ParseError  # a form that was cut off would still parse, with another address


def count(request: HttpRequest, data: Any) -> HttpResponse:
    """Count the play that a request's parsed body names; return the answer."""
    email = PLAY.run_validation(data)["email"]
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is not None and not IDEMPOTENCY_KEY.fullmatch(key):
        message = _("The key must have 1 to 255 printable ASCII characters.")
        raise ValidationError({"Idempotency-Key": [message]})
    log_context.set({**log_context.get(), "address_hash": keyed_hash(email)})
    told = True
    if settings.PLAY_SECONDS or settings.PLAY_KEY_WORK or settings.ANSWERS_NEED_KEY:
        key, refusal = read_play_key(key, request.META.get("HTTP_ORIGIN", ""))
        told = refusal is None
        if refusal and not settings.ANSWERS_NEED_KEY:
            raise refusal
    extras = _read_extras(request, data, email, key) if len(data) > 1 else None
    if settings.PLAYS_FROM or settings.PLAYS_UNTIL:
        check_running(email=email, idempotency_key=key)
    if settings.PLAYS_PER_ADDRESS or settings.ADDRESSES_PER_CLIENT:
        check_limits(email=email, idempotency_key=key, request=request)
    result = record_play(NewPlay(email, key, extras))
    # Plain JSON: DRF's Response, with its negotiation, costs 4 % of a play's CPU.
    answer = result._asdict() if told else UNTOLD
    response = HttpResponse(encode(answer).encode(), content_type="application/json")
    if extras and extras.ignored and settings.DEBUG:
        response["X-Ignored-Fields"] = ", ".join(map(ascii, extras.ignored))[:1000]
    return response


def _read_extras(request: HttpRequest, data: Any, email: str, key: str | None) -> Extras | None:
    """Return what the play brings; None for a repeated request whose text is retired since."""
    try:
        return read_extras(request, data)
    except ValidationError:
        if was_counted(email, key):
            return None
        raise
