"""The staff API: games, their plays, and the numbers of the dashboard."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django.contrib.auth.models import User
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from games.admin.log import write_log
from games.api import schema
from games.api.changes import change_game, create_game, erase_game
from games.api.filters import GameFilter
from games.api.pagination import LastPlayFirst, NewestFirst
from games.api.permissions import StaffRights
from games.api.serializers import (
    GameChangeSerializer,
    GameSerializer,
    NewGameSerializer,
    SinglePlaySerializer,
    StatsSerializer,
)
from games.api.stats import stats
from games.api.versions import require_version, version
from games.models import Game
from games.views import AlwaysJSON, JSONObjectParser

# To name an address is to be told whether it has played.
CREATE_RIGHTS = ["games.view_game", "games.view_address", "games.add_game"]
CHANGE_RIGHTS = {
    "email": ["games.view_address", "games.change_address"],
    "play_count": ["games.change_count"],
}


class JSONView(APIView):
    """A view that takes and gives JSON objects."""

    parser_classes = (JSONObjectParser,)
    content_negotiation_class = AlwaysJSON
    throttle_classes = (UserRateThrottle,)
    metadata_class = None


@schema.describe_games
class GameViewSet(JSONView, mixins.ListModelMixin, GenericViewSet):
    queryset = Game.objects.all()
    serializer_class = GameSerializer
    permission_classes = (StaffRights,)
    rights = {
        "list": ["games.view_game"],
        "retrieve": ["games.view_game"],
        "plays": ["games.view_game", "games.view_play"],
        "stats": ["games.view_game"],
        "create": CREATE_RIGHTS,
        "partial_update": ["games.view_game"],
        "destroy": ["games.view_game", "games.erase_game"],
    }
    pagination_class = NewestFirst
    filter_backends = (DjangoFilterBackend,)
    filterset_class = GameFilter
    lookup_value_regex = "[0-9]{1,18}"

    def retrieve(self, request: Request, pk: str) -> Response:
        return self._answer(self._game(pk))

    def create(self, request: Request) -> Response:
        serializer = NewGameSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            game = create_game(serializer.validated_data["email"])
            self._log(game, "added")
        response = self._answer(game, status.HTTP_201_CREATED)
        response.headers["Location"] = reverse("games:game-detail", args=[game.pk])
        return response

    def partial_update(self, request: Request, pk: str) -> Response:
        serializer = GameChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        changes = serializer.validated_data
        self._require_rights(changes)
        with transaction.atomic():
            game = self._if_unchanged(
                change_game, pk, email=changes.get("email"), play_count=changes.get("play_count")
            )
            self._log(game, ", ".join(sorted(changes)))
        return self._answer(game)

    def destroy(self, request: Request, pk: str) -> Response:
        with transaction.atomic():
            game = self._if_unchanged(erase_game, pk, by=request.user)
            self._log(game, "erased")
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, pagination_class=LastPlayFirst, filterset_class=None)
    def plays(self, request: Request, pk: str) -> Response:
        page = self.paginate_queryset(self._game(pk).plays.all())
        return self.get_paginated_response(SinglePlaySerializer(page, many=True).data)

    @action(detail=False)
    def stats(self, request: Request) -> Response:
        return Response(StatsSerializer(stats(request.user)).data)

    def _game(self, pk: str) -> Game:
        return get_object_or_404(Game, pk=int(pk))

    def _answer(self, game: Game, status_code: int = status.HTTP_200_OK) -> Response:
        data = GameSerializer(game, context=self.get_serializer_context()).data
        return Response(data, status_code, headers={"ETag": version(game)})

    def _log(self, game: Game, what: str) -> None:
        token = getattr(self.request.auth, "name", None)
        write_log(self.request, Game, f"API{f' ({token})' if token else ''}: {what}.", game)

    def _require_rights(self, changes: dict[str, Any]) -> None:
        rights = [right for name in changes for right in CHANGE_RIGHTS[name]]
        if not cast(User, self.request.user).has_perms(rights):
            self.permission_denied(self.request)

    def _if_unchanged(self, change: Callable[..., Game], pk: str, **values: Any) -> Game:
        """Make the change to the version of the game that the client names."""
        if_match = self.request.headers.get("If-Match")
        try:
            return change(int(pk), check=partial(require_version, if_match=if_match), **values)
        except Game.DoesNotExist as error:
            raise NotFound from error
