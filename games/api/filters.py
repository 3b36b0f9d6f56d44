"""What the list of games may be narrowed to."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from rest_framework.exceptions import PermissionDenied

from esp.addresses import ascii_domain
from games.contact_state import ContactState
from games.masking import may_see_addresses
from games.models import Game


class GameFilter(filters.FilterSet):
    """Ranges include both ends; days are the site's clock's."""

    contact_state = filters.MultipleChoiceFilter(choices=ContactState.choices)
    play_count_min = filters.NumberFilter(
        "play_count", "gte", help_text=_("At least so many plays.")
    )
    play_count_max = filters.NumberFilter(
        "play_count", "lte", help_text=_("At most so many plays.")
    )
    first_played = filters.DateFromToRangeFilter("first_played_at")
    last_played = filters.DateFromToRangeFilter("last_played_at")
    search = filters.CharFilter(method="filter_address", max_length=254)

    class Meta:
        model = Game
        fields: list[str] = []

    def filter_address(self, games: QuerySet[Game], _name: str, value: str) -> Any:
        """Narrow the games to an address or a part of it, for those who may see addresses."""
        if not may_see_addresses(self.request.user):
            raise PermissionDenied(_("You may not search by address."))
        return games.filter(email__contains=ascii_domain(value))
