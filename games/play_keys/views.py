"""The public API for games while the bot shield is on: POST /api/play_keys/."""

from typing import Any

from django.conf import settings
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from games.play_keys.keys import new_challenge, new_play_key, shield_is_on
from games.play_keys.schema import describe_challenge, describe_play_key

NO_STORE = {"Cache-Control": "no-store"}


class PlayKeysView(APIView):
    """Give a key for a play, to be asked for when the game starts."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    metadata_class = None  # OPTIONS is not allowed
    error_statuses = (429,)  # for the OpenAPI description

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not shield_is_on():
            raise NotFound

    @describe_challenge
    def get(self, request: Request) -> Response:
        if not settings.PLAY_KEY_WORK:
            return Response(status=204, headers=NO_STORE)
        return Response(new_challenge(), headers=NO_STORE)

    @describe_play_key
    def post(self, request: Request) -> Response:
        # Without DRF's look at the Content-Type: whatever it is, the body is JSON.
        key = new_play_key(request.META.get("HTTP_ORIGIN", ""), request.body)
        return Response({"key": key}, headers=NO_STORE)
