"""The forms of an export, each written row by row."""

import csv
import io
import json
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _
from import_export.formats.base_formats import Format

from games.exporting.spreadsheet import stream_spreadsheet

Rows = Iterable[list[Any]]
# A spreadsheet takes text that begins with one of these for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class StreamedFormat(Format):
    """A format that can be offered for export; `stream` yields the file's bytes in order."""

    title: Any = ""
    extension = ""
    content_type = ""

    def get_title(self) -> Any:
        return self.title

    def get_extension(self) -> str:
        return self.extension

    def get_content_type(self) -> str:
        return self.content_type

    def can_export(self) -> bool:
        return True

    @abstractmethod
    def stream(self, header: list[str], rows: Rows) -> Iterator[bytes]: ...


class CSV(StreamedFormat):
    """For spreadsheets: UTF-8 that says so, and text that stays text.

    What would be a formula begins with a tab. Spreadsheets then take it for text, nobody sees it,
    and an address cannot begin with one: our import, as any that trims, reads the same address.
    """

    title = _("CSV, for any spreadsheet")
    extension = "csv"
    content_type = "text/csv; charset=utf-8"

    def stream(self, header: list[str], rows: Rows) -> Iterator[bytes]:
        yield b"\xef\xbb\xbf"
        line = io.StringIO()
        writer = csv.writer(line)
        for row in [header], rows:
            for values in row:
                writer.writerow([guarded(value) for value in values])
                if line.tell() > BLOCK:
                    yield taken(line)
        yield taken(line)


class XLSX(StreamedFormat):
    title = _("XLSX, for Excel")
    extension = "xlsx"
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def stream(self, header: list[str], rows: Rows) -> Iterator[bytes]:
        return stream_spreadsheet(header, rows)


class JSON(StreamedFormat):
    title = _("JSON, for programs")
    extension = "json"
    content_type = "application/json"

    def stream(self, header: list[str], rows: Rows) -> Iterator[bytes]:
        text = io.StringIO()
        comma = "["
        for row in rows:
            text.write(comma + "\n")
            text.write(json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False))
            comma = ","
            if text.tell() > BLOCK:
                yield taken(text)
        text.write("[]\n" if comma == "[" else "\n]\n")
        yield taken(text)


BLOCK = 64 * 1024  # characters


def taken(text: io.StringIO) -> bytes:
    """Return what was written, and empty the buffer."""
    written = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return written


def guarded(value: Any) -> Any:
    """Return the value as a spreadsheet takes it for what it is."""
    return f"\t{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
