"""Pages of long lists, and what is said of the whole list without counting it twice."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Sum
from django.utils.functional import cached_property

CAP = 100_000  # plays; nobody turns a thousand pages, and counting millions takes its time


class TotalsPaginator(Paginator):
    """Counts the games of a list and their plays in one pass."""

    @cached_property
    def totals(self) -> dict[str, Any]:
        rows = self.object_list.order_by()  # type: ignore[attr-defined]
        return rows.aggregate(games=Count("pk"), plays=Sum("play_count", default=0))

    @cached_property
    def count(self) -> int:
        return int(self.totals["games"])


class CappedPaginator(Paginator):
    """Counts no further than there is reason to."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list.order_by()  # type: ignore[attr-defined]
        return int(rows[: self.cap].count())

    @property
    def cap(self) -> int:
        return CAP

    @property
    def is_capped(self) -> bool:
        return self.count == self.cap
