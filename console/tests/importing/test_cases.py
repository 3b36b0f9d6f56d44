"""The cases of the working papers, where they are."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.test import Client

from games.models import Game
from testing.imports import confirm, upload

CASES = Path(__file__).resolve().parents[4] / "shared" / "cases" / "import"
MAY_1, MAY_2 = datetime(2026, 5, 1, 18, 30, tzinfo=UTC), datetime(2026, 5, 2, 9, 5, tzinfo=UTC)
MAY_3 = datetime(2026, 5, 3, tzinfo=UTC)
# Plays, and the last play where the file has one.
RESULTS: dict[str, dict[str, tuple[int, datetime | None]]] = {
    "dates_as_text_and_serial.xlsx": {"ivanov": (3, MAY_1), "petrova": (1, MAY_1)},
    "dimension_too_few_rows.xlsx": {"ivanov": (3, MAY_2), "petrova": (1, MAY_3)},
    "excel_ru_cp1251_semicolon.csv": {"ivanov": (3, MAY_1), "petrova": (1, MAY_2)},
    "excel_ru_utf8_bom_dates.csv": {"ivanov": (3, MAY_1), "petrova": (1, MAY_2)},
    "excel_sep_line.csv": {"ivanov": (3, None)},
    "first_sheet_is_notes.xlsx": {"a2": (2, None)},
    "header_two_lines_1c.csv": {"ivanov": (3, None)},
    "hyperlinks.xlsx": {"ivanov": (3, MAY_2)},
    "no_dimension_row_short.xlsx": {"ivanov": (3, MAY_2), "petrova": (1, None)},
    "title_above_header.xlsx": {"a2": (2, None)},
    "trailing_delimiter_rows.csv": {"ivanov": (3, None), "petrova": (1, None)},
}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not CASES.is_dir(), reason="the working papers are not here"),
]


@pytest.mark.parametrize("name", RESULTS)
def test_case(staff: Client, name: str) -> None:
    page = upload(staff, (CASES / name).read_bytes(), name)
    assert confirm(staff, page).job.state == "done"
    found = {
        game.email.partition("@")[0]: (game.play_count, game.last_played_at)
        for game in Game.objects.all()
    }
    expected = {
        name: (plays, last or found[name][1]) for name, (plays, last) in RESULTS[name].items()
    }
    assert found == expected
    if name == "hyperlinks.xlsx":
        assert "formula" in page.text
