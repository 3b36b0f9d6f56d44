"""What people's files have besides a table in order: none of it may be lost in silence."""

import io
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.test import Client

from importing.columns import find_columns
from importing.files.text import find_encoding, read_lines
from importing.jobs import work_now
from importing.refusals import REASONS
from testing.imports import Page, upload
from testing.imports import send as press

A, B, C = "a@x.ru", "b@x.ru", "c@x.ru"

pytestmark = pytest.mark.django_db


def workbook(**sheets: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def players(page: Page) -> dict[str, int]:
    return {email: plays for email, plays, *_dates in page.job.report["sample"]}


def edited(change: Callable[[Any], None]) -> bytes:
    """Return a workbook of one player that was changed by hand."""
    book = openpyxl.Workbook()
    book.active.append(["email", "plays"])
    book.active.append([A, 5])
    change(book)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def merge_cells(book: Any) -> None:
    sheet = book.active
    sheet.insert_rows(1)
    sheet["A1"] = "Отчёт"
    sheet.merge_cells("A1:B1")
    sheet.append([None, 7])
    sheet.merge_cells("A3:A4")


def hide_a_sheet(book: Any) -> None:
    sheet = book.create_sheet("A & <B>")
    sheet.sheet_state = "veryHidden"
    sheet.append(["E-mail", "Plays"])
    sheet.append([B, 7])
    sheet.row_dimensions[2].hidden = True
    sheet["A1"] = "Email"


def packed(**parts: bytes) -> bytes:
    """Return a workbook of one player with further parts in its archive."""
    data = io.BytesIO(edited(lambda book: None))
    with zipfile.ZipFile(data, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(f"xl/{name.replace('_', '.')}", content)
    return data.getvalue()


def zipped(**parts: str) -> bytes:
    """Return an archive with these parts; one that is not empty has a content.xml too."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
            archive.writestr("content.xml", "<x/>")
    return data.getvalue()


def lying() -> bytes:
    """Return an archive that states 100 bytes for each of its parts."""
    data = bytearray(edited(lambda book: None))
    for mark, offset in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        at = data.find(mark)
        while at >= 0:
            struct.pack_into("<I", data, at + offset, 100)
            at = data.find(mark, at + 4)
    return bytes(data)


# A file, the plays of each player in it, and what the preview says besides.
READ: dict[str, tuple[str | bytes, dict[str, int], str]] = {
    "inches": (
        'email;name;plays\na@x.ru;"24 inch;5\nb@x.ru;bob;7\nc@x.ru;"19 inch;8\n',
        {A: 5, B: 7, C: 8},
        "",
    ),
    "a quotation mark that stays open": (
        'email;name;plays\na@x.ru;"x";5\nb@x.ru;"24 inch;7\n',
        {A: 5, B: 7},
        "",
    ),
    "a line break in quotation marks": (
        'email;name;plays\na@x.ru;"one\ntwo; b@x.ru or\nthree";5\n',
        {A: 5},
        "",
    ),
    "errors of formulas": (
        workbook(A=[["email", "plays", "x"], [A, "#N/A"], [B, "=1/0"], [C, 3, "#REF!"]]),
        {C: 3},
        "A cell has an error such as #N/A in place of a value.",
    ),
    "thousands": ("email;plays\na@x.ru;1,000\nb@x.ru;2.0\n", {B: 2}, "“1,000” is not a number"),
    "a blank count": ("email;plays;x\na@x.ru; ;1\nb@x.ru;2;1\n", {A: 1, B: 2}, ""),
    "an address in a title": ("Отчёт для boss@shop.ru;;\nАдрес;Игры;x\na@x.ru;5;1\n", {A: 5}, ""),
    "an address above": ("boss@shop.ru;;\nАдрес;Игры;x\na@x.ru;5;1\n", {A: 5}, "in row 2."),
    "a title above": ("Почта;\nE-mail клиента;Игры\na@x.ru;5\n", {A: 5}, "named in row 2."),
    "a sheet of notes": (
        workbook(
            Notes=[["Questions", "help@shop.ru"]],
            Players=[["email", "plays"], [A, 5]],
            More=[["Email", "Plays"], [B, 7]],
        ),
        {A: 5, B: 7},
        "<q>Notes</q>: skipped",
    ),
    "sheets without titles": (workbook(A=[[A]], B=[[B]]), {A: 1, B: 1}, "<q>B</q>: read"),
    "the manager": ("Менеджер;Клиент;Игры\nm@x.ru;a@x.ru;5\nm@x.ru;b@x.ru;7\n", {A: 5, B: 7}, ""),
    "names that the first object lacks": (
        '[{"email": "a@x.ru"}, {"email": "b@x.ru", "plays": 7}]',
        {A: 1, B: 7},
        "",
    ),
    "phones behind tabs": (
        "email\tphone\na@x.ru\t+7,1\nb@x.ru\t+7,2\n",
        {A: 1, B: 1},
        "separator <q>tab</q>",
    ),
    "merged cells": (edited(merge_cells), {A: 5}, "An email address has an “@”"),
    "a chart before the table": (
        edited(lambda book: book.create_chartsheet("Chart", 0)),
        {A: 5},
        "<q>Chart</q>: skipped",
    ),
    "a sheet that is very hidden": (
        edited(hide_a_sheet),
        {A: 5, B: 7},
        "<q>A &amp; &lt;B&gt;</q>: read, a hidden sheet",
    ),
    "a picture that packs well": (packed(media_bmp=b" " * 40_000_000), {A: 5}, ""),
    "two rows of titles": ("Клиент;;Счёт\nПочта;Имя;Кол-во\na@x.ru;x;5\n", {A: 5}, "in row 2."),
    "a row of totals": ("email;plays\na@x.ru;5\n\nИтого;5\n\n", {A: 5}, "Row 4: An email"),
    "a header that comes again": (
        "email,plays\na@x.ru,5\nemail,plays\nb@x.ru,7\n",
        {A: 5, B: 7},
        "",
    ),
    "commas between semicolons": (
        "Почта;Город, улица;Игры\na@x.ru;Омск, 1;5\nb@x.ru;Омск, 2, 3;7\n",
        {A: 5, B: 7},
        "separator <q>;</q>",
    ),
    "semicolons between commas": (
        "email,plays,tags\na@x.ru,5,one;two\nb@x.ru,7,one\n",
        {A: 5, B: 7},
        "separator <q>,</q>",
    ),
    "a separator line in UTF-16": (
        "sep=|\r\nemail|plays\r\na@x.ru|5\r\n".encode("utf-16"),
        {A: 5},
        "utf-16, separator <q>|</q>",
    ),
    "objects within objects": (
        '\ufeff[ {"email":"a@x.ru","x":{"y":[1]}},\n {"email":"b@x.ru","plays":7} ] ',
        {A: 1, B: 7},
        "",
    ),
    "a date as a number": (
        workbook(A=[["email", "plays", "last play"], [A, 5, 20260501]]),
        {A: 5},
        "<td>1 May 2026, 00:00</td>",
    ),
}
REFUSED: dict[str, tuple[str | bytes, str]] = {
    "a row in a cell": ('email;name;plays\na@x.ru;"24 inch;5\nb@x.ru;19";7\n', "quotes"),
    "a row in a cell, by its end": (
        'name;plays;email\n"24 inch;5;a@x.ru\n19";7;b@x.ru\n',
        "quotes",
    ),
    "a line break and inches": ('email;name;plays\na@x.ru;"1\n2";5\nb@x.ru;"24 inch;7\n', "quotes"),
    "a comment above HTML": ("<!-- x --><table><tr><td>a@x.ru</td></tr></table>", "markup"),
    "a web archive": ("MIME-Version: 1.0\nFrom: a@x.ru\n\na@x.ru\n", "markup"),
    "an archive that lies about its sizes": (lying(), "broken"),
    "objects without an end": ('[{"email": "a@x.ru"},', "broken"),
    "an object a line": ('{"email": "a@x.ru"}\n{"email": "b@x.ru"}\n', "addresses"),
    "a text document": (zipped(mimetype="application/vnd.oasis.opendocument.text"), "document"),
    "an archive with nothing in it": (zipped(), "zip"),
    "a cell far to the right": (workbook(A=[["email", *[None] * 2000, "x"], [A]]), "columns"),
}


def send(staff: Client, data: str | bytes) -> Page:
    page = upload(staff, data.encode() if isinstance(data, str) else data)
    if page.job.state == "reading":  # too large to be read at once
        work_now(page.job)
        page = press(staff, page, "nothing")
    return page


@pytest.mark.parametrize("name", READ)
def test_nothing_is_lost_in_silence(staff: Client, name: str) -> None:
    data, expected, words = READ[name]
    page = send(staff, data)
    assert players(page) == expected
    assert words in page.text


CAPITALS = "ПОЧТА;ИГРЫ\na@x.ru;5\n"
NAMES = "Почта;Игры;Имя\na@x.ru;5;Юлия Щербак\n"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "cp866", "koi8-r"])
@pytest.mark.parametrize("text", [CAPITALS, NAMES, NAMES.lower()])
def test_cyrillic_is_read_in_any_encoding_and_case(text: str, encoding: str) -> None:
    assert find_encoding(text.encode(encoding)) == encoding


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_told_is_refused(staff: Client, name: str) -> None:
    data, code = REFUSED[name]
    page = send(staff, data)
    assert (page.job.state, page.job.error) == ("refused", code)
    assert str(REASONS[code]) in page.text


# The values of a second column, its title, and the fields that staff are asked about.
DATES = ["first_play", "last_play"]
ASKED: dict[str, tuple[str, list[Any], list[str]]] = {
    "counts": ("x", [5, 3, 8, 2], ["plays"]),
    "counts, one of them unknown": ("x", [5, 3, 8, 2, "-"], ["plays"]),
    "counts among names": ("x", [5, "Ann", "Bob", 2], []),
    "counts in thousands": ("x", ["1,000", "2,500"], ["plays"]),
    "counts that rise": ("x", [1, 2, 3, 4], ["plays"]),
    "what was paid": ("games paid", [5, 3], ["plays"]),
    "numbers of people": ("ContactID", [5, 3], []),
    "dates, one of them unknown": ("x", ["2026-05-01"] * 4 + ["?"], DATES),
    "days as text": ("x", ["46143,5", "46144"], DATES),
}


@pytest.mark.parametrize("name", ASKED)
def test_column_that_may_be_meant_is_asked_about(name: str) -> None:
    title, values, expected = ASKED[name]
    rows = [["email", title], *([f"p{n}@x.ru", value] for n, value in enumerate(values))]
    columns = find_columns(list(enumerate(rows, start=1)))
    assert columns
    assert columns.open == expected


def test_numbering_is_not_asked_about() -> None:
    rows: list[list[Any]] = [["x", "email"], *([n, f"p{n}@x.ru"] for n in range(1, 5))]
    columns = find_columns(list(enumerate(rows, start=1)))
    assert columns
    assert columns.open == []


def test_columns_can_be_told_apart() -> None:
    header = ["email", "", "Игры", "Игры", "", None]
    columns = find_columns([(1, header), (2, ["a@x.ru", 1, 2, 3])])
    assert columns
    assert columns.titles == ["email", "[B]", "Игры [C]", "Игры [D]"]
    assert columns.used["plays"] == 2


def test_wrong_value_with_an_address_is_not_quoted(staff: Client) -> None:
    page = send(staff, f"email,plays\na@x.ru,{'x' * 60}@x.ru\n")
    assert page.job.report["errors"][0][1] == "plays: “…” is not a number from 0 to 10000."


def test_empty_cell_with_an_offset_is_empty(staff: Client) -> None:
    book = openpyxl.Workbook()
    book.active.append(["email", "last_play"])
    book.active.append([A, None])
    book.active["B2"].number_format = 'yyyy-mm-dd hh:mm:ss "+01:00"'
    data = io.BytesIO()
    book.save(data)
    assert players(send(staff, data.getvalue())) == {A: 1}


def test_guard_within_quotation_marks_does_not_hide_the_separator() -> None:
    data = b'"\t=1@x.ru";5\n"\t=2@x.ru";7\n'
    assert next(read_lines(data, "utf-8"))["separator"] == ";"
