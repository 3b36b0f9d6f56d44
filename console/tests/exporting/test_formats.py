"""The forms of an export, as the programs that open them read them."""

import io
import json
import tracemalloc
from typing import Any

import openpyxl
import pytest
from django.test import Client

from console.exporting.formats import CSV, JSON, XLSX, ExcelCSV
from console.exporting.rows import StreamedRows
from console.players import GameAdmin
from games.models import Game
from testing.campaign import PLAYS, NewGame
from testing.exports import EVENING, HEADER, NOON, export, read_csv


def test_csv_for_programs_says_each_time_exactly(
    staff: Client, new_game: NewGame, settings: Any
) -> None:
    settings.TIME_ZONE = "Europe/Moscow"
    new_game("cem@test.ru", NOON, EVENING.replace(microsecond=123456))
    assert export(staff, "csv").decode().splitlines() == [
        ",".join(HEADER),
        "cem@test.ru,2,2026-05-01T15:00:00+03:00,2026-05-02T21:30:05.123456+03:00,added,",
    ]


@pytest.mark.parametrize(
    ("language", "first", "last"),
    [
        ("en", "2026-05-01 15:00:00", "2026-05-02 21:30:05"),
        ("ru", "01.05.2026 15:00:00", "02.05.2026 21:30:05"),
    ],
)
def test_csv_for_excel_is_in_the_form_that_excel_reads(
    staff: Client,
    new_game: NewGame,
    settings: Any,
    language: str,
    first: str,
    last: str,
) -> None:
    settings.TIME_ZONE = "Europe/Moscow"
    new_game("cem@test.ru", NOON, EVENING)
    data = export(staff, "excel.csv", headers={"Accept-Language": language})
    assert data.decode() == (
        "\ufeffemail;plays;first_play (Europe/Moscow);last_play (Europe/Moscow);contact;last_error"
        f"\r\ncem@test.ru;2;{first};{last};added;\r\n"
    )


@pytest.mark.parametrize(("name", "delimiter"), [("csv", ","), ("excel.csv", ";")])
def test_no_cell_of_a_csv_is_a_formula(
    staff: Client, nasty: list[str], name: str, delimiter: str
) -> None:
    _, *rows = read_csv(export(staff, name), delimiter)
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert {row[0].removeprefix("\t") for row in rows} == set(nasty)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_csv_guards_whatever_begins_a_formula(start: str) -> None:
    _, [cell] = read_csv(b"".join(CSV().stream(["text"], [[f"{start}1"]])))
    assert cell == f"\t{start}1"


def test_json_of_plays(staff: Client, new_game: NewGame) -> None:
    new_game("ivan@xn--e1afmkfd.xn--p1ai", NOON)
    assert json.loads(export(staff, "json", PLAYS)) == [
        {
            "email": "ivan@xn--e1afmkfd.xn--p1ai",
            "number": 1,
            "played": "2026-05-01T12:00:00+00:00",
            "esp_status": False,
        }
    ]


@pytest.mark.parametrize(("name", "empty"), [("csv", [HEADER]), ("json", [])])
def test_nothing_to_export_is_still_a_file(staff: Client, name: str, empty: object) -> None:
    data = export(staff, name)
    assert (json.loads(data) if name == "json" else read_csv(data)) == empty


def test_control_characters_break_no_file() -> None:
    text = "a\x00b\x1b<&>\ufffe"
    data = b"".join(XLSX().stream(["text"], [[text]]))
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert sheet["A2"].value == "a�b�<&>�"
    assert json.loads(b"".join(JSON().stream(["text"], [[text]]))) == [{"text": text}]


@pytest.mark.parametrize("kind", [CSV, ExcelCSV, XLSX, JSON])
def test_memory_does_not_grow_with_the_rows(kind: type[CSV]) -> None:
    def peak(rows: int) -> int:
        tracemalloc.start()
        for _ in kind().stream(
            ["email", "at"], ([f"player{n}@test.ru", NOON] for n in range(rows))
        ):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(30_000) < peak(3_000) + 500_000


@pytest.mark.django_db
def test_rows_are_read_a_few_at_a_time() -> None:
    Game.objects.bulk_create(Game(email=f"player{n}@test.ru") for n in range(10_000))
    tracemalloc.start()
    assert (
        sum(1 for _ in StreamedRows(Game.objects.all(), *GameAdmin.export_columns.values()))
        == 10_000
    )
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_500_000
