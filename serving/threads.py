"""Calls that use the database, several at once."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(
    function: Callable[[Item], Result], items: Sequence[Item], *, threads: int
) -> Iterator[Result]:
    """Yield the function's result for each item, in their order; with one thread, in this one."""
    if min(threads, len(items)) <= 1:
        yield from map(function, items)
        return

    def call(item: Item) -> Result:
        try:
            return function(item)
        finally:
            connection.close()  # of this thread

    with ThreadPoolExecutor(min(threads, len(items))) as pool:
        yield from pool.map(call, items)
