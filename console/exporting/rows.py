"""The rows of an export, read as they are written, never all held."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

CHUNK = 2_000


class StreamedRows:
    """The values of a query's rows: text, numbers, times, None. It counts those that were read."""

    def __init__(self, queryset: QuerySet, *paths: str) -> None:
        self.rows = queryset.values_list(*paths)
        self.count = 0

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        # In a transaction PostgreSQL gives the rows as they are asked for; without one it would
        # first gather all, within the time that a statement of the web process may take.
        with transaction.atomic(using=self.rows.db):
            # Not iterator(), which would gather all where DISABLE_SERVER_SIDE_CURSORS is set; that
            # is about cursors outside of transactions.
            compiler = self.rows.query.get_compiler(using=self.rows.db)
            for row in compiler.results_iter(
                chunked_fetch=True, chunk_size=CHUNK, tuple_expected=True
            ):
                self.count += 1
                yield row
