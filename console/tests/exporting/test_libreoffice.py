"""Exports opened in LibreOffice: text is text, dates are dates that it can calculate with."""

import io
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client

from testing.campaign import NewGame
from testing.exports import export

pytestmark = pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
# As its dialog would ask: separator, quote, UTF-8, from row 1, language, dates are recognised.
OPENED_AS = {
    "xlsx": "Calc MS Excel 2007 XML",
    "csv": "CSV:44,34,76,1,,1033,false,true",
    "excel.csv": "CSV:59,34,76,1,,{language},false,true",
}
LANGUAGES = {"en": 1033, "ru": 1049}
# Dates whose day and month could be taken for each other, and one that is a date in no other way.
MARCH, APRIL = datetime(2026, 3, 4, 21, 30, 5, tzinfo=UTC), datetime(2026, 4, 3, 9, tzinfo=UTC)


def opened(data: bytes, name: str, folder: Path, language: str = "en") -> str:
    path = folder / f"games.{name.rpartition('.')[2]}"
    path.write_bytes(data)
    command = ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless"]
    command += [f"--infilter={OPENED_AS[name].format(language=LANGUAGES[language])}"]
    command += ["--convert-to", "fods", "--outdir", str(folder), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return path.with_suffix(".fods").read_text()


@pytest.mark.parametrize("name", OPENED_AS)
def test_addresses_are_text(staff: Client, nasty: list[str], tmp_path: Path, name: str) -> None:
    sheet = opened(export(staff, name), name, tmp_path)
    assert "table:formula" not in sheet
    for email in nasty:
        assert email.replace("'", "&apos;") in sheet


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["xlsx", "excel.csv"])
def test_times_are_dates(
    staff: Client, new_game: NewGame, settings: Any, tmp_path: Path, name: str, language: str
) -> None:
    settings.TIME_ZONE = "Europe/Moscow"
    new_game("cem@test.ru", MARCH, APRIL)
    data = export(staff, name, headers={"Accept-Language": language})
    sheet = opened(data, name, tmp_path, language)
    dates = re.findall(r'office:value-type="date" office:date-value="([^"]+)"', sheet)
    assert dates == ["2026-03-05T00:30:05", "2026-04-03T12:00:00"]


def test_months_can_be_calculated_and_the_twice_shown_hour_too(
    staff: Client, new_game: NewGame, settings: Any, tmp_path: Path
) -> None:
    settings.TIME_ZONE = "Europe/Berlin"
    new_game("cem@test.ru", MARCH, APRIL)
    twice = datetime(2025, 10, 26, 0, 30, tzinfo=UTC), datetime(2025, 10, 26, 1, 30, tzinfo=UTC)
    new_game("ann@test.ru", *twice)
    book = openpyxl.load_workbook(io.BytesIO(export(staff, "xlsx")))
    for row in (2, 3):
        book.worksheets[0][f"G{row}"] = f"=YEAR(C{row})*100+MONTH(C{row})"
    with_formulas = io.BytesIO()
    book.save(with_formulas)
    sheet = opened(with_formulas.getvalue(), "xlsx", tmp_path)
    shown = re.findall("<text:p>(20.*)</text:p>", sheet)
    assert sorted(shown) == [
        "2025-10-26 02:30:00 +01:00",
        "2025-10-26 02:30:00 +02:00",
        "202510",
        "2026-03-04 22:30:05",
        "2026-04-03 11:00:00",
        "202603",
    ]
