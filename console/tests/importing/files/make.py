"""Makes the files beside it with the programs that people use.

They are in the repository, so this runs only to add one: in an environment of its own with
openpyxl, xlsxwriter, xlwt, pandas, pyexcelerate and odfpy, and LibreOffice as `soffice`.
"""

# ruff: noqa: DTZ001, T201 - made once, by hand

import csv
import io
import json
import re
import subprocess
import tempfile
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pandas as pd
import pyexcelerate
import xlsxwriter
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

HERE = Path(__file__).parent
MADE = Path(tempfile.mkdtemp())
HEADER = ["email", "plays", "first_play", "last_play"]
MAY_1, MAY_2, MAY_3 = datetime(2026, 5, 1, 18, 30), datetime(2026, 5, 2, 9, 5), datetime(2026, 5, 3)
ROWS: list[list[Any]] = [
    ["ivanov@example.com", 3, MAY_1, MAY_2],
    ["petrova@example.com", 1, None, MAY_3],
]
TEXTS = [
    ["ivanov@example.com", "3", "2026-05-01 18:30", "2026-05-02 09:05"],
    ["petrova@example.com", "1", "", "2026-05-03"],
]
RUSSIAN = [
    ["Адрес эл. почты", "Имя", "Кол-во игр", "Первая игра", "Последняя игра"],
    ["ivanov@example.com", "Иванов", "3", "01.05.2026 18:30", "02.05.2026 9:05:00"],
    ["petrova@example.com", "Петрова", "1", "", "03.05.2026"],
]


def text(
    name: str,
    rows: list[list[str]],
    separator: str = ",",
    end: str = "\r\n",
    encoding: str = "utf-8",
) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator, lineterminator=end).writerows(rows)
    (HERE / name).write_bytes(out.getvalue().encode(encoding))


def raw(name: str, content: str, encoding: str = "utf-8") -> None:
    (HERE / name).write_bytes(content.encode(encoding))


