"""What narrows, orders and pages the lists of players and plays."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from games.contact_state import ContactState
from games.models import Game
from privacy.masking import may_see_addresses
from serving.addresses import ascii_domain


class GameFilter(filters.FilterSet):
    """Ranges include both ends. Days are those of the site's time zone."""

    contact_state = filters.MultipleChoiceFilter(choices=ContactState.choices)
    play_count_min = filters.NumberFilter(
        "play_count", "gte", help_text=_("Minimum number of plays.")
    )
    play_count_max = filters.NumberFilter(
        "play_count", "lte", help_text=_("Maximum number of plays.")
    )
    first_played = filters.DateFromToRangeFilter("first_played_at")
    last_played = filters.DateFromToRangeFilter("last_played_at")
    search = filters.CharFilter(method="filter_address", max_length=254)

    def filter_address(self, games: QuerySet[Game], _name: str, value: str) -> Any:
        """Return players whose address contains the value; needs the right to see addresses."""
        if not may_see_addresses(self.request.user):
            raise PermissionDenied(_("You may not search by address."))
        return games.filter(email__contains=ascii_domain(value))


class NewestFirst(CursorPagination):
    """Pages by cursor: each is equally fast, and new rows never repeat an old one."""

    ordering = "-pk"
    cursor_query_description = "From `next` and `previous`."
    page_size = 50
    page_size_query_param = "page_size"
    page_size_query_description = "At most 500."
    max_page_size = 500

    def decode_cursor(self, request: Request) -> Any:
        cursor = super().decode_cursor(request)
        # The position comes from the client. The database would fail on one that is no number.
        if cursor and cursor.position is not None and not str(cursor.position).isdecimal():
            raise NotFound(self.invalid_cursor_message)
        return cursor


class LastPlayFirst(NewestFirst):
    ordering = "-number"
