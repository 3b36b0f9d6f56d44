"""Taking over addresses: dry run, import, the same again."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from console.exporting import formats
from games.models import Game, Play
from importing.columns import FIELDS
from importing.known_addresses import import_known_addresses
from importing.models import ImportJob
from importing.people import ImportReport
from importing.reading import Table
from importing.values import DayOrder, NoDate, TwoDates, parse_moment
from stats.numbers import Numbers
from testing.campaign import GAMES, NewGame
from testing.imports import confirm, upload

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NO_DATE = "is not a date such as 2026-05-01 or 01.05.2026 18:30."

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


def test_plays_of_the_past_are_added_to_the_totals(new_game: NewGame) -> None:
    new_game("cem@test.ru", NOON)
    assert Numbers.read().periods[-1].plays == 1
    take({"email": "ann@test.ru", "last_play": "2026-05-01 12:30:00"})
    assert Numbers.read().periods[-1].plays == 2
    assert Numbers.read().domains == [("test.ru", 2)]


def test_one_address_in_two_spellings_is_one() -> None:
    report = take({"email": "Cem@test.ru", "plays": 2}, {"email": "cem@TEST.ru", "plays": 5})
    assert report == ImportReport(new=1, plays=5, same=1)
    assert Game.objects.get().play_count == 5


def test_row_without_dates_leaves_those_of_another_row() -> None:
    take({"email": "cem@test.ru"}, {"email": "cem@test.ru", "first_play": NOON, "last_play": NOON})
    assert Game.objects.get().last_played_at == NOON


def test_missing_last_play_is_the_first(new_game: NewGame) -> None:
    take({"email": "cem@test.ru", "plays": 2, "first_play": "2026-05-01 12:00"})
    assert plays("cem@test.ru") == [(1, NOON), (2, NOON)]


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
            f"last play: “0001-01-01T00:00:00+14:00” {NO_DATE}",
        ),
        ({"last_play": "2099-01-01"}, "last play lies in the future."),
        (
            {"first_play": "2026-02-02", "last_play": "2026-02-01"},
            "The first play is later than the last.",
        ),
        ({"last_play": "2026-02-30"}, f"last play: “2026-02-30” {NO_DATE}"),
        ({"first_play": "May"}, f"first play: “May” {NO_DATE}"),
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
    with django_assert_max_num_queries(80):
        assert take(*rows).new == 1500


@pytest.mark.parametrize("separator", [",", ";"])
def test_csv_is_shown_first_and_then_imported(staff: Client, separator: str) -> None:
    lines = ["\ufeffEmail,Plays", "\t=1+1@example.com,2", "nobody,1"]
    page = upload(staff, "\r\n".join(lines).replace(",", separator).encode())
    assert "What this import would do" in page.text
    assert "Row 3: An email address has an “@”" in page.text
    assert not Game.objects.exists()
    page = confirm(staff, page)
    assert page.job.report["imported"] == {"new": 1, "raised": 0, "unchanged": 0, "plays": 2}
    assert Game.objects.get().email == "=1+1@example.com"
    log = [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]
    assert log == [
        "Uploaded a file to import.",
        "Confirmed the import: 1 new addresses, 2 plays added.",
    ]


def test_own_export_of_several_sheets_reads_back(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.exporting.spreadsheet.ROWS", 3)
    emails = ["_x0009_c@example.com", "a_x0041_b@example.com", "cem@test.ru"]
    data = b"".join(formats.XLSX().stream(["email"], ([email] for email in emails)))
    confirm(staff, upload(staff, data, "known.xlsx"))
    assert sorted(Game.objects.values_list("email", flat=True)) == emails


def test_export_of_plays_reads_back(staff: Client) -> None:
    lines = ["email,number,played,esp_status", "cem@test.ru,1,2026-05-01T15:00:00+03:00,True"]
    lines += ["cem@test.ru,2,2026-05-02T12:00:00.000001+00:00,", "ann@test.ru,1,2026-05-01,"]
    page = upload(staff, "\r\n".join(lines).encode())
    assert page.job.report["same"] == 1
    assert "the greatest count stays: 3" in page.text
    confirm(staff, page)
    assert plays("cem@test.ru") == [(1, NOON), (2, NOON + DAY + timedelta(microseconds=1))]


def test_player_without_plays_stays_without(staff: Client) -> None:
    confirm(staff, upload(staff, b"email,plays,first_play,last_play\ncem@test.ru,0,,\n"))
    game = Game.objects.get()
    assert (game.play_count, game.first_played_at, game.last_played_at) == (0, None, None)


def test_offset_of_an_hour_that_repeats_is_read(staff: Client) -> None:
    """Our export writes it into the number format, so that the cell stays a date."""
    book = openpyxl.Workbook()
    book.active.append(
        ["email", "plays", "first_play (Europe/Berlin)", "last_play (Europe/Berlin)"]
    )
    night = datetime(2025, 10, 26, 2, 30)  # noqa: DTZ001
    book.active.append(["cem@test.ru", 2, night, night])
    book.active["D2"].number_format = 'yyyy-mm-dd hh:mm:ss "+01:00"'
    data = io.BytesIO()
    book.save(data)
    confirm(staff, upload(staff, data.getvalue(), "known.xlsx"))
    game = Game.objects.get()
    assert game.first_played_at == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)
    assert game.last_played_at == datetime(2025, 10, 26, 1, 30, tzinfo=UTC)


def test_confirmation_sent_twice_is_answered(staff: Client) -> None:
    page = upload(staff, b"email\ncem@test.ru\n")
    confirm(staff, page)
    assert "The import has moved on meanwhile." in confirm(staff, page).text
    assert Game.objects.get().play_count == 1


def test_file_that_changes_nothing_cannot_be_confirmed(staff: Client, new_game: NewGame) -> None:
    new_game("cem@test.ru", NOON)
    page = upload(staff, b"email\ncem@test.ru\n")
    assert "Nothing would change." in page.text
    assert 'value="import"' not in page.text


def test_file_that_is_too_large_is_refused(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.imports.upload.MAX_SIZE", 0)
    file = SimpleUploadedFile("known.csv", b"email")
    answer = staff.post(f"{GAMES}import/", {"import_file": file})
    assert "The file is larger than 0 MB. Divide it." in answer.content.decode()
    assert not ImportJob.objects.exists()


MOMENTS = {
    "2026-05-01": datetime(2026, 5, 1, tzinfo=UTC),
    "2026-05-01T12:00:00Z": NOON,
    "2026-05-01 15:00:00+03:00": NOON,
    "01.05.2026 12:00": NOON,
    "1.5.26 12:00:00": NOON,
    "01.05.2026 г., 12:00": NOON,
    "2026/05/01 12:00": NOON,
    "20260501 12:00": NOON,
    "31/05/2026": datetime(2026, 5, 31, tzinfo=UTC),
    "5/31/2026 12:00 PM": datetime(2026, 5, 31, 12, tzinfo=UTC),
    "5/5/2026 12:00 am": datetime(2026, 5, 5, tzinfo=UTC),
    "46143.5": NOON,
    46143.5: NOON,
}


@pytest.mark.parametrize("written", MOMENTS)
def test_dates_as_people_write_them(written: Any) -> None:
    assert parse_moment(written, ZoneInfo("UTC"), DayOrder()) == MOMENTS[written]


@pytest.mark.parametrize(
    "written",
    ["May", "99999", "2026-05-01 13:00 pm", "2026-13-01", "13:00", "1", "32.01.2026", "1746105600"],
)
def test_what_is_no_date(written: str) -> None:
    with pytest.raises(NoDate):
        parse_moment(written, ZoneInfo("UTC"), DayOrder())


def test_day_or_month_first_is_not_guessed() -> None:
    with pytest.raises(TwoDates):
        parse_moment("5/1/2026", ZoneInfo("UTC"), DayOrder())
    moment = parse_moment("5/1/2026", ZoneInfo("UTC"), DayOrder(day_first=True))
    assert (moment.month, moment.day) == (1, 5)


KNOWN = st.tuples(
    st.from_regex(r"[a-z0-9=+_-]{1,20}@[a-z]{1,8}\.(ru|com)", fullmatch=True),
    st.integers(1, 20),
    st.datetimes(datetime(2000, 1, 1), datetime(2026, 1, 1)),  # noqa: DTZ001
    st.timedeltas(timedelta(0), timedelta(days=300)),
)


@settings(deadline=None, max_examples=10)  # a process is started each time
@given(
    rows=st.lists(KNOWN, min_size=1, max_size=5, unique_by=lambda row: row[0]),
    separator=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1251"]),
    written=st.sampled_from(["%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S"]),
    header=st.sampled_from([",".join(FIELDS), "Адрес,Игры,Первая игра,Последняя игра"]),
)
def test_every_row_of_any_text_is_read(
    rows: list[Any], separator: str, encoding: str, written: str, header: str
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator)
    writer.writerow(header.split(","))
    expected = {}
    for email, count, first, length in rows:
        moments = [first.replace(microsecond=0), (first + length).replace(microsecond=0)]
        writer.writerow([email, count, *(moment.strftime(written) for moment in moments)])
        expected[email] = (count, *(moment.replace(tzinfo=UTC) for moment in moments))
    table = Table([out.getvalue().encode(encoding)], {})
    found = {}
    for row in table.rows():
        moments = [parse_moment(row[name], ZoneInfo("UTC"), DayOrder()) for name in FIELDS[2:]]
        found[row["email"]] = (int(row["plays"]), *moments)
    assert found == expected
    assert table.columns
    assert table.columns.used == {name: n for n, name in enumerate(FIELDS)}
