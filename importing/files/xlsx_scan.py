"""What calamine does not tell of an XLSX: hidden rows, cells without a value, offsets."""

import posixpath
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from xml.etree.ElementTree import Element, iterparse

from importing.files.limits import Refused

OFFSET = re.compile(r'"([+-]\d\d:\d\d)"')  # in a number format: our export, in an hour that repeats
ON = ("1", "true")
# They stand for a cell whose value was not stored, or is an error such as #N/A.
NO_VALUE, ERROR = {"formula": True}, {"error": True}


@dataclass
class SheetNotes:
    """What to know of a sheet's rows and cells."""

    hidden: set[int] = field(default_factory=set)
    # By row: the column from 0, and NO_VALUE, ERROR or an offset.
    cells: dict[int, list[tuple[int, Any]]] = field(default_factory=lambda: defaultdict(list))


def scan(archive: zipfile.ZipFile) -> dict[str, SheetNotes]:
    """Return the notes on each sheet, by the sheet's name."""
    elements = partial(_elements, archive)
    targets = {}
    for relation in elements("xl/_rels/workbook.xml.rels", "Relationship"):
        target = relation.get("Target", "").replace("\\", "/")
        targets[relation.get("Id")] = posixpath.normpath(posixpath.join("/xl", target))[1:]
    sheets = {}
    calculated = True
    for element in elements("xl/workbook.xml", "sheet", "calcPr"):
        if _name(element) == "calcPr":
            calculated = element.get("fullCalcOnLoad") not in ON
        else:
            number = next((value for key, value in element.items() if key.endswith("}id")), None)
            sheets[element.get("name", "")] = targets.get(number, "")
    offsets = _offsets(elements("xl/styles.xml", "numFmt", "cellXfs"))
    return {
        name: _scan_sheet(elements(part, "row"), offsets, calculated=calculated)
        for name, part in sheets.items()
    }


def _elements(archive: zipfile.ZipFile, part: str, *names: str) -> Iterator[Element]:
    """Yield the elements of a part that have these names; each is empty when the next one comes."""
    for file_name in archive.namelist():
        if file_name.replace("\\", "/").lower() == part.lower():
            with archive.open(file_name) as file:
                # No spreadsheet declares entities; they can be made to grow without end.
                if b"<!DOCTYPE" in file.read(1_000):
                    raise Refused("bomb")
                file.seek(0)
                for _event, element in iterparse(file):  # noqa: S314 - the process has limits
                    if _name(element) in names:
                        yield element
                        element.clear()


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _offsets(styles: Iterator[Element]) -> dict[str, str]:
    """Return the offset from UTC that a cell's style states, by the number of the style."""
    offsets: dict[str | None, str] = {}
    found: dict[str, str] = {}
    for element in styles:
        if _name(element) == "numFmt":
            if match := OFFSET.search(element.get("formatCode", "")):
                offsets[element.get("numFmtId")] = match[1]
            continue
        for number, style in enumerate(element):
            if offset := offsets.get(style.get("numFmtId")):
                found[str(number)] = offset
    return found


def _scan_sheet(
    rows: Iterator[Element], offsets: dict[str, str], *, calculated: bool
) -> SheetNotes:
    notes = SheetNotes()
    number = 0
    for row in rows:
        number = int(row.get("r") or number + 1)
        if row.get("hidden") in ON:
            notes.hidden.add(number)
        column = -1
        for cell in row:
            letters = cell.get("r", "").rstrip("0123456789")
            column = _column(letters) if letters else column + 1
            note = _note(cell, calculated=calculated) or offsets.get(cell.get("s", ""))
            if note:
                notes.cells[number].append((column, note))
    return notes


def _note(cell: Element, *, calculated: bool) -> dict[str, bool] | None:
    """Return what the cell has in place of a value; None if it has one, or is empty."""
    if cell.get("t") == "e":
        return ERROR
    parts = {_name(part): part.text for part in cell}
    if "f" not in parts or cell.get("t") == "str":  # a text may be empty
        return None
    # Where the file asks to be calculated, a 0 only fills the place of a formula's value.
    missing = (None, "") if calculated else (None, "", "0")
    return NO_VALUE if parts.get("v") in missing else None


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
