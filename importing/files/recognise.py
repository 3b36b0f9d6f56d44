"""What kind of file it is, by its content: its name may end in anything."""

import re
from collections.abc import Iterator
from typing import Any

from importing.files import spreadsheets, text
from importing.files.limits import Refused

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
REFUSED = {
    b"%PDF": "pdf",
    b"{\\rtf": "document",
    b"PK\x05\x06": "zip",
    b"\x1f\x8b": "zip",
    b"7z\xbc\xaf": "zip",
    b"Rar!": "zip",
    b"\x89PNG": "picture",
    b"\xff\xd8\xff": "picture",
}
MARKUP = re.compile(
    r"\s*(<(\?xml|!doctype|!--|html|table|meta|head|workbook)|mime-version:)", re.IGNORECASE
)
OBJECTS = re.compile(r"\s*\[\s*(\{|\]\s*$)")


def read(data: bytes) -> Iterator[Any]:
    """Yield the file's description, its sheets and rows; raise Refused if it cannot be read."""
    if not data.strip():
        raise Refused("empty")
    for start, code in REFUSED.items():
        if data.startswith(start):
            raise Refused(code)
    if data.startswith(ZIP):
        yield from spreadsheets.read_archive(data)
    elif data.startswith(OLE):
        yield from spreadsheets.read(data, "XLS", {})
    else:
        yield from _read_text(data)


def _read_text(data: bytes) -> Iterator[Any]:
    encoding = text.find_encoding(data)
    start = data[:10_000].decode(encoding, errors="ignore").lstrip("\ufeff")
    if MARKUP.match(start):
        raise Refused("markup")
    if OBJECTS.match(start):
        yield from text.read_objects(data.decode(encoding), encoding)
    else:
        yield from text.read_lines(data, encoding)
