"""XLSX, XLS, XLSB and ODS, read by calamine. It holds a sheet in memory: the process is limited."""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import CalamineWorkbook, PasswordError, SheetVisibleEnum

from importing.files.limits import (
    MAX_CELL,
    MAX_COLUMNS,
    UNPACKED_FREE,
    UNPACKED_RATIO,
    Refused,
)
from importing.files.xlsx_scan import SheetNotes, scan

ENCRYPTED = "EncryptedPackage".encode("utf-16-le")  # an XLSX with a password
READ = (".xml", ".rels", ".bin")  # parts of an archive; pictures are not read


def read_archive(data: bytes) -> Iterator[Any]:
    """Yield what is in an XLSX, XLSB or ODS; raise Refused if the archive is none of them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        kind = _kind(archive)
        # An archive that lies about its sizes is broken, or reaches the limits of the process.
        read_parts = [part for part in archive.infolist() if part.filename.lower().endswith(READ)]
        unpacked = sum(part.file_size for part in read_parts)
        if unpacked > UNPACKED_FREE + UNPACKED_RATIO * len(data):
            raise Refused("bomb")
        notes = scan(archive) if kind == "XLSX" else {}
    yield from read(data, kind, notes)


def _kind(archive: zipfile.ZipFile) -> str:
    names = {name.replace("\\", "/").lower() for name in archive.namelist()}
    if any(name.startswith("xl/") for name in names):
        return "XLSB" if "xl/workbook.bin" in names else "XLSX"
    if "content.xml" in names and b"spreadsheet" in archive.read("mimetype"):
        return "ODS"
    raise Refused("document" if {"word/document.xml", "content.xml"} & names else "zip")


def read(data: bytes, kind: str, notes: dict[str, SheetNotes]) -> Iterator[Any]:
    if ENCRYPTED in data:
        raise Refused("password")
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except PasswordError as error:
        raise Refused("password") from error
    yield {"format": kind, "encoding": "", "separator": ""}
    for sheet in book.sheets_metadata:
        yield {"sheet": sheet.name, "hidden": sheet.visible != SheetVisibleEnum.Visible}
        rows = book.get_sheet_by_name(sheet.name)
        first_row, first_column = rows.start or (0, 0)
        of_sheet = notes.get(sheet.name, SheetNotes())
        for number, row in enumerate(rows.iter_rows(), start=first_row + 1):
            cells = [None] * first_column + [_plain(value) for value in row]
            _add_notes(cells, of_sheet.cells.pop(number, []))
            while cells and cells[-1] is None:
                cells.pop()
            if len(cells) > MAX_COLUMNS:
                raise Refused("columns")
            if cells:
                yield [number, number in of_sheet.hidden, cells]


def _add_notes(cells: list[Any], notes: list[tuple[int, Any]]) -> None:
    for column, note in notes:
        cells += [None] * (column + 1 - len(cells))
        if isinstance(note, dict):
            cells[column] = note
        elif cells[column] is not None:
            cells[column] = f"{cells[column]}{note}"  # a time with its offset


def _plain(value: Any) -> Any:
    match value:
        case "":
            return None
        case str() if len(value) > MAX_CELL:
            raise Refused("cell")
        case float() if value.is_integer():
            return int(value)
        case datetime():  # numbers of days are not exact
            return (value + timedelta(milliseconds=500)).replace(microsecond=0).isoformat()
        case date() | time() | timedelta():
            return str(value)
    return value
