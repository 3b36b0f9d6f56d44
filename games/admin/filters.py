"""Ranges to filter by, from and to, both included."""

from abc import abstractmethod
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from games.kept_days import day_start


class RangeFilter(admin.FieldListFilter):
    """Two fields of a form; what is not understood filters nothing."""

    template = "games/admin/range_filter.html"
    input_type = ""

    @property
    def names(self) -> list[str]:
        return [f"{self.field_path}_from", f"{self.field_path}_to"]

    @property
    def values(self) -> list[Any]:
        parameters: dict[str, Any] = self.used_parameters
        return [self.parse(parameters.get(name, [""])[-1]) for name in self.names]

    @abstractmethod
    def parse(self, text: str) -> Any:
        """Return the value of what was typed, None if it is none."""
        ...

    def expected_parameters(self) -> list[str | None]:
        return [*self.names]

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: Any) -> Iterator[Any]:
        labels = [_("from"), _("to")]
        for name, label, value in zip(self.names, labels, self.values, strict=True):
            text = "" if value is None else str(value)
            yield {"name": name, "label": label, "value": text, "type": self.input_type}

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        lowest, highest = self.values
        if lowest is not None:
            queryset = queryset.filter(**{f"{self.field_path}__gte": self.start(lowest)})
        if highest is not None:
            queryset = queryset.filter(**{f"{self.field_path}__lt": self.end(highest)})
        return queryset

    def start(self, value: Any) -> Any:
        return value

    @abstractmethod
    def end(self, value: Any) -> Any:
        """Return the first value that is beyond this one."""
        ...


class NumberRangeFilter(RangeFilter):
    input_type = "number"

    def parse(self, text: str) -> int | None:
        # No further than the database counts.
        return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004

    def end(self, value: int) -> int:
        return value + 1


class DayRangeFilter(RangeFilter):
    """Days by the site's clock."""

    input_type = "date"

    def parse(self, text: str) -> date | None:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None
        return day if date.min < day < date.max else None

    def start(self, value: date) -> datetime:
        return day_start(value)

    def end(self, value: date) -> datetime:
        return day_start(value + timedelta(days=1))