def texts() -> None:
    text("text_comma.csv", [HEADER, *TEXTS])
    text("text_semicolon_cp1251.csv", RUSSIAN, ";", encoding="cp1251")
    text("text_semicolon_cp866.csv", RUSSIAN, ";", encoding="cp866")
    text("text_koi8r.txt", RUSSIAN, ";", encoding="koi8-r")
    text("text_tab_utf16.txt", RUSSIAN, "\t", encoding="utf-16")  # Excel's "Unicode text"
    text("text_tab_utf16be_no_mark.txt", [HEADER, *TEXTS], "\t", encoding="utf-16-be")
    text("text_tab.tsv", [HEADER, *TEXTS], "\t", "\n")
    text("text_pipe.csv", [HEADER, *TEXTS], "|", "\n")
    text("text_cr.csv", [HEADER, *TEXTS], end="\r")  # old Macintosh
    text("text_bom_quoted.csv", RUSSIAN, ";", encoding="utf-8-sig")
    raw("text_sep_line_comma.csv", "sep=,\r\nemail,plays\r\nivanov@example.com,3\r\n")
    raw(
        "text_newline_in_quotes.csv",
        'name;email;plays\r\n"Ivan\r\nIvanov; jun.";ivanov@example.com;3\r\nAnna;petrova@example.com;1\r\n',
    )
    raw("text_ragged.csv", "email,plays\nivanov@example.com,3,,,\n\npetrova@example.com\n,,,\n")
    raw("text_one_column.csv", "ivanov@example.com\npetrova@example.com\n")
    raw("text_no_header.csv", "ivanov@example.com;3\npetrova@example.com;1\n")
    raw(
        "text_title_with_commas.csv",
        "Players, May, all, 2026, draft\n\nemail;plays\nivanov@example.com;3\npetrova@example.com;1\n",
    )
    raw(
        "text_decimal_comma.csv", "e-mail;games\nivanov@example.com;3,0\npetrova@example.com;1,00\n"
    )
    raw(
        "text_serials.csv",
        "email,plays,last play\nivanov@example.com,3,46143.770833\npetrova@example.com,1,46145\n",
    )
    raw(
        "text_us_dates.csv",
        "Email Address,Plays,First play,Last play\nivanov@example.com,3,5/1/2026 6:30 PM,5/13/2026\npetrova@example.com,1,5/3/2026,5/3/2026\n",
    )
    raw(
        "text_two_dates.csv",
        "email,plays,last_play\nivanov@example.com,3,5/1/2026\npetrova@example.com,1,5/3/2026\n",
    )
    raw("text_unknown_count.csv", "email,qty\nivanov@example.com,3\npetrova@example.com,1\n")
    raw(
        "text_unknown_date.csv",
        "email,plays,since\nivanov@example.com,3,2026-05-01\npetrova@example.com,1,2026-05-03\n",
    )
    raw(
        "text_zone.csv",
        "email,plays,first_play (Europe/Moscow),last_play (Europe/Moscow)\nivanov@example.com,3,01.05.2026 21:30:00,02.05.2026 12:05:00 +03:00\npetrova@example.com,1,,2026-05-03 03:00:00\n",
    )
    raw(
        "text_spreadsheet_ending.xlsx", "email,plays\nivanov@example.com,3\npetrova@example.com,1\n"
    )
    raw(
        "esp_mailchimp.csv",
        '"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,LATITUDE,LAST_CHANGED,LEID,EUID,NOTES,TAGS\nivanov@example.com,Ivan,,2,"2026-04-01 10:00:00","2026-04-01 10:00:00",,"2026-04-01 10:00:00",503,abc,,\npetrova@example.com,Anna,,2,,"2026-04-02 10:00:00",,"2026-04-02 10:00:00",504,abd,,\n',
    )
    raw(
        "esp_brevo.csv",
        "CONTACT ID;EMAIL;FIRSTNAME;LASTNAME;SMS;ADDED_TIME;MODIFIED_TIME\n7;ivanov@example.com;Ivan;;79991234567;01-04-2026 10:00:00;01-04-2026 10:00:00\n9;petrova@example.com;Anna;;;02-04-2026;02-04-2026\n",
    )
    raw(
        "esp_klaviyo.csv",
        "Email,Klaviyo ID,First Name,Date Added,First Active,Last Active,Email Marketing Consent\nivanov@example.com,01A,Ivan,2026-04-01 10:00:00,2026-04-01,2026-04-01,SUBSCRIBED\npetrova@example.com,01B,Anna,2026-04-02 10:00:00,,,SUBSCRIBED\n",
    )
    raw(
        "esp_listmonk.csv",
        'uuid,email,name,attributes,status,created_at,updated_at\na-1,ivanov@example.com,Ivan,"{""plays"": 3}",enabled,2026-04-01T10:00:00Z,2026-04-01T10:00:00Z\na-2,petrova@example.com,Anna,{},enabled,2026-04-02T10:00:00Z,2026-04-02T10:00:00Z\n',
    )
    raw(
        "esp_sendgrid.csv",
        "EMAIL,FIRST_NAME,LAST_NAME,COUNTRY,CREATED_AT,UPDATED_AT,CONTACT_ID\nivanov@example.com,Ivan,,RU,2026-04-01T10:00:00Z,2026-04-01T10:00:00Z,x1\npetrova@example.com,Anna,,RU,2026-04-02T10:00:00Z,2026-04-02T10:00:00Z,x2\n",
    )
    raw(
        "esp_unisender.csv",
        "email;email_status;email_availability;email_list_ids;email_subscribe_times;Name\nivanov@example.com;active;available;12;2026-04-01 10:00:00;Ivan\npetrova@example.com;active;available;12;2026-04-02 10:00:00;Anna\n",
    )
    rows = [dict(zip(HEADER, row, strict=True)) for row in TEXTS]
    rows[1]["first_play"] = None  # type: ignore[assignment]
    (HERE / "own.json").write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
    raw(
        "html.xls",
        "<html><body><table><tr><td>email</td></tr><tr><td>ivanov@example.com</td></tr></table></body></html>",
    )
    raw("pdf.csv", "%PDF-1.7\n%âãÏÓ\n")
    raw("empty.csv", "\r\n \r\n")
    raw("no_addresses.csv", "name,plays\nIvan,3\n")


