"""Files as programs write them; `files/make.py` says which program wrote which."""

import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client
from python_calamine import PasswordError

from games.models import Game
from importing.columns import find_columns
from importing.files import __main__ as files
from importing.files import spreadsheets
from importing.files.limits import Refused
from importing.jobs import work_now
from importing.refusals import REASONS
from testing.imports import Page, confirm, send, upload

FILES = Path(__file__).parent / "files"
MAY_1, MAY_2 = datetime(2026, 5, 1, 18, 30, tzinfo=UTC), datetime(2026, 5, 2, 9, 5, tzinfo=UTC)
MAY_3 = datetime(2026, 5, 3, tzinfo=UTC)
Players = dict[str, tuple[int, datetime | None, datetime | None]]
BOTH: Players = {"ivanov": (3, MAY_1, MAY_2), "petrova": (1, MAY_3, MAY_3)}
# The dates of what the file does not date are left out here: they are those of the import.
COUNTS: Players = {"ivanov": (3, None, None), "petrova": (1, None, None)}
ONCE: Players = {"ivanov": (1, None, None), "petrova": (1, None, None)}
SIDOROV: Players = {"sidorov": (2, None, None)}
XLSX, CSV = "XLSX  ", "CSV utf-8 ,"

# What the preview says of the file, and what comes of it.
READ: dict[str, tuple[str, Players]] = {
    "absolute_targets.xlsx": (XLSX, BOTH),
    "esp_brevo.csv": ("CSV utf-8 ;", ONCE),
    "esp_klaviyo.csv": (CSV, ONCE),
    "esp_mailchimp.csv": (CSV, ONCE),
    "esp_unisender.csv": ("CSV utf-8 ;", ONCE),
    "libreoffice.csv": (CSV, BOTH),
    "libreoffice.ods": ("ODS  ", BOTH),
    "libreoffice.xls": ("XLS  ", BOTH),
    "libreoffice_1904.xlsx": (XLSX, BOTH),
    "libreoffice_formulas.xlsx": (XLSX, COUNTS | SIDOROV),
    "libreoffice_from_csv.xlsx": (XLSX, BOTH),
    "no_dimension.xlsx": (XLSX, BOTH),
    "no_references.xlsx": (XLSX, BOTH),
    "odfpy.ods": ("ODS  ", BOTH),
    "openpyxl.xlsx": (XLSX, BOTH),
    "openpyxl_1904.xlsx": (XLSX, BOTH),
    "openpyxl_formulas.xlsx": (XLSX, SIDOROV),
    "openpyxl_sheets_hidden_row.xlsx": (XLSX, BOTH),
    "openpyxl_write_only_two_sheets.xlsx": (XLSX, BOTH | {"sidorov": (2, MAY_1, MAY_1)}),
    "own.json": ("JSON utf-8 ", BOTH),
    "pandas.ods": (XLSX, BOTH),  # its ending is wrong
    "pandas_index.xlsx": (XLSX, BOTH),
    "prefixed.xlsx": (XLSX, BOTH),
    "pyexcelerate.xlsx": (XLSX, BOTH),
    "text_bom_quoted.csv": ("CSV utf-8-sig ;", BOTH),
    "text_comma.csv": (CSV, BOTH),
    "text_cr.csv": (CSV, BOTH),
    "text_decimal_comma.csv": ("CSV utf-8 ;", COUNTS),
    "text_koi8r.txt": ("CSV koi8-r ;", BOTH),
    "text_newline_in_quotes.csv": ("CSV utf-8 ;", COUNTS),
    "text_one_column.csv": (CSV, ONCE),
    "text_pipe.csv": ("CSV utf-8 |", BOTH),
    "text_ragged.csv": (CSV, COUNTS),
    "text_semicolon_cp1251.csv": ("CSV cp1251 ;", BOTH),
    "text_semicolon_cp866.csv": ("CSV cp866 ;", BOTH),
    "text_sep_line_comma.csv": (CSV, {"ivanov": (3, None, None)}),
    "text_serials.csv": (CSV, {"ivanov": (3, MAY_1, MAY_1), "petrova": (1, MAY_3, MAY_3)}),
    "text_spreadsheet_ending.xlsx": (CSV, COUNTS),  # its ending is wrong
    "text_tab.tsv": ("CSV utf-8 \t", BOTH),
    "text_tab_utf16.txt": ("CSV utf-16 \t", BOTH),
    "text_tab_utf16be_no_mark.txt": ("CSV utf-16-be \t", BOTH),
    "text_title_with_commas.csv": ("CSV utf-8 ;", COUNTS),
    "text_us_dates.csv": (
        CSV,  # 5/13 leaves no doubt
        {
            "ivanov": (3, MAY_1, datetime(2026, 5, 13, tzinfo=UTC)),
            "petrova": (1, MAY_3, MAY_3),
        },
    ),
    "text_zone.csv": (CSV, BOTH),
    "wrong_dimension.xlsx": (XLSX, BOTH),
    "xlsxwriter.xlsx": (XLSX, BOTH),
    "xlsxwriter_formulas.xlsx": (XLSX, {"ivanov": (3, None, None)}),
    "xlsxwriter_inline.xlsx": (XLSX, BOTH),
    "xlwt.xls": ("XLS  ", BOTH),
}
# What the preview asks, an answer, and what comes of it.
ASKED: dict[str, tuple[list[str], dict[str, str], Players]] = {
    "esp_listmonk.csv": (["first_play", "last_play"], {}, ONCE),
    "esp_sendgrid.csv": (["first_play", "last_play"], {}, ONCE),
    "text_no_header.csv": (["plays"], {"plays": "1"}, COUNTS),
    "text_two_dates.csv": (
        [],
        {"plays": "1", "last_play": "2", "day_first": "1"},
        {
            "ivanov": (3, datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC)),
            "petrova": (1, datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 5, tzinfo=UTC)),
        },
    ),
    "text_unknown_count.csv": (["plays"], {"plays": "1"}, COUNTS),
    "text_unknown_date.csv": (
        ["first_play", "last_play"],
        {"plays": "1", "first_play": "2"},
        {
            "ivanov": (3, datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)),
            "petrova": (1, MAY_3, MAY_3),
        },
    ),
}
REFUSED = {
    "empty.csv": "empty",
    "html.xls": "markup",
    "no_addresses.csv": "addresses",
    "pdf.csv": "pdf",
    "truncated.xlsx": "broken",
}

