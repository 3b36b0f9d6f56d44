"""The admin's first page: the campaign at a glance, in charts that need no script."""

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR

from console.overview.chart import day_chart
from console.overview.funnel import funnel
from console.overview.ranges import MONTH, PRESETS, Range
from privacy.masking import may_see_addresses
from stats.numbers import current_numbers


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add what the templates draw to the context, for those who may see the games."""
    if not request.user.has_perm("games.view_game"):
        return context
    numbers = current_numbers(with_small_domains=may_see_addresses(request.user))
    error = ""
    try:
        chosen = Range.chosen(request.GET)
    except ValidationError as refused:
        chosen, error = Range.preset_days(), str(refused.message)
    most = max(map(max, numbers.week)) or 1
    shaded = [[{"plays": n, "shade": round(n / most, 2)} for n in day] for day in numbers.week]
    return context | {
        "numbers": numbers,
        "range": chosen,
        "range_query": urlencode({"from": chosen.first, "to": chosen.last}),
        "range_error": error,
        "presets": PRESETS,
        "month": MONTH,
        "today": timezone.localdate(),
        "compared": chosen.compared(),
        "funnel": funnel(numbers.days, chosen),
        "ever": numbers.days.total(None, timezone.localdate()),
        "chart": day_chart(numbers.days.within(chosen.first, chosen.last)),
        "week": [(WEEKDAYS_ABBR[day], hours) for day, hours in enumerate(shaded)],
        "week_by_hour": list(zip(*numbers.week, strict=True)),
    }
