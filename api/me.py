"""A player's own data. The address is that of the account, never from the request."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.exceptions import Throttled
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import AppSessionAuthentication, BrowserAuthentication
from api.lists import LastPlayFirst
from api.serializers import EverythingSerializer, MeSerializer, SentSerializer, SinglePlaySerializer
from api.views import JSONView
from games.models import Game, Play
from privacy.confirmed_wish import SENT, send_link
from privacy.own_data import confirmed_address, own_data
from privacy.withdrawing import consents_in_force


class HasConfirmedAddress(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        view.address = confirmed_address(request.user) if request.user.is_authenticated else None
        return view.address is not None


class MyView(JSONView):
    """A view of one's own data. Tokens are not accepted: they are for the staff API."""

    authentication_classes = (BrowserAuthentication, AppSessionAuthentication)
    permission_classes = (HasConfirmedAddress,)
    address: str

    def get_authenticate_header(self, request: Request) -> str:
        return "X-Session-Token"  # without it, DRF answers 403 instead of 401


class MeView(MyView):
    """Return the account's address, and its counts if it has played."""

    @extend_schema(summary="Read one's own player", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        game = Game.objects.filter(email=self.address).first()
        consents = consents_in_force(game) if game else []
        data = {"email": self.address, "game": game, "consents": consents}
        return Response(MeSerializer(data).data)


@extend_schema(summary="List one's own plays, newest first")
class MyPlaysView(MyView, generics.ListAPIView):
    """Return a page of the plays of the account's address."""

    serializer_class = SinglePlaySerializer
    pagination_class = LastPlayFirst
    filter_backends = ()

    def get_queryset(self) -> Any:
        return Play.objects.filter(game__email=self.address)


class ExportView(MyView):
    """Return everything that the site has about the account's address, as a file."""

    @extend_schema(summary="Export all data about oneself", responses=EverythingSerializer)
    def get(self, request: Request) -> Response:
        data = EverythingSerializer(own_data(self.address)).data
        return Response(
            data, headers={"Content-Disposition": 'attachment; filename="my-data.json"'}
        )


class ErasureView(MyView):
    """Send a link to the account's address, at most five an hour. Who confirms there is erased."""

    @extend_schema(
        summary="Ask for the erasure of all data about oneself",
        request=None,
        responses={202: SentSerializer},
    )
    def post(self, request: Request) -> Response:
        if not send_link(request, self.address):
            raise Throttled(wait=60 * 60)
        return Response({"detail": SENT}, status.HTTP_202_ACCEPTED)
