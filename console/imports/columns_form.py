"""What staff choose in the preview of an import: columns, and the order of dates."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from importing.columns import FIELDS
from importing.models import ImportJob

LABELS = {
    "email": gettext_lazy("Address"),
    "plays": gettext_lazy("Plays"),
    "first_play": gettext_lazy("First play"),
    "last_play": gettext_lazy("Last play"),
    "day_first": gettext_lazy("Dates"),
}
NONE, OPEN = "", "?"


class ColumnsForm(forms.Form):
    """Which column is which, as guessed; staff may choose others."""

    def __init__(self, job: ImportJob, data: Any = None) -> None:
        super().__init__(data)
        report = job.report
        columns = list(enumerate(report["titles"]))
        for name in FIELDS:
            choices = columns if name == "email" else [(NONE, _("no column")), *columns]
            is_open = name in report["open"]
            self._add(name, choices, report["used"][name], is_open=is_open)
        if report["either"]:
            orders = [(1, _("5/1/2026 is 5 January")), (0, _("5/1/2026 is May 1"))]
            day_first = report["day_first"]
            self._add("day_first", orders, int(bool(day_first)), is_open=day_first is None)

    def _add(self, name: str, choices: list[Any], initial: int | None, *, is_open: bool) -> None:
        self.fields[name] = forms.TypedChoiceField(
            label=LABELS[name],
            choices=[(OPEN, _("choose…")), *choices] if is_open else choices,
            initial=OPEN if is_open else initial,
            coerce=lambda value: value if value == OPEN else int(value),
            empty_value=None,
            required=False,
            widget=UnfoldAdminSelectWidget,
        )

    def choices(self) -> dict[str, Any]:
        """Return what was chosen, without what is still open."""
        chosen = {name: value for name, value in self.cleaned_data.items() if value != OPEN}
        used = {name: chosen[name] for name in FIELDS if name in chosen}
        order = {"day_first": bool(chosen["day_first"])} if "day_first" in chosen else {}
        return {"used": used, **order}


def is_undecided(job: ImportJob) -> bool:
    """Return whether staff must choose before anything is imported."""
    report = job.report
    return bool(report["open"] or (report["either"] and report["day_first"] is None))
