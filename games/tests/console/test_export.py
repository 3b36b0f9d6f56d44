"""Exports, as the programs that open them read them."""

import csv
import io
import json
import shutil
import subprocess
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from games.exporting.formats import CSV, JSON, XLSX
from games.exporting.resources import GameResource
from games.importing import import_known_addresses
from games.models import Game

from .campaign import GAMES, PLAYS, NewGame, content

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
EVENING = datetime(2026, 5, 2, 18, 30, 5, tzinfo=UTC)
# Each is an address that people may have, and something else to a spreadsheet.
NASTY = [
    "=1+1@example.com",
    "+7@example.com",
    "-2+3@example.com",
    "'quoted@example.com",
    "=cmd|'/c'!a1@example.com",
    "1e5@example.com",
    "00123@example.com",
    "_x0009_c@example.com",
    "a_x0041_b@example.com",
]
FORMATS = {"csv": "0", "xlsx": "1", "json": "2"}
HEADER = ["email", "plays", "first_play", "last_play", "contact", "last_error"]


def export(staff: Client, name: str, page: str = GAMES, query: str = "") -> bytes:
    response = staff.post(f"{page}export/{query}", {"format": FORMATS[name], "resource": "0"})
    assert f'.{name}"' in response["Content-Disposition"]
    return content(response)


@pytest.fixture
def nasty(new_game: NewGame) -> list[str]:
    for email in NASTY:
        new_game(email, NOON, contact_error="=1+1")
    return NASTY


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))


def test_csv_has_the_columns_and_says_that_it_is_utf8(staff: Client, new_game: NewGame) -> None:
    new_game("cem@test.ru", NOON, EVENING)
    data = export(staff, "csv")
    assert data.startswith(b"\xef\xbb\xbf")
    assert read_csv(data) == [
        HEADER,
        ["cem@test.ru", "2", "2026-05-01 12:00:00+00:00", "2026-05-02 18:30:05+00:00", "added", ""],
    ]


def test_csv_reads_back_to_the_same_addresses(staff: Client, nasty: list[str]) -> None:
    header, *rows = read_csv(export(staff, "csv"))
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    Game.objects.all().delete()
    import_known_addresses([dict(zip(header, row, strict=True)) for row in rows], dry_run=False)
    assert set(Game.objects.values_list("email", flat=True)) == set(nasty)


def test_xlsx_holds_text_as_text_and_counts_as_numbers(staff: Client, nasty: list[str]) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(export(staff, "xlsx"))).worksheets[0]
    header, *rows = sheet.iter_rows()
    assert [cell.value for cell in header] == HEADER
    # As Excel reads it; openpyxl leaves the code as it is.
    assert {row[0].value.replace("_x005F_", "_") for row in rows} == set(nasty)
    assert {cell.data_type for row in rows for cell in (row[0], row[5])} == {"s"}
    assert {row[1].value for row in rows} == {1}


def test_xlsx_goes_on_in_further_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("games.exporting.spreadsheet.ROWS", 3)
    data = b"".join(XLSX().stream(["n"], ([n] for n in range(5))))
    sheets = openpyxl.load_workbook(io.BytesIO(data)).worksheets
    rows = [[cell for (cell,) in sheet.iter_rows(values_only=True)] for sheet in sheets]
    assert rows == [["n", 0, 1], ["n", 2, 3], ["n", 4]]


def test_xlsx_of_answers() -> None:
    data = b"".join(XLSX().stream(["esp_status"], [[True], [False], [None]]))
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert [sheet[f"A{n}"].value for n in (2, 3, 4)] == [True, False, None]


def test_control_characters_break_no_file() -> None:
    text = "a\x00b\x1b<&>\ufffe"
    data = b"".join(XLSX().stream(["text"], [[text]]))
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert sheet["A2"].value == "a�b�<&>�"
    assert json.loads(b"".join(JSON().stream(["text"], [[text]]))) == [{"text": text}]


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
            "played": "2026-05-01 12:00:00+00:00",
            "esp_status": False,
        }
    ]


@pytest.mark.parametrize(("name", "empty"), [("csv", [HEADER]), ("json", [])])
def test_nothing_to_export_is_still_a_file(staff: Client, name: str, empty: object) -> None:
    data = export(staff, name)
    assert (json.loads(data) if name == "json" else read_csv(data)) == empty


def test_export_holds_what_is_filtered(staff: Client, new_game: NewGame) -> None:
    new_game("cem@test.ru", NOON, EVENING)
    new_game("ann@test.ru", NOON)
    rows = read_csv(export(staff, "csv", query="?play_count_from=2"))
    assert [row[0] for row in rows] == ["email", "cem@test.ru"]


def test_log_says_who_exported_how_many(staff: Client, new_game: NewGame) -> None:
    new_game("cem@test.ru", NOON)
    new_game("ann@test.ru", NOON)
    export(staff, "csv")
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.get_change_message()) == ("admin", "Exported 2 rows.")
    assert "Exported 2 rows." in staff.get("/admin/admin/logentry/").content.decode()


def test_export_broken_off_is_logged_too(staff: Client, new_game: NewGame) -> None:
    new_game("cem@test.ru", NOON)
    response = staff.post(f"{GAMES}export/", {"format": FORMATS["csv"], "resource": "0"})
    parts = iter(response.streaming_content)  # type: ignore[attr-defined]
    next(parts)
    for close in response._resource_closers:  # type: ignore[attr-defined]
        close()  # as when the browser goes; not response.close(), which ends the test's connection
    assert LogEntry.objects.count() == 1


def test_export_takes_one_query_for_its_rows(
    staff: Client, new_game: NewGame, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        new_game(f"player{number}@test.ru", NOON)
    with django_assert_max_num_queries(8):  # session, account, rows, log
        export(staff, "csv", PLAYS)


@pytest.mark.parametrize("missing", ["export_game", "view_game", "view_address"])
def test_export_needs_all_its_rights(client: Client, new_game: NewGame, missing: str) -> None:
    account = User.objects.create_user("helper", is_staff=True)
    rights = {"export_game", "view_game", "view_address"} - {missing}
    account.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(account)
    assert client.get(f"{GAMES}export/").status_code == 403
    account.user_permissions.add(Permission.objects.get(codename=missing))
    assert client.get(f"{GAMES}export/").status_code == 200
    assert client.get(f"{GAMES}import/").status_code == 403


@pytest.mark.parametrize("kind", [CSV, XLSX, JSON])
def test_memory_does_not_grow_with_the_rows(kind: type[CSV]) -> None:
    def peak(rows: int) -> int:
        tracemalloc.start()
        for _ in kind().stream(["email", "n"], ([f"player{n}@test.ru", n] for n in range(rows))):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(30_000) < peak(3_000) + 500_000


@pytest.mark.django_db
def test_rows_are_read_a_few_at_a_time() -> None:
    Game.objects.bulk_create(Game(email=f"player{n}@test.ru") for n in range(10_000))
    tracemalloc.start()
    assert sum(1 for _ in GameResource().stream(Game.objects.all())) == 10_000
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_500_000


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_libreoffice_opens_addresses_as_text(
    staff: Client, nasty: list[str], tmp_path: Path, name: str
) -> None:
    (tmp_path / f"games.{name}").write_bytes(export(staff, name))
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation=file://{tmp_path}/profile",
            *("--headless", "--convert-to", "fods", "--outdir", str(tmp_path)),
            str(tmp_path / f"games.{name}"),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    sheet = (tmp_path / "games.fods").read_text()
    assert "table:formula" not in sheet
    for email in nasty:
        assert email.replace("'", "&apos;") in sheet
