"""Taking over addresses: dry run, import, the same again."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from games.exporting import formats
from games.importing import ImportReport, import_known_addresses
from games.kept_days import PlayHour
from games.models import Game, Play

from .campaign import GAMES, NewGame

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NO_DATE = "is not a date such as 2026-05-01 or 2026-05-01 18:30:00."

pytestmark = pytest.mark.django_db


def take(*rows: dict[str, Any], dry_run: bool = False) -> ImportReport:
    return import_known_addresses(rows, dry_run=dry_run)


def plays(email: str) -> list[tuple[int, datetime]]:
    rows = Play.objects.filter(game__email=email).order_by("number")
    return list(rows.values_list("number", "played_at"))


def test_new_address_gets_its_plays_and_is_pending() -> None:
    row = {"email": " Cem@Пример.рф ", "plays": "3", "first_play": "2026-05-01 12:00:00"}
    report = take(row | {"last_play": "2026-05-02 12:00:00+00:00"})
    assert report == ImportReport(new=1, plays=3)
    game = Game.objects.get(email="cem@xn--e1afmkfd.xn--p1ai")
    assert (game.play_count, game.contact_state) == (3, "pending")
    assert (game.first_played_at, game.last_played_at) == (NOON, NOON + DAY)
    assert plays(game.email) == [(1, NOON), (2, NOON + DAY), (3, NOON + DAY)]
    assert set(Play.objects.values_list("esp_status", flat=True)) == {None}
    call_command("check_counts")


def test_missing_count_is_one_play_now() -> None:
    before = timezone.now()
    take(
        {"email": "cem@test.ru"},
        {"email": "ann@test.ru", "plays": None},
        {"email": "bob@test.ru", "plays": 0},
    )
    counts = dict(Game.objects.values_list("email", "play_count"))
    assert counts == {"cem@test.ru": 1, "ann@test.ru": 1, "bob@test.ru": 0}
    assert before <= Game.objects.get(email="cem@test.ru").first_played_at <= timezone.now()  # type: ignore[operator]


def test_count_is_raised_never_lowered(new_game: NewGame) -> None:
    new_game("more@test.ru", NOON, NOON, NOON)
    new_game("less@test.ru", NOON)
    report = take(
        {"email": "more@test.ru", "plays": 2},
        {"email": "less@test.ru", "plays": 2, "last_play": "2026-05-03 12:00:00"},
    )
    assert report == ImportReport(raised=1, unchanged=1, plays=1)
    assert len(plays("more@test.ru")) == 3
    assert plays("less@test.ru") == [(1, NOON), (2, NOON + 2 * DAY)]
    game = Game.objects.get(email="less@test.ru")
    assert (game.first_played_at, game.last_played_at) == (NOON, NOON + 2 * DAY)
    assert game.contact_state == "added"
    call_command("check_counts")


def test_second_import_changes_nothing() -> None:
    rows = [{"email": f"player{n}@test.ru", "plays": n} for n in range(1, 5)]
    take(*rows)
    before = list(Play.objects.order_by("pk").values_list())
    assert take(*rows) == ImportReport(unchanged=4)
    assert list(Play.objects.order_by("pk").values_list()) == before


def test_days_of_the_past_are_counted_anew(new_game: NewGame) -> None:
    new_game("cem@test.ru", NOON)
    PlayHour.objects.fill()
    take({"email": "ann@test.ru", "last_play": "2026-05-01 12:30:00"})
    PlayHour.objects.fill()
    assert PlayHour.objects.get().plays == 2


def test_one_address_in_two_spellings_is_one() -> None:
    report = take({"email": "Cem@test.ru", "plays": 2}, {"email": "cem@TEST.ru", "plays": 5})
    assert report == ImportReport(new=1, plays=5)
    assert Game.objects.get().play_count == 5


def test_dry_run_counts_and_writes_nothing(new_game: NewGame) -> None:
    new_game("cem@test.ru", NOON)
    rows = [{"email": "cem@test.ru", "plays": 4}, {"email": "new@test.ru", "plays": 2}]
    dry = take(*rows, dry_run=True)
    assert dry == ImportReport(new=1, raised=1, plays=5)
    assert Game.objects.count() == Play.objects.count() == 1
    assert take(*rows) == dry


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"email": "cem"}, "An email address has an “@”, as in name@example.com."),
        ({"email": None}, "An email address has an “@”, as in name@example.com."),
        ({"plays": "many"}, "plays: “many” is not a number from 0 to 10000."),
        ({"plays": -1}, "plays: “-1” is not a number from 0 to 10000."),
        ({"plays": 10_001}, "plays: “10001” is not a number from 0 to 10000."),
        ({"plays": "²"}, "plays: “²” is not a number from 0 to 10000."),
        ({"plays": "9" * 5000}, f"plays: “{'9' * 40}” is not a number from 0 to 10000."),
        (
            {"last_play": "0001-01-01T00:00:00+14:00"},
            f"last_play: “0001-01-01T00:00:00+14:00” {NO_DATE}",
        ),
        ({"last_play": "2099-01-01"}, "last_play lies in the future."),
        (
            {"first_play": "2026-02-02", "last_play": "2026-02-01"},
            "first_play is later than last_play.",
        ),
        ({"last_play": "2026-02-30"}, f"last_play: “2026-02-30” {NO_DATE}"),
        ({"first_play": "May"}, f"first_play: “May” {NO_DATE}"),
    ],
)
def test_row_with_an_error_is_left_out_and_said_so(row: dict[str, Any], text: str) -> None:
    report = take({"email": "ann@test.ru"}, {"email": "cem@test.ru"} | row)
    assert report.errors == [(3, text)]
    assert Game.objects.get().email == "ann@test.ru"


@pytest.mark.parametrize("plays", [3, 3.0, "3", " 3 ", "3.0", "3.00"])
def test_numbers_as_spreadsheets_write_them(plays: Any) -> None:
    take({"email": "cem@test.ru", "plays": plays})
    assert Game.objects.get().play_count == 3


def test_rows_of_one_address_are_one_however_far_apart() -> None:
    last = {"last_play": "2026-05-01 12:00:00"}
    rows: list[dict[str, Any]] = [{"email": "cem@test.ru", "plays": 1} | last]
    rows += [{"email": f"player{n}@test.ru"} | last for n in range(1001)]
    rows += [{"email": "CEM@test.ru", "plays": 5, "first_play": "2026-04-01"} | last]
    dry = take(*rows, dry_run=True)
    assert (dry.new, dry.raised, dry.plays) == (1002, 0, 1006)
    assert take(*rows) == dry
    game = Game.objects.get(email="cem@test.ru")
    assert game.first_played_at == game.plays.get(number=1).played_at < NOON


def test_who_has_played_here_keeps_the_first_play(new_game: NewGame) -> None:
    new_game("cem@test.ru", NOON)
    take(
        {"email": "cem@test.ru", "plays": 2, "first_play": "2026-01-01", "last_play": "2026-02-01"}
    )
    game = Game.objects.get()
    assert (game.first_played_at, game.last_played_at, game.play_count) == (NOON, NOON, 2)


def test_batches_take_few_queries(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    rows = [{"email": f"player{n}@test.ru"} for n in range(1500)]
    with django_assert_max_num_queries(60):
        assert take(*rows).new == 1500


def upload(staff: Client, data: bytes, format_: str, **extra: Any) -> Any:
    file = SimpleUploadedFile(f"known.{format_}", data)
    body = {"import_file": file, "format": {"csv": "0", "xlsx": "1"}[format_], "resource": "0"}
    return staff.post(f"{GAMES}import/", body, **extra)


def confirm(staff: Client, response: Any) -> str:
    form = response.context["confirm_form"].initial
    answer = staff.post(f"{GAMES}process_import/", form, follow=True)
    return str(answer.content.decode())


@pytest.mark.parametrize("separator", [",", ";"])
def test_csv_is_shown_first_and_then_imported(staff: Client, separator: str) -> None:
    lines = ["\ufeffEmail,Plays", "\t=1+1@example.com,2", "nobody,1"]
    response = upload(staff, "\r\n".join(lines).replace(",", separator).encode(), "csv")
    page = response.content.decode()
    assert "What this import would do" in page
    assert "Row 3: An email address has an “@”" in page
    assert not Game.objects.exists()
    text = "Imported: 1 new addresses, 0 higher counts, 0 unchanged, 1 rows left out."
    assert text in confirm(staff, response)
    assert Game.objects.get().email == "=1+1@example.com"
    assert LogEntry.objects.get().get_change_message() == text


def test_xlsx_is_imported(staff: Client) -> None:
    book = openpyxl.Workbook()
    for row in (["email", "plays", "last_play"], ["cem@test.ru", 2, datetime(2026, 5, 1, 12)]):  # noqa: DTZ001
        book.active.append(row)
    book.active.append(["", None, None])  # a row that somebody emptied
    data = io.BytesIO()
    book.save(data)
    confirm(staff, upload(staff, data.getvalue(), "xlsx"))
    assert plays("cem@test.ru") == [(1, NOON), (2, NOON)]


def test_own_export_of_several_sheets_reads_back(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("games.exporting.spreadsheet.ROWS", 3)
    emails = ["_x0009_c@example.com", "a_x0041_b@example.com", "cem@test.ru"]
    data = b"".join(formats.XLSX().stream(["email"], ([email] for email in emails)))
    confirm(staff, upload(staff, data, "xlsx"))
    assert sorted(Game.objects.values_list("email", flat=True)) == emails


def test_confirmation_sent_twice_is_answered(staff: Client) -> None:
    response = upload(staff, b"email\ncem@test.ru\n", "csv")
    confirm(staff, response)
    assert "The file is no longer there. Upload it again." in confirm(staff, response)
    assert Game.objects.get().play_count == 1


def test_file_without_the_column_is_said_so(staff: Client) -> None:
    page = upload(staff, b"address\ncem@test.ru\n", "csv").content.decode()
    assert "The first row must name the columns, one of them “email”." in page
    assert "Nothing would change." in page


def test_file_that_changes_nothing_cannot_be_confirmed(staff: Client, new_game: NewGame) -> None:
    new_game("cem@test.ru", NOON)
    page = upload(staff, b"email\ncem@test.ru\n", "csv").content.decode()
    assert "Nothing would change." in page
    assert "process_import" not in page
