"""XLSX, written as it is sent: a million rows in the memory of a few.

Libraries write the whole sheet to disk first; by then the browser, or nginx, has given up waiting.
The format is five small files and the rows, in a zip.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any
from xml.sax.saxutils import escape

ROWS = 1_048_576  # that a sheet can have
BLOCK = 500  # rows compressed at a time
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
CODED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # in XML


class Outlet(io.RawIOBase):
    """A file that can only be written, and is emptied by whoever passes its bytes on."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []

    def write(self, data: Any) -> int:
        self.waiting.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        data = b"".join(self.waiting)
        self.waiting.clear()
        return data


def stream_spreadsheet(header: list[str], rows: Iterable[list[Any]]) -> Iterator[bytes]:
    """Yield the bytes of a workbook with these rows, the header on each of its sheets."""
    outlet = Outlet()
    left = iter(rows)
    sheets = 0
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        while (first := next(left, None)) is not None or not sheets:
            sheets += 1
            some = islice(left, ROWS - 2)
            started = chain([header], [] if first is None else [first], some)
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w", force_zip64=True) as sheet:
                for block in _sheet(started):
                    sheet.write(block.encode())
                    yield outlet.take()
        for name, text in _parts(sheets).items():
            archive.writestr(name, HEAD + text)
    yield outlet.take()


def _sheet(rows: Iterator[list[Any]]) -> Iterator[str]:
    yield f'{HEAD}<worksheet xmlns="{MAIN}"><sheetData>'
    while block := list(islice(rows, BLOCK)):
        yield "".join(f"<row>{''.join(map(_cell, row))}</row>" for row in block)
    yield "</sheetData></worksheet>"


def _cell(value: Any) -> str:
    match value:
        case None | "":
            return "<c/>"
        case bool():
            return f'<c t="b"><v>{value:d}</v></c>'
        case int():
            return f"<c><v>{value}</v></c>"
    # Excel reads _x0041_ as "A", wherever it stands.
    text = escape(UNWRITABLE.sub("�", CODED.sub("_x005F_", value)))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _parts(sheets: int) -> dict[str, str]:
    """Return the files that say what is in the archive."""
    numbers = range(1, sheets + 1)
    relation = f'<Relationship Id="rId{{}}" Type="{OFFICE}/{{}}" Target="{{}}"/>'
    relations = f'<Relationships xmlns="{PACKAGE}/relationships">{{}}</Relationships>'
    part = '<Override PartName="/xl/{}.xml" ContentType="' + KIND + '.{}+xml"/>'
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/>'
        + part.format("workbook", "sheet.main")
        + "".join(part.format(f"worksheets/sheet{n}", "worksheet") for n in numbers)
        + "</Types>",
        "_rels/.rels": relations.format(relation.format(1, "officeDocument", "xl/workbook.xml")),
        "xl/_rels/workbook.xml.rels": relations.format(
            "".join(relation.format(n, "worksheet", f"worksheets/sheet{n}.xml") for n in numbers)
        ),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        + "".join(f'<sheet name="{n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
        + "</sheets></workbook>",
    }