pytestmark = pytest.mark.django_db


def open_file(staff: Client, name: str) -> Page:
    return upload(staff, (FILES / name).read_bytes(), name)


def check_players(expected: Players) -> None:
    found: Players = {
        game.email.partition("@")[0]: (
            game.play_count,
            game.first_played_at if expected[game.email.partition("@")[0]][1] else None,
            game.last_played_at if expected[game.email.partition("@")[0]][2] else None,
        )
        for game in Game.objects.all()
    }
    assert found == expected


def test_every_file_is_in_a_table() -> None:
    names = {path.name for path in FILES.iterdir() if path.suffix not in {".py", ".pyc"}}
    assert names - {"__pycache__"} == {*READ, *ASKED, *REFUSED}


@pytest.mark.parametrize("name", READ)
def test_file_is_read(staff: Client, name: str) -> None:
    about, players = READ[name]
    page = open_file(staff, name)
    report = page.job.report
    assert f"{report['format']} {report['encoding']} {report['separator']}" == about
    assert not Game.objects.exists()
    assert confirm(staff, page).job.state == "done"
    check_players(players)


@pytest.mark.parametrize("name", ASKED)
def test_file_is_asked_about(staff: Client, name: str) -> None:
    asked, answer, players = ASKED[name]
    page = open_file(staff, name)
    assert page.job.report["open"] == asked
    assert "Choose below what the file leaves open." in page.text
    assert confirm(staff, page).job.state == "preview"  # sent without the button
    email = str(page.job.report["used"]["email"])
    chosen = {"email": email, "plays": "", "first_play": "", "last_play": ""} | answer
    page = send(staff, page, "columns", **chosen)
    assert confirm(staff, page).job.state == "done"
    check_players(players)


@pytest.mark.parametrize("name", REFUSED)
def test_file_is_refused_in_words(staff: Client, name: str) -> None:
    page = open_file(staff, name)
    assert page.job.state == "refused"
    assert str(REASONS[REFUSED[name]]) in page.text
    assert not page.job.chunks.exists()


def test_preview_says_what_was_found(staff: Client) -> None:
    text = open_file(staff, "openpyxl_sheets_hidden_row.xlsx").text
    for words in (
        "<q>Notes</q>: skipped, since it has other columns or no addresses",
        "<q>Sheet</q>: read",
        "<q>Old</q>: skipped, since it has other columns or no addresses, a hidden sheet",
        "Hidden rows, which are read too: 1.",
        "The columns are named in row 1.",
        "No column is ignored.",
    ):
        assert words in text
    text = open_file(staff, "text_title_with_commas.csv").text
    assert "The columns are named in row 3." in text
    assert "Rows above it that are not read: 1." in text
    assert "Rows without a date: 2. Their plays are dated today." in text
    text = open_file(staff, "text_semicolon_cp1251.csv").text
    assert "CSV, cp1251, separator <q>;</q>." in text
    assert "<q>Кол-во игр</q> – Plays" in text
    assert "Ignored: <q>Имя</q>." in text
    assert "<td>1 May 2026, 18:30</td>" in text
    text = open_file(staff, "text_us_dates.csv").text
    assert "In dates such as 5/1/2026 the month comes first." in text


def test_rows_left_out_are_named_and_downloaded(staff: Client) -> None:
    page = open_file(staff, "openpyxl_formulas.xlsx")
    assert "A cell is a formula without a stored value." in page.text
    answer = staff.get(f"/admin/console/importjob/{page.job.pk}/left-out.csv")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0] == "row,reason"
    assert [line.partition(",")[0] for line in lines[1:]] == ["2", "3"]


