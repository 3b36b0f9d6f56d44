"""What all lists have in common: filters in use as chips, and an address without empty fields."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.contrib import admin, messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, SEARCH_VAR
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold.views import ChangeList

from console.lists.paginators import LongListPaginator


def column(name: str, title: Any) -> Callable[[Any, Any], Any]:
    """Return a column that shows a field under another title."""

    @admin.display(description=title, ordering=name)
    def show(_pages: Any, row: Any) -> Any:
        return getattr(row, name)

    return show


class Chip(NamedTuple):
    """A filter in use, and the address of the list without it."""

    name: str
    value: str
    url: str

    @property
    def text(self) -> str:
        return f"{self.name}: {self.value}"


class ConsoleList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        try:
            super().get_results(request)
        except IncorrectLookupParameters:
            # Django's answer would throw the filters away.
            text = _("There is no such page, or a sorted list does not open it. This is the first.")
            messages.warning(request, text)
            self.page_num = 1
            super().get_results(request)
        # Else the theme writes "(Show all)" over each list, filtered or not; there are chips.
        self.full_result_count = self.result_count

    def chips(self) -> Iterator[Chip]:
        if self.query and self.search_fields:  # else it filters nothing
            url = self.get_query_string(remove=[SEARCH_VAR])
            yield Chip(capfirst(_("search")), self.query, url)
        for spec in self.filter_specs:
            if not spec.used_parameters:
                continue
            for choice in spec.choices(self):
                if choice["selected"]:
                    names = [choice["name"]] if "name" in choice else spec.expected_parameters()
                    url = self.get_query_string(remove=names)
                    yield Chip(str(capfirst(spec.title)), str(choice["display"]), url)


class ListMixin:
    """Lists that are filtered by a form; what is in it is kept in the address."""

    paginator = LongListPaginator
    list_filter_submit = True
    list_before_template = "console/chips.html"
    list_per_page = 25  # a phone shows each row as a card
    show_facets = ShowFacets.NEVER  # a count for each choice
    lookups: list[str] | None = None  # those that filters and links make; None: all of Django's
    show_full_result_count = False  # a second count of all rows, for the words "of 1,000,000"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ConsoleList]:
        return ConsoleList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        empty = [name for name, value in request.GET.items() if not value and name != ORDER_VAR]
        if request.method == "GET" and empty:  # fields of the form
            used = request.GET.copy()
            for name in empty:
                del used[name]
            return redirect(f"{request.path}?{used.urlencode()}")
        context = {"title": self.page_title(request), **(extra_context or {})}
        return super().changelist_view(request, context)  # type: ignore[misc]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        if self.lookups is None:
            return super().lookup_allowed(lookup, value, request)  # type: ignore[misc]
        return lookup in self.lookups

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], **options: Any
    ) -> HttpResponse:
        context["title"] = self.page_title(request, options["obj"])
        return super().render_change_form(request, context, **options)  # type: ignore[misc]

    def page_title(self, request: HttpRequest, row: Any = None) -> str:
        # Django's titles ("Select player to change") are no Russian sentences.
        return str(capfirst(self.opts.verbose_name_plural))  # type: ignore[attr-defined]


class ReadOnlyMixin(ListMixin):
    """Nothing can be added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission
