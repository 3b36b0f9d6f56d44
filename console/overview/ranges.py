"""The days that the overview shows, as its address names them."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple, Self

from django.core.exceptions import ValidationError
from django.forms import DateField
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

DEFAULT = "30"
PRESETS = ("7", DEFAULT, "90")  # days, today included
MONTH = "month"
EARLIEST = date(2000, 1, 1)  # the days before it can be compared too
MOST_DAYS = 366
NO_DAY = gettext_lazy("Choose both days, each as in 2026-11-29.")
DAY = DateField(input_formats=["%Y-%m-%d"], error_messages={"required": NO_DAY, "invalid": NO_DAY})


class Range(NamedTuple):
    """Whole days by the site's clock, both included."""

    first: date
    last: date
    preset: str = ""

    @classmethod
    def chosen(cls, params: Mapping[str, str]) -> Self:
        """Return the days that the parameters name; raise ValidationError if there are none."""
        today = timezone.localdate()
        if "from" in params or "to" in params:
            return cls._own(DAY.clean(params.get("from")), DAY.clean(params.get("to") or today))
        preset = params.get("range", DEFAULT)
        if preset == MONTH:
            return cls(today.replace(day=1), today, MONTH)
        return cls.preset_days(preset if preset in PRESETS else DEFAULT)

    @classmethod
    def preset_days(cls, preset: str = DEFAULT) -> Self:
        today = timezone.localdate()
        return cls(today - timedelta(days=int(preset) - 1), today, preset)

    @classmethod
    def _own(cls, first: date, last: date) -> Self:
        if last < first:
            raise ValidationError(_("The first day must not be after the last."))
        if first > timezone.localdate():
            raise ValidationError(_("These days are still to come."))
        if first < EARLIEST or (last - first).days >= MOST_DAYS:
            text = _("Choose at most %(days)d days, from the year %(year)d on.")
            raise ValidationError(text % {"days": MOST_DAYS, "year": EARLIEST.year})
        return cls(first, min(last, timezone.localdate()))

    @property
    def is_unfinished(self) -> bool:
        return self.last >= timezone.localdate()

    def compared(self) -> tuple["Range", "Range"] | tuple[None, None]:
        """Return its days that have ended, and the same ones of the period before, if any."""
        length = (self.last - self.first).days + 1
        last = self.last - timedelta(days=self.is_unfinished)
        if last < self.first:
            return None, None
        before = timedelta(days=length)
        return Range(self.first, last), Range(self.first - before, last - before)
