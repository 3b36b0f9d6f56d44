"""The tables behind the charts, as CSV for Excel: counts only, for those who see the overview."""

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from console.exporting.formats import ExcelCSV
from console.exporting.spreadsheet import Rows
from console.overview.ranges import Range
from stats.numbers import current_numbers

DAYS = ["day", "plays", "first_plays", "found", "added", "rejected", "pending", "withheld"]
HOURS = ["hour", "mon", "tue", "wed", "thu", "fri", "sat", "sun"]

may_see_overview = permission_required("games.view_game", raise_exception=True)


@require_GET
@may_see_overview
def days_table(request: HttpRequest) -> HttpResponse:
    """Return the figures of each day; where the days make no sense, the page that says so."""
    try:
        chosen = Range.chosen(request.GET)
    except ValidationError:
        return redirect(f"{reverse('admin:index')}?{request.GET.urlencode()}")
    days = current_numbers(with_small_domains=False).days.within(chosen.first, chosen.last)
    return _file(f"days-{chosen.first}-{chosen.last}", DAYS, ([d, *figures] for d, figures in days))


@require_GET
@may_see_overview
def hours_table(_request: HttpRequest) -> HttpResponse:
    week = current_numbers(with_small_domains=False).week
    rows = ([f"{hour:02}:00", *plays] for hour, plays in enumerate(zip(*week, strict=True)))
    return _file(f"hours-{timezone.localdate()}", HOURS, rows)


def _file(name: str, header: list[str], rows: Rows) -> HttpResponse:
    form = ExcelCSV()
    return HttpResponse(
        form.stream(header, rows),
        content_type=form.content_type,
        headers={"Content-Disposition": f'attachment; filename="overview-{name}.csv"'},
    )
