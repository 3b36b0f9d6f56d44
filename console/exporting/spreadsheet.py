"""XLSX, written as it is sent: a million rows in the memory of a few.

Libraries write the whole sheet to disk first; by then the browser, or nginx, has given up waiting.
The format is a few small files and the rows, in a zip.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from console.exporting.times import clock_time

Rows = Iterable[Sequence[Any]]
ROWS = 1_048_576  # that a sheet can have
BLOCK = 500  # rows written at a time
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
HEADER_STAYS = (
    '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" '
    'activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
)
WIDEST = 40  # column, in characters
DAY_0 = datetime(1899, 12, 30)  # noqa: DTZ001
FIRST = datetime(1900, 3, 1)  # noqa: DTZ001 - before it Excel counts a day that never was
CODED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
PLAIN, BOLD, DATE = range(3)  # the numbers of styles
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # in XML


class Outlet(io.RawIOBase):
    """A file that can only be written, and is emptied by whoever passes its bytes on."""

    waiting = b""

    def write(self, data: Any) -> int:
        self.waiting += data
        return len(data)

    def take(self) -> bytes:
        taken, self.waiting = self.waiting, b""
        return taken


class Cells:
    """Writes cells. When all are written, the styles are known."""

    def __init__(self, date_format: str) -> None:
        self.date_format = date_format
        self.date_styles = {date_format: DATE}

    def write(self, value: Any) -> str:
        match value:
            case None | "":
                return "<c/>"
            case bool():
                return f'<c t="b"><v>{value:d}</v></c>'
            case int():
                return f"<c><v>{value}</v></c>"
            case datetime():
                return self._date(*clock_time(value))
        return text_cell(str(value))

    def _date(self, shown: datetime, offset: str) -> str:
        if shown < FIRST:
            return text_cell(f"{shown} {offset}".strip())
        # The offset is shown behind the date, which stays a date.
        format_ = f'{self.date_format} "{offset}"' if offset else self.date_format
        style = self.date_styles.setdefault(format_, DATE + len(self.date_styles))
        return f'<c s="{style}"><v>{(shown - DAY_0) / timedelta(days=1)}</v></c>'

    def samples(self, sheet: Any) -> list[WriteOnlyCell]:
        """Return a cell of each style but the plain one, in the order of their numbers."""
        bold, *dates = [WriteOnlyCell(sheet, "") for _ in ["bold", *self.date_styles]]
        bold.font = Font(bold=True)
        for cell, format_ in zip(dates, self.date_styles, strict=True):
            cell.number_format = format_
        return [bold, *dates]


def text_cell(value: str, style: int = PLAIN) -> str:
    # Excel reads _x0041_ as "A", wherever it stands.
    text = escape(UNWRITABLE.sub("�", CODED.sub("_x005F_", value)))
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def stream_spreadsheet(
    header: list[str], rows: Rows, title: str, date_format: str
) -> Iterator[bytes]:
    """Yield the bytes of a workbook with these rows, the header on each of its sheets."""
    outlet = Outlet()
    cells = Cells(date_format)
    left = iter(rows)
    ranges: list[str] = []  # of the sheets: the cells that each has
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        first = list(islice(left, 1))
        while first or not ranges:
            name = f"xl/worksheets/sheet{len(ranges) + 1}.xml"
            with archive.open(name, "w", force_zip64=True) as sheet:
                parts = _sheet(header, chain(first, islice(left, ROWS - 2)), cells, ranges)
                for part in parts:
                    sheet.write(part.encode())
                    yield outlet.take()
            first = list(islice(left, 1))
        _add_workbook(archive, title, ranges, cells)
    yield outlet.take()


def in_blocks(rows: Rows) -> Iterator[list[Sequence[Any]]]:
    left = iter(rows)
    while block := list(islice(left, BLOCK)):
        yield block


def _sheet(header: list[str], rows: Rows, cells: Cells, ranges: list[str]) -> Iterator[str]:
    """Yield a sheet's XML, and add its range, which is known when its rows are."""
    blocks = in_blocks(rows)
    first = next(blocks, [])
    yield f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN}">'
    yield f"{HEADER_STAYS}<cols>{''.join(_columns(header, first))}</cols><sheetData>"
    yield f"<row>{''.join(text_cell(name, style=BOLD) for name in header)}</row>"
    count = 1
    for block in chain([first], blocks):
        count += len(block)
        yield "".join(f"<row>{''.join(map(cells.write, row))}</row>" for row in block)
    ranges.append(f"A1:{get_column_letter(len(header))}{count}")
    yield f'</sheetData><autoFilter ref="{ranges[-1]}"/></worksheet>'


def _columns(header: list[str], rows: list[Sequence[Any]]) -> Iterator[str]:
    """Yield the columns' widths: what these rows need, and the header with its button."""
    for n, values in enumerate(zip(header, *rows, strict=True), start=1):
        width = min(WIDEST, max(len(str(value)) for value in values) + 4)
        yield f'<col min="{n}" max="{n}" width="{width}" customWidth="1"/>'


def _add_workbook(archive: zipfile.ZipFile, title: str, ranges: list[str], cells: Cells) -> None:
    """Add the files that say what is in the archive, as openpyxl writes them for empty sheets."""
    book = openpyxl.Workbook(write_only=True)
    name = re.sub(r"[\[\]:*?/\\']", " ", title)[:25]  # Excel allows 31 characters, and not these
    for number, cell_range in enumerate(ranges, start=1):
        sheet = book.create_sheet(name if number == 1 else f"{name} {number}")
        sheet.auto_filter.ref = cell_range
    book.worksheets[0].append(cells.samples(book.worksheets[0]))
    empty = io.BytesIO()
    book.save(empty)
    with zipfile.ZipFile(empty) as parts:
        for name in parts.namelist():
            if not name.startswith("xl/worksheets/"):
                archive.writestr(name, parts.read(name))
