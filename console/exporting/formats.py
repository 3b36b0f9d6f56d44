"""The forms of an export. `stream` yields the file's bytes, some rows at a time."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from typing import Any

from django.utils.translation import gettext_lazy as _

from console.exporting.spreadsheet import Rows, in_blocks, stream_spreadsheet
from console.exporting.times import clock_time, date_format, iso

# A spreadsheet takes text that begins with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class CSV:
    """For programs: text that stays text, times with their offset.

    What would be a formula begins with a tab. Spreadsheets then take it for text, nobody sees it,
    and an address cannot begin with one: our import, as any that trims, reads the same address.
    """

    title = _("CSV, for programs")
    extension = "csv"
    content_type = "text/csv; charset=utf-8"
    names_zone = False  # in the header of times
    delimiter = ","

    def stream(self, header: list[str], rows: Rows, title: str = "") -> Iterator[bytes]:
        for block in in_blocks(chain([header], rows)):
            text = io.StringIO()
            writer = csv.writer(text, delimiter=self.delimiter)
            writer.writerows([self.written(value) for value in row] for row in block)
            yield text.getvalue().encode()

    def written(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return self.time(value)
        is_formula = isinstance(value, str) and value.startswith(FORMULA_STARTS)
        return f"\t{value}" if is_formula else value

    def time(self, moment: datetime) -> str:
        return iso(moment)


class ExcelCSV(CSV):
    """For Excel, which reads dates in its user's form, and UTF-8 where the file says so."""

    title = _("CSV, for Excel (semicolons)")
    names_zone = True
    delimiter = ";"

    def stream(self, header: list[str], rows: Rows, title: str = "") -> Iterator[bytes]:
        self.date_format = date_format()[0]
        return chain([b"\xef\xbb\xbf"], super().stream(header, rows))

    def time(self, moment: datetime) -> str:
        shown, offset = clock_time(moment)
        return f"{shown:{self.date_format}} {offset}".rstrip()


class XLSX:
    title = _("XLSX, for Excel")
    extension = "xlsx"
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    names_zone = True

    def stream(self, header: list[str], rows: Rows, title: str = "") -> Iterator[bytes]:
        return stream_spreadsheet(header, rows, title, date_format()[1])


class JSON:
    title = _("JSON, for programs")
    extension = "json"
    content_type = "application/json"
    names_zone = False

    def stream(self, header: list[str], rows: Rows, title: str = "") -> Iterator[bytes]:
        yield b"["
        separator = "\n"
        for block in in_blocks(rows):
            objects = [
                json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False, default=iso)
                for row in block
            ]
            yield (separator + ",\n".join(objects)).encode()
            separator = ",\n"
        yield b"\n]\n"


Format = CSV | XLSX | JSON
FORMATS: list[type[Format]] = [XLSX, ExcelCSV, CSV, JSON]
