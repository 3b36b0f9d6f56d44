"""Filters of lists: by a choice; by a range, from and to, both included; by a player."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.translation import gettext_lazy as _

from games.contact_state import UNDELIVERED
from games.models import Game
from stats.totals import day_start

MOST_REASONS = 20
WHOLE = re.compile(r"-?[0-9]{1,15}")


class SelectMixin:
    """A field of the filters' form. A link would throw away what is typed beside it."""

    template = "console/choice_filter.html"
    lookup_choices: list[tuple[Any, Any]]

    def choices(self, changelist: Any) -> Iterator[Any]:
        name = self.expected_parameters()[0]  # type: ignore[attr-defined]
        used = self.used_parameters.get(name)  # type: ignore[attr-defined]
        chosen = used[-1] if isinstance(used, list) else used
        for value, text in self.lookup_choices:
            selected = str(value) == str(chosen)
            yield {"name": name, "value": value, "display": text, "selected": selected}


class ChoiceFilter(SelectMixin, admin.ChoicesFieldListFilter):
    """By a field with choices."""

    @property
    def lookup_choices(self) -> Any:  # type: ignore[override]
        return self.field.flatchoices


class StaffFilter(SelectMixin, admin.RelatedFieldListFilter):
    """By an account of the staff: players may have accounts too."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        return field.get_choices(include_blank=False, limit_choices_to={"is_staff": True})


class PlayerFilter(SelectMixin, admin.SimpleListFilter):
    """The plays of one player: offered only where a link has chosen one."""

    title = _("player")
    parameter_name = "game__id__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = self.value() or ""
        return [(chosen, chosen)] if chosen.isdecimal() else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(game=self.value())


class ReasonFilter(SelectMixin, admin.SimpleListFilter):
    """Contacts that are not delivered, by the ESP's words."""

    title = _("last error")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        # Only columns of the index game_undelivered.
        failed = Game.objects.filter(contact_state__in=UNDELIVERED).exclude(contact_error="")
        reasons = (
            failed.values_list("contact_error").annotate(n=Count("contact_error")).order_by("-n")
        )
        found = {reason: f"{reason} ({n})" for reason, n in reasons[:MOST_REASONS]}
        chosen = self.value()
        return list(({chosen: chosen} | found if chosen else found).items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        reason = self.value()
        return queryset.filter(contact_error=reason) if reason else queryset


class NumberRangeFilter(admin.FieldListFilter):
    """Two fields of a form; what is not understood filters nothing."""

    template = "console/range_filter.html"
    input_type = "number"
    step: Any = 1
    ends = {"_from": _("from"), "_to": _("to")}

    def parse(self, text: str) -> Any:
        """Return the value of what was typed, None if it is none."""
        return int(text) if WHOLE.fullmatch(text) else None

    def start(self, value: Any) -> Any:
        """Return the lowest value of the database's column that belongs to this one."""
        return value

    def expected_parameters(self) -> list[str | None]:
        return [self.field_path + end for end in self.ends]

    def has_output(self) -> bool:
        return True

    def values(self) -> list[Any]:
        parameters: dict[Any, Any] = self.used_parameters
        return [self.parse(parameters.get(name, [""])[-1]) for name in self.expected_parameters()]

    def choices(self, changelist: Any) -> Iterator[Any]:
        for (end, label), value in zip(self.ends.items(), self.values(), strict=True):
            yield {
                "name": self.field_path + end,
                "label": label,
                "value": "" if value is None else str(value),
                "type": self.input_type,
                "selected": value is not None,
                "display": f"{label} {localize(value)}",
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        lowest, highest = self.values()
        limits = {}
        if lowest is not None:
            limits[f"{self.field_path}__gte"] = self.start(lowest)
        if highest is not None:
            limits[f"{self.field_path}__lt"] = self.start(highest + self.step)
        return queryset.filter(**limits)


class DayRangeFilter(NumberRangeFilter):
    """Days by the site's clock."""

    input_type = "date"
    step = timedelta(days=1)

    def parse(self, text: str) -> date | None:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None
        return day if date.min < day < date.max else None

    def start(self, value: date) -> datetime:
        return day_start(value)
