"""Lists of addresses, for those who may read them and for those who may not."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from esp.addresses import ascii_domain, readable_address
from games.masking import mask_address, may_see_addresses


class MaskedMixin:
    """Who may not read addresses gets them masked, and nothing to guess them by.

    Neither a search nor an order of the list by address, and nobody a look-up in the URL that no
    filter offers: `?email__startswith=c` would tell whose address begins so.
    """

    email_path = "email"
    lookups: frozenset[str]  # those that the filters and links make

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return self._masked(request, super().get_list_display(request))  # type: ignore[misc]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        # Stored in lower case: to ignore case would take the database three times as long.
        return [f"{self.email_path}__contains"] if may_see_addresses(request.user) else []

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        term = ascii_domain(search_term)
        return super().get_search_results(request, queryset, term)  # type: ignore[misc]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup in self.lookups

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
        for name in self.email_path.split("__"):
            row = getattr(row, name)
        return str(row)

    def _masked(self, request: HttpRequest, names: list[Any]) -> list[Any]:
        if may_see_addresses(request.user):
            return [*names]
        hidden = ("address", "email")
        return ["masked_address" if name in hidden else name for name in names]