def test_empty_rows_are_skipped_and_counted(staff: Client) -> None:
    book, data = openpyxl.Workbook(), io.BytesIO()
    for row in (["email", "plays"], [], ["ivanov@test.ru", 3], [], ["no address", 1]):
        book.worksheets[0].append(row)
    book.save(data)
    page = confirm(staff, upload(staff, data.getvalue(), "known.xlsx"))
    check_players({"ivanov": (3, None, None)})
    assert [row for row, _ in page.job.report["errors"]] == ["5"]


OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
RELATION = (
    f'<Relationships xmlns="{PACKAGE}">'
    f'<Relationship Id="r1" Type="{OFFICE}/%s" Target="%s"/></Relationships>'
)
WORKBOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">'
    '<sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>'
)


def archive(**parts: bytes) -> bytes:
    """Return a minimal XLSX with these parts, named by their paths with `__` for a slash."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("_rels/.rels", RELATION % ("officeDocument", "xl/workbook.xml"))
        file.writestr(
            "xl/_rels/workbook.xml.rels", RELATION % ("worksheet", "worksheets/sheet1.xml")
        )
        file.writestr("xl/workbook.xml", WORKBOOK)
        for name, content in parts.items():
            file.writestr(f"{name.replace('__', '/')}.xml", content)
    return data.getvalue()


def sheet(rows: bytes, start: bytes = b"") -> bytes:
    body = f'<worksheet xmlns="{MAIN}"><sheetData>'.encode() + rows + b"</sheetData></worksheet>"
    return archive(xl__worksheets__sheet1=start + body)


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
HEAD = b'<row><c t="inlineStr"><is><t>email</t></is></c></row>'
CELL = b'<c t="inlineStr"><is><t>%s</t></is></c>'
BOMBS: dict[str, tuple[Any, str]] = {
    "empty rows": (lambda: sheet(b"<row/>" * 6_000_000), "bomb"),
    "one large cell": (lambda: sheet(b"<row>" + CELL % (b"a" * 30_000_000) + b"</row>"), "bomb"),
    "a part that nothing names": (
        lambda: archive(xl__media=b"<a>" + b" " * 30_000_000, xl__worksheets__sheet1=b"<a/>"),
        "bomb",
    ),
    "entities": (lambda: sheet(HEAD, ENTITIES), "bomb"),
    "a cell beyond a spreadsheet's": (
        lambda: sheet(HEAD + b"<row>" + CELL % (b"a" * 40_000) + b"</row>"),
        "cell",
    ),
    "two cells far apart": (
        lambda: sheet(
            b'<row r="1"><c r="A1"><v>1</v></c></row>'
            b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        ),
        "large",
    ),
    "columns of a sheet": (
        lambda: sheet(b"<row>" + b"<c><v>1</v></c>" * 16_384 + b"</row>"),
        "columns",
    ),
    "a line without an end": (lambda: b"email\n" + b"a" * 2_000_000, "line"),
    "columns of a text": (lambda: b"email" + b",x" * 16_384, "columns"),
    "a cell beyond a text's": (lambda: b"email\n" + b"a" * 40_000, "cell"),
    "bytes that are no text": (lambda: bytes(range(256)) * 10, "unknown"),
    "long texts in a row": (
        lambda: sheet(b"<row>" + CELL % (b"a" * 30_000) * 40 + b"</row>"),
        "line",
    ),
    "a password": (
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
        "password",
    ),
    "an archive": (lambda: zipped("known.csv"), "zip"),
    "a document": (lambda: zipped("word/document.xml"), "document"),
    "JSON that ends early": (lambda: b'[{"email": "cem@test.ru"}, {"ema', "broken"),
}


def zipped(name: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr(name, "email\ncem@test.ru\n")
    return data.getvalue()


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_refused(staff: Client, name: str) -> None:
    make, code = BOMBS[name]
    page = upload(staff, make(), "known.xlsx")
    if page.job.state == "reading":  # too large to be read at once
        work_now(page.job)
        page.job.refresh_from_db()
    assert (page.job.state, page.job.error) == ("refused", code)


def test_password_of_an_old_spreadsheet(monkeypatch: pytest.MonkeyPatch) -> None:
    class Locked:
        @staticmethod
        def from_filelike(_file: Any) -> None:
            raise PasswordError

    monkeypatch.setattr(spreadsheets, "CalamineWorkbook", Locked)
    with pytest.raises(Refused, match="password"):
        list(spreadsheets.read(b"", "XLS", {}))


def test_time_zone_that_does_not_exist_is_the_sites() -> None:
    columns = find_columns([(1, ["email", "last_play (Nowhere/City)"])])
    assert columns
    assert columns.zones() == {}


def test_numbers_of_days_look_like_dates() -> None:
    rows: list[tuple[int, list[Any]]] = [(1, ["email", "since"]), (2, ["a@b.ru", 46143.5])]
    columns = find_columns(rows)
    assert columns
    assert columns.open == ["first_play", "last_play"]


def test_rows_beyond_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """test_many_rows sends as many as the real limit."""
    monkeypatch.setattr(files, "MAX_ROWS", 2)
    with pytest.raises(Refused, match="rows"):
        files.write([{"sheet": ""}, [1, False, []], [2, False, []], [3, False, []]])
