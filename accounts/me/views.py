"""A player's own data. Who asks is who is signed in: no address comes from the request."""

from typing import Any

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema_view
from rest_framework import generics, status
from rest_framework.exceptions import Throttled
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import AppSessionAuthentication, BrowserAuthentication
from accounts.me import schema
from accounts.me.erasure import SENT, send_link
from accounts.me.person import confirmed_address, everything, find_game
from accounts.me.serializers import EverythingSerializer, MeSerializer
from games.api.pagination import LastPlayFirst
from games.api.serializers import SinglePlaySerializer
from games.api.views import JSONView
from games.models import Play


class HasConfirmedAddress(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        view.address = confirmed_address(request.user) if request.user.is_authenticated else None
        return view.address is not None


class MyView(JSONView):
    """A view of the person's own; not for tokens, whose scope is the staff API."""

    authentication_classes = (BrowserAuthentication, AppSessionAuthentication)
    permission_classes = (HasConfirmedAddress,)
    address: str

    def get_authenticate_header(self, request: Request) -> str:
        return "X-Session-Token"  # so that nobody signed in is 401, not 403


class MeView(MyView):
    @schema.describe_me
    def get(self, request: Request) -> Response:
        data = {"email": self.address, "game": find_game(self.address)}
        return Response(MeSerializer(data).data)


@extend_schema_view(get=schema.describe_plays)
class MyPlaysView(MyView, generics.ListAPIView):
    serializer_class = SinglePlaySerializer
    pagination_class = LastPlayFirst
    filter_backends = ()

    def get_queryset(self) -> Any:
        return Play.objects.filter(game__email=self.address)


class ExportView(MyView):
    @schema.describe_export
    def get(self, request: Request) -> Response:
        data = EverythingSerializer(everything(self.address)).data
        return Response(
            data, headers={"Content-Disposition": 'attachment; filename="my-data.json"'}
        )


class ErasureView(MyView):
    @schema.describe_erasure
    def post(self, request: Request) -> Response:
        assert isinstance(request.user, User)  # noqa: S101 - the permission lets nobody else in
        if not send_link(request, request.user, self.address):
            raise Throttled(wait=60 * 60)
        return Response({"detail": SENT}, status.HTTP_202_ACCEPTED)
