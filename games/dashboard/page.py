"""The admin's first page: the campaign at a glance."""

from dataclasses import replace
from typing import Any, cast

from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR

from games.dashboard.charts import day_chart, shades
from games.dashboard.numbers import DAYS, Numbers
from games.masking import may_see_addresses

SECONDS = 60  # for which the same numbers are shown
CHOICES = (30, DAYS)
CROWD = 5  # addresses of a domain; that of fewer may tell whose they are


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the numbers to the context, for those who may see the games."""
    if request.user.has_perm("games.view_game"):
        context |= page(current_numbers(request.user), request.GET.get("days", ""))
    return context


def current_numbers(user: Any) -> Numbers:
    """Return the numbers, at most a minute old, for an account: rare domains are addresses too."""
    key = f"dashboard-{timezone.localdate()}"  # not yesterday's "today", even for a minute
    numbers = cast(Numbers, cache.get_or_set(key, Numbers.read, SECONDS))
    if may_see_addresses(user):
        return numbers
    return replace(numbers, domains=[row for row in numbers.domains if row[1] >= CROWD])


def page(numbers: Numbers, days: str) -> dict[str, Any]:
    """Return what the template draws, with as many days as asked for."""
    number = CHOICES[1] if days == str(CHOICES[1]) else CHOICES[0]
    shown = numbers.days[-number:]
    weekdays = [WEEKDAYS_ABBR[day] for day in range(7)]
    return {
        "numbers": numbers,
        "choices": [{"days": n, "chosen": n == number} for n in CHOICES],
        "chart": day_chart(shown),
        "week": list(zip(weekdays, shades(numbers.week), strict=True)),
        "week_by_hour": list(zip(*numbers.week, strict=True)),
        "hours": range(24),
        "domains": [
            {"domain": domain, "games": games, "width": 100 * games // numbers.domains[0][1]}
            for domain, games in numbers.domains
        ],
    }
