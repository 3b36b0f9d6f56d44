# ruff: noqa: RUF001 - Cyrillic letters are meant
"""Text files: rows of values between separators, or a JSON list of objects."""

import codecs
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, TextIO

from importing.files.limits import MAX_CELL, MAX_COLUMNS, MAX_LINE, Refused

BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
CYRILLIC = ("cp1251", "cp866", "koi8-r")  # Windows, DOS and 1C, old mail programs
LETTER, RARE = re.compile("[а-яё]", re.IGNORECASE), re.compile("[ёхцшщъфэю]", re.IGNORECASE)
CAPITAL = re.compile("[а-яё][А-ЯЁ]")  # behind a small letter
SEPARATORS = (",", ";", "\t", "|")
SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?\r?\n?")
SAMPLE_LINES = 50
# Exports write a tab before what a spreadsheet would take for a formula.
GUARD = re.compile(r"(^|[,;|])(\"?)\t(?=[=+@-])", re.MULTILINE)
ADDRESS = re.compile(r"\s*\"?\s*[^\s@\"]+@[^\s@\"]+\s*\"?\s*")
QUOTED = re.compile(r"\s*\"(.*)\"\s*", re.DOTALL)
NEXT = re.compile(r"[^\s,\ufeff]")  # an object or the end of the list
MAX_CONTROL = 0.01  # share of control characters; more of them is no text


def find_encoding(data: bytes) -> str:
    """Return the text's encoding; raise Refused if it is no text."""
    for mark, name in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return name
    start = data[:10_000]
    if start.count(0) > len(start) // 4:
        return "utf-16-be" if start[0] == 0 else "utf-16-le"
    if sum(start.count(code) for code in range(9)) > MAX_CONTROL * len(start):
        raise Refused("unknown")
    try:
        data.decode()
    except UnicodeDecodeError:
        start = data[:200_000]
        return max(CYRILLIC, key=lambda name: _russian(start.decode(name, "replace")))
    return "utf-8"


def _russian(text: str) -> int:
    """Return how much like Russian the text is; that of another encoding has capitals in words."""
    letters, rare, capitals = (len(pattern.findall(text)) for pattern in (LETTER, RARE, CAPITAL))
    return 2 * letters - rare - 4 * capitals


def read_lines(data: bytes, encoding: str) -> Iterator[Any]:
    """Yield the description and the rows of a CSV file or one of its kind."""
    file = io.TextIOWrapper(io.BytesIO(data), encoding, errors="replace", newline="")
    named = SEPARATOR_LINE.fullmatch(file.readline(MAX_LINE))
    if not named:
        file.seek(0)
    try:
        separator = named[1] if named else _find_separator(file)
        yield {"format": "CSV", "encoding": encoding, "separator": separator}
        yield {"sheet": ""}
        for number, row in enumerate(_rows(file, separator), start=1):
            while row and not row[-1].strip():
                row.pop()
            if len(row) > MAX_COLUMNS:
                raise Refused("columns")
            if row:
                yield [number, False, row]
    except csv.Error as error:
        raise Refused("cell") from error


def _find_separator(file: TextIO) -> str:
    """Return the separator that gives most of the first rows the same number of columns."""
    csv.field_size_limit(MAX_LINE)
    lines = "".join(islice(_lines(file), SAMPLE_LINES))
    file.seek(0)
    sample = GUARD.sub(r"\1\2", lines)
    best, most = SEPARATORS[0], (0, 0)
    for separator in SEPARATORS:
        rows = csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
        widths = Counter(len(row) for row in rows if len(row) > 1)
        for width, number in widths.most_common(1):
            if (number, width) > most:
                best, most = separator, (number, width)
    return best


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise Refused("line")
        yield line


def _rows(file: TextIO, separator: str) -> Iterator[list[str]]:
    """Yield the rows; where quotation marks are in no order, each line as a row.

    There they mean themselves, or stand for inches. Raise Refused if a line with one has fewer or
    more columns than most lines have.
    """
    csv.field_size_limit(MAX_CELL)
    start = file.tell()
    in_order = _quotes_are_in_order(file, separator)
    file.seek(start)
    if in_order:
        yield from csv.reader(_lines(file), delimiter=separator)
        return
    widths = Counter(len(row) for row in _literal_rows(file, separator) if row)
    usual = widths.most_common(1)[0][0]
    file.seek(start)
    for row in _literal_rows(file, separator):
        if len(row) != usual and any('"' in cell for cell in row):
            raise Refused("quotes")
        yield [_without_quotes(cell) for cell in row]


def _quotes_are_in_order(file: TextIO, separator: str) -> bool:
    """Return whether quotation marks are what CSV allows; raise Refused if they hide a row."""
    try:
        for row in csv.reader(_lines(file), delimiter=separator, strict=True):
            for cell in row:
                lines = cell.splitlines() if "\n" in cell or "\r" in cell else []
                if any(_is_row(line, separator) for line in lines):
                    raise Refused("quotes")
    except csv.Error:
        return False
    return True


def _is_row(line: str, separator: str) -> bool:
    """Return whether the line within a cell looks like a row that a quotation mark swallowed."""
    cells = line.split(separator)
    return len(cells) > 1 and any(map(ADDRESS.fullmatch, cells))


def _literal_rows(file: TextIO, separator: str) -> Iterator[list[str]]:
    return csv.reader(_lines(file), delimiter=separator, quoting=csv.QUOTE_NONE)


def _without_quotes(cell: str) -> str:
    """Return the text of a cell that stands in quotation marks as a whole."""
    quoted = QUOTED.fullmatch(cell)
    return quoted[1].replace('""', '"') if quoted else cell


def read_objects(content: str, encoding: str) -> Iterator[Any]:
    """Yield the description and rows of a JSON list of objects; their names are the columns."""
    yield {"format": "JSON", "encoding": encoding, "separator": ""}
    yield {"sheet": ""}
    names: dict[str, None] = {}  # in the order in which they come
    for item in _objects(content):
        names |= dict.fromkeys(item)
        if len(names) > MAX_COLUMNS:
            raise Refused("columns")
    yield [0, False, list(names)]
    for number, item in enumerate(_objects(content), start=1):
        values = [item.get(name) for name in names]
        yield [number, False, [str(v) if isinstance(v, list | dict) else v for v in values]]


def _objects(content: str) -> Iterator[dict[str, Any]]:
    """Yield one object after the other: all of them would take ten times the file's memory."""
    decoder = json.JSONDecoder()
    at = content.index("[") + 1
    while start := NEXT.search(content, at):
        if start[0] == "]":
            return
        item, at = decoder.raw_decode(content, start.start())
        yield item
    raise Refused("broken")
