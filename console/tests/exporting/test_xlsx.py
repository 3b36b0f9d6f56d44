"""XLSX, as Excel and openpyxl read it."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from django.test import Client

from console.exporting.formats import XLSX
from testing.campaign import NewGame
from testing.exports import EVENING, NOON, export, read_csv, read_sheet

IN_EXCEL = ["email", "plays", "first_play (UTC)", "last_play (UTC)", "contact", "last_error"]


def test_xlsx_holds_text_as_text_and_counts_as_numbers(staff: Client, nasty: list[str]) -> None:
    header, *rows = read_sheet(export(staff, "xlsx"))
    assert [cell.value for cell in header] == IN_EXCEL
    # As Excel reads it; openpyxl leaves the code as it is.
    assert {row[0].value.replace("_x005F_", "_") for row in rows} == set(nasty)
    assert {cell.data_type for row in rows for cell in (row[0], row[5])} == {"s"}
    assert {row[1].value for row in rows} == {1}


@pytest.mark.parametrize(
    ("language", "form"), [("en", "yyyy-mm-dd hh:mm:ss"), ("ru", "dd.mm.yyyy hh:mm:ss")]
)
def test_xlsx_has_dates_of_the_sites_time_zone(
    staff: Client, new_game: NewGame, settings: Any, language: str, form: str
) -> None:
    settings.TIME_ZONE = "Europe/Moscow"
    new_game("cem@test.ru", NOON, EVENING)
    data = export(staff, "xlsx", headers={"Accept-Language": language})
    header, row = read_sheet(data)
    assert [cell.value for cell in header[2:4]] == [
        "first_play (Europe/Moscow)",
        "last_play (Europe/Moscow)",
    ]
    assert [(cell.data_type, cell.number_format, str(cell.value)) for cell in row[2:4]] == [
        ("d", form, "2026-05-01 15:00:00"),
        ("d", form, "2026-05-02 21:30:05"),
    ]


def test_hour_that_the_clock_shows_twice_has_its_offset(
    staff: Client, new_game: NewGame, settings: Any
) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    first = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    new_game("cem@test.ru", first, first + timedelta(hours=1))
    _, row = read_sheet(export(staff, "xlsx"))
    shown = datetime(2025, 10, 26, 2, 30)  # noqa: DTZ001
    assert [(cell.value, cell.number_format) for cell in row[2:4]] == [
        (shown, 'yyyy-mm-dd hh:mm:ss "+02:00"'),
        (shown, 'yyyy-mm-dd hh:mm:ss "+01:00"'),
    ]
    _, texts = read_csv(export(staff, "excel.csv"), ";")
    assert texts[2:4] == ["2025-10-26 02:30:00 +02:00", "2025-10-26 02:30:00 +01:00"]


def test_xlsx_writes_times_before_its_calendar_as_text() -> None:
    times = [datetime(1900, 2, 28, 23, 59, 59, tzinfo=UTC), datetime(1900, 3, 1, tzinfo=UTC)]
    rows = read_sheet(b"".join(XLSX().stream(["time"], [[time] for time in times])))
    assert [(cell.data_type, str(cell.value)) for (cell,) in rows[1:]] == [
        ("s", "1900-02-28 23:59:59"),
        ("d", "1900-03-01 00:00:00"),
    ]


def test_xlsx_keeps_each_second_of_a_day() -> None:
    day = datetime(2026, 11, 29, tzinfo=UTC)
    seconds = [day + timedelta(seconds=n, microseconds=999_999) for n in range(0, 86_400, 7)]
    rows = read_sheet(b"".join(XLSX().stream(["time"], ([second] for second in seconds))))
    whole = [second.replace(microsecond=0, tzinfo=None) for second in seconds]
    assert [cell.value for (cell,) in rows[1:]] == whole


@pytest.mark.parametrize(("language", "title"), [("en", "Players"), ("ru", "Игроки")])
def test_xlsx_is_ready_to_use(staff: Client, new_game: NewGame, language: str, title: str) -> None:
    new_game(f"{'long' * 7}@test.ru", NOON)
    data = export(staff, "xlsx", headers={"Accept-Language": language})
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    pane = sheet.sheet_view.pane
    assert (pane.state, pane.ySplit, pane.topLeftCell) == ("frozen", 1, "A2")
    assert (sheet.title, sheet.auto_filter.ref) == (title, "A1:F2")
    assert {cell.font.bold for cell in sheet[1]} == {True}
    assert {cell.font.bold for cell in sheet[2]} == {False}
    assert 36 < sheet.column_dimensions["A"].width <= 40
    assert sheet.column_dimensions["C"].width > 18


@pytest.mark.parametrize("title", ["Players: [all]/*?\\ of the campaign of 2026", "x" * 40])
def test_sheets_have_names_that_excel_takes(monkeypatch: pytest.MonkeyPatch, title: str) -> None:
    monkeypatch.setattr("console.exporting.spreadsheet.ROWS", 2)
    data = b"".join(XLSX().stream(["n"], ([n] for n in range(3)), title))
    names = openpyxl.load_workbook(io.BytesIO(data)).sheetnames
    assert len(set(names)) == 3
    assert not any(len(name) > 31 or set(name) & set("[]:*?/\\") for name in names)


def test_xlsx_goes_on_in_further_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.exporting.spreadsheet.ROWS", 3)
    data = b"".join(XLSX().stream(["n"], ([n] for n in range(5)), "n"))
    sheets = openpyxl.load_workbook(io.BytesIO(data)).worksheets
    rows = [[cell for (cell,) in sheet.iter_rows(values_only=True)] for sheet in sheets]
    assert rows == [["n", 0, 1], ["n", 2, 3], ["n", 4]]
    assert [sheet.auto_filter.ref for sheet in sheets] == ["A1:A3", "A1:A3", "A1:A2"]
    assert {sheet.freeze_panes for sheet in sheets} == {"A2"}


def test_xlsx_of_answers() -> None:
    data = b"".join(XLSX().stream(["esp_status"], [[True], [False], [None]]))
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert [sheet[f"A{n}"].value for n in (2, 3, 4)] == [True, False, None]
