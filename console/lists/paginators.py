"""Pages of long lists, and what is said of the whole list without counting it twice."""

from typing import Any

from django.core.paginator import EmptyPage, Page, Paginator
from django.db.models import Count, Sum
from django.utils.functional import cached_property

from games.models import Game

MANY_ROWS = 50_000  # nobody turns 2,000 pages, and sorting or counting millions takes its time


class LongListPaginator(Paginator):
    """Reads a page from the nearer end of the list: first its keys, then only its rows."""

    template_name = "console/pages.html"
    reach: int | None = None  # rows from either end; pages between are not opened
    ends = True  # whether the list ends with the last row that was counted

    def page(self, number: Any) -> Page:
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        stop = min(start + self.per_page, self.count)
        after = self.count - stop
        if self.reach is not None and min(start, after) > self.reach:
            raise EmptyPage(self.error_messages["no_results"])
        rows: Any = self.object_list
        if self.ends and after < start:
            keys = rows.reverse().values_list("pk", flat=True)[after : self.count - start]
        else:
            keys = rows.values_list("pk", flat=True)[start:stop]
        return Page(rows.filter(pk__in=list(keys)), number, self)


class TotalsPaginator(LongListPaginator):
    """Counts the games of a list and their plays in one pass."""

    @cached_property
    def totals(self) -> dict[str, Any]:
        rows = self.object_list.order_by()  # type: ignore[attr-defined]
        return rows.aggregate(games=Count("pk"), plays=Sum("play_count", default=0))

    @cached_property
    def count(self) -> int:
        # A player's history is paged too, and its entries have no plays to add up.
        is_list = self.object_list.model is Game  # type: ignore[attr-defined]
        return self.totals["games"] if is_list else super().count


class CappedPaginator(LongListPaginator):
    """Counts no further than there is reason to."""

    cap = MANY_ROWS

    @property
    def ends(self) -> bool:  # type: ignore[override]
        return self.count < self.cap

    @cached_property
    def count(self) -> int:
        rows = self.object_list.order_by()  # type: ignore[attr-defined]
        return int(rows[: self.cap].count())
