"""The fields of plays (PLAY_FIELDS) in the console: their text, and a filter for each."""

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from console.lists.filters import NumberRangeFilter, SelectMixin
from games.models import Play


def readable_fields(play: Play) -> str:
    return "; ".join(f"{name}: {value}" for name, value in (play.fields or {}).items())


class FieldFilterMixin(admin.FieldListFilter):
    """Filters by a key of the column `fields`, which Django knows no filter for."""

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"field_path": f"fields__{name}"})
        self.title = name


class IntegerFilter(FieldFilterMixin, NumberRangeFilter):
    input_type = "text"  # takes negative numbers too


class TextFilter(FieldFilterMixin, NumberRangeFilter):
    """Text that contains what is typed, in any case."""

    input_type = "text"
    ends = {"": _("contains")}

    def parse(self, text: str) -> str | None:
        return text.replace("\0", "") or None

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        [value] = self.values()
        return queryset.filter(**{f"{self.field_path}__icontains": value}) if value else queryset


class BooleanFilter(SelectMixin, FieldFilterMixin):
    lookup_choices = [("true", _("yes")), ("false", _("no"))]

    def expected_parameters(self) -> list[str | None]:
        return [self.field_path]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        parameters: dict[Any, Any] = self.used_parameters
        chosen = parameters.get(self.field_path, [""])[-1]
        wanted = {"true": True, "false": False}.get(chosen)
        return queryset if wanted is None else queryset.filter(**{self.field_path: wanted})


KINDS = {"integer": IntegerFilter, "text": TextFilter, "boolean": BooleanFilter}


def field_filters() -> list[Any]:
    """Return the entries of list_filter."""
    return [
        ("fields", partial(KINDS[kind], name=name))
        for name, (kind, _most) in settings.PLAY_FIELDS.items()
    ]


def field_lookups() -> list[str]:
    """Return the parameters that the filters make."""
    paths = [f"fields__{name}" for name in settings.PLAY_FIELDS]
    return [path + end for path in paths for end in ("", "_from", "_to")]
