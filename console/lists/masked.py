"""Lists of addresses, for those who may read them and for those who may not."""

from operator import attrgetter
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from console.lists.change_list import ListMixin
from games.models import Game
from privacy.masking import mask_address, may_see_addresses
from serving.addresses import ascii_domain, readable_address


class MaskedMixin(ListMixin):
    """Who may not read addresses gets them masked, and nothing to guess them by.

    Neither a search nor an order of the list by address, and nobody a look-up in the URL that no
    filter offers: `?email__startswith=c` would tell whose address begins so.
    """

    email_path = "email"
    few_players = 10_000
    search_help_text = _("An address or a part of it, such as a domain.")

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return self._masked(request, super().get_list_display(request))  # type: ignore[misc]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        # Stored in lower case: to ignore case would take the database three times as long.
        return [f"{self.email_path}__contains"] if may_see_addresses(request.user) else []

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Find few players by their keys: the count and the page then need not search again."""
        term = ascii_domain(search_term)
        if term and self.get_search_fields(request):
            words = [Q(email__contains=word) for word in term.split()]
            players = Game.objects.order_by().filter(*words).values_list("pk", flat=True)
            few = list(players[: self.few_players + 1])
            if len(few) <= self.few_players:
                player = self.email_path.rpartition("__")[0] or "pk"
                return queryset.filter(**{f"{player}__in": few}), False
        return super().get_search_results(request, queryset, term)  # type: ignore[misc]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        fieldsets = super().get_fieldsets(request, obj)  # type: ignore[misc]
        return [
            (name, options | {"fields": self._masked(request, options["fields"])})
            for name, options in fieldsets
        ]

    @admin.display(description=_("address"), ordering="email")
    def address(self, row: Any) -> str:
        return readable_address(self._email(row))

    @admin.display(description=_("address"))
    def masked_address(self, row: Any) -> str:
        return mask_address(self._email(row))

    def _email(self, row: Any) -> str:
        return str(attrgetter(self.email_path.replace("__", "."))(row))

    def _masked(self, request: HttpRequest, names: list[Any]) -> list[Any]:
        if may_see_addresses(request.user):
            return names
        return ["masked_address" if name in ("address", "email") else name for name in names]
