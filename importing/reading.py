"""Starts the process that reads a file, and finds the rows and columns in what it sends."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain, groupby, islice
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from importing.columns import Columns, find_columns
from importing.files.limits import Refused

END_SECONDS = 2.0
HEAD = 50  # rows of a sheet in which its header is looked for
NOTES = 1_000  # rows; a sheet with fewer and no title of addresses may be notes


def read_items(chunks: Iterable[bytes]) -> Iterator[Any]:
    """Yield what the reading process writes; raise Refused if it refuses the file, or dies."""
    command = [sys.executable, "-m", "importing.files"]
    # A session of its own: signals to stop are for the process that waits for it.
    process: Any = subprocess.Popen(  # noqa: S603 - fixed words
        command,
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        with suppress(BrokenPipeError), process.stdin:
            for chunk in chunks:
                process.stdin.write(chunk)
        for line in process.stdout:
            item = json.loads(line)
            if "end" in item:
                return
            if "refused" in item:
                raise Refused(item["refused"])
            yield item
        raise Refused("large")
    finally:
        process.stdout.close()  # it ends, if it still has something to write
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
        process.kill()
        process.wait()


class Table:
    """The rows of all sheets that have the first one's columns."""

    def __init__(self, chunks: Iterable[bytes], chosen: dict[str, int | None]) -> None:
        self._items = read_items(chunks)
        self._chosen = chosen
        self.about: dict[str, str] = next(self._items)
        self.columns: Columns | None = None
        self.zones: dict[str, ZoneInfo] = {}  # of times, by field
        self.sheets: list[dict[str, Any]] = []
        self.hidden_rows = 0

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the values under the headers, by field, and as `row` the row's number.

        Raise Refused if no sheet has a column of addresses.
        """
        small = []
        # Each sheet's own object goes before its rows, which are lists.
        for is_sheet, group in groupby(self._items, lambda item: isinstance(item, dict)):
            if is_sheet:
                self.sheets += list(group)
                continue
            rows = iter(group)
            start = list(islice(rows, NOTES))
            columns = find_columns([(number, cells) for number, _hidden, cells in start[:HEAD]])
            if columns and not columns.titled and len(start) < NOTES:
                small.append((self.sheets[-1], columns, start))  # a better sheet may follow
            else:
                yield from self._rows_of_sheet(self.sheets[-1], columns, chain(start, rows))
        for sheet, columns, start in small:
            yield from self._rows_of_sheet(sheet, columns, start)
        if self.columns is None:
            raise Refused("addresses")

    def _rows_of_sheet(
        self, sheet: dict[str, Any], columns: Columns | None, rows: Iterable[Any]
    ) -> Iterator[dict[str, Any]]:
        if columns is None or (self.columns and not columns.are_as_in(self.columns)):
            return
        suffix = f" ({sheet['sheet']})" if self.columns else ""
        if self.columns is None:
            columns.used |= self._chosen
            columns.open = [name for name in columns.open if name not in self._chosen]
            self.columns = columns
            self.zones |= columns.zones()
        sheet["read"] = True
        for number, hidden, cells in rows:
            if number > columns.header:
                self.hidden_rows += hidden
                values = {
                    name: cells[n]
                    for name, n in self.columns.used.items()
                    if n is not None and n < len(cells)
                }
                yield {**values, "row": f"{number}{suffix}"}