def workbooks() -> None:
    book = openpyxl.Workbook()
    for row in [HEADER, *ROWS]:
        book.active.append(row)
    book.save(HERE / "openpyxl.xlsx")
    book.active.row_dimensions[3].hidden = True
    book.create_sheet("Notes", 0).append(["How to fill in"])
    other = book.create_sheet("Old")
    other.sheet_state = "hidden"
    other.append(["email", "plays"])
    other.append(["old@example.com", 9])
    book.save(HERE / "openpyxl_sheets_hidden_row.xlsx")
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Players")
    for row in [HEADER, *ROWS]:
        sheet.append(row)
    more = book.create_sheet("Players 2")
    for row in [HEADER, ["sidorov@example.com", 2, MAY_1, MAY_1]]:
        more.append(row)
    book.save(HERE / "openpyxl_write_only_two_sheets.xlsx")
    book = openpyxl.Workbook()
    for row in [
        HEADER,
        ['=CONCATENATE("ivanov","@example.com")', 3],
        ["petrova@example.com", "=1+0"],
        ["sidorov@example.com", 2],
    ]:
        book.active.append(row)
    book.save(HERE / "openpyxl_formulas.xlsx")
    book = openpyxl.Workbook()
    book.epoch = datetime(1904, 1, 1)
    for row in [HEADER, *ROWS]:
        book.active.append(row)
    book.save(HERE / "openpyxl_1904.xlsx")
    for name, options in (
        ("xlsxwriter.xlsx", {}),
        ("xlsxwriter_inline.xlsx", {"constant_memory": True}),
    ):
        workbook = xlsxwriter.Workbook(HERE / name, options)
        sheet = workbook.add_worksheet("Игроки")
        style = workbook.add_format({"num_format": "dd.mm.yyyy hh:mm"})
        sheet.write_row(0, 0, ["Email", "Plays", "First play", "Last play"])
        for n, row in enumerate(ROWS, 1):
            sheet.write_url(n, 0, f"mailto:{row[0]}", string=row[0])
            sheet.write_number(n, 1, row[1])
            for column in (2, 3):
                if row[column]:
                    sheet.write_datetime(n, column, row[column], style)
        workbook.close()
    workbook = xlsxwriter.Workbook(HERE / "xlsxwriter_formulas.xlsx")
    sheet = workbook.add_worksheet()
    sheet.write_row(0, 0, ["email", "plays"])
    sheet.write_row(1, 0, ["ivanov@example.com", 3])
    sheet.write(2, 0, "petrova@example.com")
    sheet.write_formula(2, 1, "=B2-2")
    workbook.close()
    pd.DataFrame(ROWS, columns=HEADER).to_excel(HERE / "pandas_index.xlsx")
    pd.DataFrame(ROWS, columns=HEADER).to_excel(HERE / "pandas.ods", index=False)
    workbook = pyexcelerate.Workbook()
    workbook.new_sheet("Data", data=[HEADER, *ROWS])
    workbook.save(str(HERE / "pyexcelerate.xlsx"))
    old = xlwt.Workbook(encoding="cp1251")
    page = old.add_sheet("Лист1")
    style = xlwt.easyxf(num_format_str="DD.MM.YYYY HH:MM")
    for n, row in enumerate([["E-mail", "Число игр", "Первая игра", "Последняя игра"], *ROWS]):
        for column, value in enumerate(row):
            page.write(
                n, column, value, style if isinstance(value, datetime) else xlwt.Style.default_style
            )
    old.save(HERE / "xlwt.xls")
    document = OpenDocumentSpreadsheet()
    table = Table(name="Players")
    for row in [HEADER, *TEXTS]:
        line = TableRow()
        for value in row:
            cell = TableCell(valuetype="string")
            cell.addElement(P(text=value))
            line.addElement(cell)
        table.addElement(line)
    document.spreadsheet.addElement(table)
    document.save(HERE / "odfpy.ods")


def rewritten() -> None:
    """What other writers do, made from a good file by changing its XML."""

    def rewrite(name: str, source: str, change: Any, skip: str = " ") -> None:
        with (
            zipfile.ZipFile(HERE / source) as good,
            zipfile.ZipFile(HERE / name, "w", zipfile.ZIP_DEFLATED) as file,
        ):
            for part in good.namelist():
                if skip not in part:
                    file.writestr(part, change(part, good.read(part)))

    def sheet_only(pattern: str, replacement: str) -> Any:
        def change(part: str, data: bytes) -> bytes:
            return (
                re.sub(pattern.encode(), replacement.encode(), data)
                if "worksheets/sheet" in part
                else data
            )

        return change

    rewrite("no_references.xlsx", "pyexcelerate.xlsx", sheet_only(r'(<(?:c|row)) r="\w+"', r"\1"))
    rewrite("no_dimension.xlsx", "xlsxwriter.xlsx", sheet_only(r"<dimension[^>]*/>", ""))
    rewrite(
        "wrong_dimension.xlsx",
        "xlsxwriter.xlsx",
        sheet_only(r'<dimension ref="[^"]*"', '<dimension ref="A1"'),
    )
    rewrite(
        "absolute_targets.xlsx",
        "openpyxl.xlsx",
        lambda part, data: data.replace(b'Target="worksheets', b'Target="/xl/worksheets'),
    )
    rewrite("truncated.xlsx", "openpyxl.xlsx", lambda part, data: data)
    (HERE / "truncated.xlsx").write_bytes((HERE / "truncated.xlsx").read_bytes()[:2000])

    def prefixed(part: str, data: bytes) -> bytes:
        if "worksheets/sheet" not in part:
            return data
        data = re.sub(rb"<(/?)(?=[a-z])", rb"<\1x:", data)
        return data.replace(b"xmlns=", b"xmlns:x=", 1)

    rewrite("prefixed.xlsx", "openpyxl.xlsx", prefixed)


def libreoffice() -> None:
    for source, kind, name in [
        ("text_comma.csv", "xlsx", "libreoffice_from_csv.xlsx"),
        ("openpyxl.xlsx", "ods", "libreoffice.ods"),
        ("openpyxl.xlsx", "xls", "libreoffice.xls"),
        ("openpyxl.xlsx", "csv", "libreoffice.csv"),
        ("openpyxl_formulas.xlsx", "xlsx", "libreoffice_formulas.xlsx"),
        ("openpyxl_1904.xlsx", "xlsx", "libreoffice_1904.xlsx"),
    ]:
        subprocess.run(
            [
                "soffice",
                "--headless",
                "--convert-to",
                kind,
                "--outdir",
                str(MADE),
                str(HERE / source),
            ],
            check=True,
            capture_output=True,
        )
        made = MADE / f"{Path(source).stem}.{kind}"
        if made.exists():
            made.rename(HERE / name)
        else:
            print("not made:", name)


if __name__ == "__main__":
    texts()
    workbooks()
    rewritten()
    libreoffice()
