"""What became of the plays of some days: from the play to the contact at the ESP."""

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from console.overview.ranges import Range
from stats.days import Days, Figures

LABELS = {
    "plays": _("plays"),
    "new": _("new players"),
    "found": _("already in the ESP"),
    "absent": pgettext_lazy("contacts", "new to the ESP"),
    "added": pgettext_lazy("contacts", "added"),
    "rejected": _("refused or given up"),
    "pending": _("waiting for the ESP"),
    "withheld": _("withheld from the ESP"),
}


class Step(NamedTuple):
    name: str
    label: Any
    number: int
    change: str  # against the period before
    width: float  # of its bar, percent of the plays


def funnel(days: Days, chosen: Range) -> dict[str, Step]:
    """Return the steps by name, each with its change."""
    shown, now, before = (_steps(days, part) for part in (chosen, *chosen.compared()))
    most = shown["plays"] or 1
    return {
        name: Step(
            name,
            label,
            shown[name],
            _change(now[name], before[name]),
            round(100 * shown[name] / most, 1),
        )
        for name, label in LABELS.items()
    }


def _steps(days: Days, part: Range | None) -> dict[str, int]:
    figures = days.total(part.first, part.last) if part else Figures()
    return figures._asdict() | {"absent": figures.added + figures.rejected}


def _change(now: int, before: int) -> str:
    """Return the change in percent, or a dash if there is nothing to compare with."""
    if not before:
        return "\N{EN DASH}"
    percent = round(100 * (now - before) / before)
    return f"{percent:+}\N{NO-BREAK SPACE}%".replace("-", "\N{MINUS SIGN}")
