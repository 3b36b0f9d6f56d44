"""The staff API: players, their plays, and the numbers of the overview."""

from typing import Any, cast

from django.contrib.auth.models import User
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from api.changes import change_game, create_game, erase_game, version
from api.lists import GameFilter, LastPlayFirst, NewestFirst
from api.schema import describe_games
from api.serializers import (
    ConsentSerializer,
    GameChangeSerializer,
    GameSerializer,
    NewGameSerializer,
    StaffPlaySerializer,
    StatsSerializer,
)
from games.models import Game
from games.views import AlwaysJSON, JSONObjectParser
from privacy.audit import write_log
from privacy.masking import may_see_addresses
from stats.numbers import current_numbers

CHANGE_RIGHTS = {
    "email": ["games.view_address", "games.change_address"],
    "play_count": ["games.change_count"],
}


class StaffRights(BasePermission):
    """Demands of a staff member the rights that the view lists for the action.

    An action without a list is refused.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        user: Any = request.user
        rights: dict[str, list[str]] = view.rights
        return user.is_staff and view.action in rights and user.has_perms(rights[view.action])


class JSONView(APIView):
    """A view whose requests and answers are JSON objects."""

    parser_classes = (JSONObjectParser,)
    content_negotiation_class = AlwaysJSON
    throttle_classes = (UserRateThrottle,)
    metadata_class = None


@describe_games
class GameViewSet(JSONView, mixins.ListModelMixin, GenericViewSet):
    """Players and their plays, for staff and their tokens. Each action needs its own rights."""

    queryset = Game.objects.all()
    serializer_class = GameSerializer
    permission_classes = (StaffRights,)
    rights = {
        "list": ["games.view_game"],
        "retrieve": ["games.view_game"],
        "plays": ["games.view_game", "games.view_play"],
        "consents": ["games.view_game", "games.view_consent"],
        "stats": ["games.view_game"],
        # The answer shows whether the address has played: view_address is needed.
        "create": ["games.view_game", "games.view_address", "games.add_game"],
        "partial_update": ["games.view_game"],
        "destroy": ["games.view_game", "games.erase_game"],
    }
    pagination_class = NewestFirst
    filter_backends = (DjangoFilterBackend,)
    filterset_class = GameFilter
    lookup_value_regex = "[0-9]{1,18}"

    def retrieve(self, request: Request, pk: str) -> Response:
        """Return one player's counts, and how its contact stands with the ESP."""
        return self._answer(get_object_or_404(Game, pk=pk))

    def create(self, request: Request) -> Response:
        """Make a player without plays. The address becomes a contact of the ESP."""
        email = NewGameSerializer().run_validation(request.data)["email"]
        with transaction.atomic():
            game = create_game(email)
            self._log(game, "added")
        response = self._answer(game, status.HTTP_201_CREATED)
        response.headers["Location"] = reverse("games:game-detail", args=[game.pk])
        return response

    def partial_update(self, request: Request, pk: str) -> Response:
        changes = GameChangeSerializer().run_validation(request.data)
        rights = [right for name in changes for right in CHANGE_RIGHTS[name]]
        if not cast(User, request.user).has_perms(rights):
            self.permission_denied(request)
        with transaction.atomic():
            if_match = request.headers.get("If-Match")
            game = change_game(int(pk), if_match=if_match, by=request.user, **changes)
            self._log(game, ", ".join(sorted(changes)))
        return self._answer(game)

    def destroy(self, request: Request, pk: str) -> Response:
        """Erase the person here, also the account, and at the ESP if that can forget a contact."""
        if_match = request.headers.get("If-Match")
        with transaction.atomic():
            self._log(erase_game(int(pk), if_match=if_match, by=request.user), "erased")
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, pagination_class=LastPlayFirst, filterset_class=None)
    def plays(self, request: Request, pk: str) -> Response:
        """Return a page of one player's plays, each with the `esp_status` that was answered.

        The fields of a play are null for who may not see addresses.
        """
        game = get_object_or_404(Game, pk=pk)
        return self._page(game.plays.all(), StaffPlaySerializer)

    @action(detail=True, pagination_class=NewestFirst, filterset_class=None)
    def consents(self, request: Request, pk: str) -> Response:
        """Return a page of what one player agreed to, did not agree to or withdrew."""
        game = get_object_or_404(Game, pk=pk)
        return self._page(game.consents.select_related("text"), ConsentSerializer)

    @action(detail=False)
    def stats(self, request: Request) -> Response:
        """Return the campaign's totals by period, day and domain, at most a minute old."""
        seen = may_see_addresses(request.user)
        numbers = current_numbers(with_small_domains=seen, with_periods=True)
        return Response(StatsSerializer(numbers).data)

    def _page(self, rows: Any, serializer: type[ModelSerializer]) -> Response:
        page = self.paginate_queryset(rows)
        context = self.get_serializer_context()
        return self.get_paginated_response(serializer(page, many=True, context=context).data)

    def _answer(self, game: Game, status_code: int = status.HTTP_200_OK) -> Response:
        data = GameSerializer(game, context=self.get_serializer_context()).data
        return Response(data, status_code, headers={"ETag": version(game)})

    def _log(self, game: Game, what: str) -> None:
        token = getattr(self.request.auth, "name", None)
        write_log(self.request, Game, f"API{f' ({token})' if token else ''}: {what}.", game)
