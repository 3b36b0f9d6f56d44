"""Dates and numbers are written in one way on all pages of the console, in each language."""

import html
import re
from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone, translation
from django.utils.formats import date_format

from esp.models import MockContact
from games.delivery_pause import DeliveryPause
from games.models import Game
from importing.models import ImportJob
from privacy.erasing import erase_person
from privacy.models import Erasure
from testing.campaign import GAMES, PLAYS, make_game
from testing.people import make_token

AFTERNOON = datetime(2026, 11, 5, 17, 0, tzinfo=UTC)
NUMBER = 1_234_567  # of a player: more than three digits
SHOWN = {"en": "5 Nov 2026, 17:00", "ru": "5 ноя 2026, 17:00"}
# Half a day, a month's name with a dot or in full, slashes, and a dot after the day.
OTHER_STYLES = re.compile(
    r"\b[ap]\.m\.|\bnoon\b|\bmidnight\b|\bNov\.|\bNovember\b|(?i:ноября|\bнояб)"
    r"|\d{1,2}/\d{1,2}/\d{4}|\b\d\d\.\d\d\.|\d{4} г\.|2026-11-05"
)
PERSON = f"{GAMES}person/{NUMBER}/"
PAGES = [  # that show a time
    GAMES,
    PLAYS,
    f"{GAMES}{NUMBER}/change/",
    f"{GAMES}{NUMBER}/history/",
    PERSON,
    "/admin/admin/logentry/",
    "/admin/games/erasure/",
    "/admin/console/importjob/",
    "/admin/esp/mockcontact/",
    "/admin/accounts/token/",
]
OTHER_PAGES = [
    "/admin/",
    "/admin/auth/user/",
    "/admin/console/draw/",
    f"{GAMES}export/",
    f"{GAMES}import/",
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def afternoon(monkeypatch: pytest.MonkeyPatch, staff: Client, admin_user: User) -> Client:
    """Make something of everything that pages show, on the afternoon of 5 November 2026."""
    monkeypatch.setattr(timezone, "now", lambda: AFTERNOON)
    player = make_game("cem@test.ru", AFTERNOON, id=NUMBER, state="pending")
    Game.objects.update(contact_due_at=AFTERNOON, play_count=1_001)
    make_game("gone@test.ru", AFTERNOON)
    erase_person("gone@test.ru", reason="asked", by=admin_user)
    LogEntry.objects.log_actions(
        user_id=admin_user.pk, queryset=[player], action_flag=CHANGE, change_message="changed"
    )
    LogEntry.objects.update(action_time=AFTERNOON)
    Erasure.objects.update(erased_at=AFTERNOON)
    ImportJob.objects.create(file_name="known.csv", language="en", created_at=AFTERNOON)
    MockContact.objects.create(email="cem@test.ru", added_at=AFTERNOON)
    make_token(admin_user)
    DeliveryPause.objects.begin("the key is not valid")
    User.objects.update(date_joined=AFTERNOON, last_login=AFTERNOON)
    return staff


def text_of(client: Client, address: str, language: str) -> str:
    """Return a page's text and the values of its attributes, without scripts, inputs and links."""
    response = client.get(address, headers={"Accept-Language": language})
    assert response.status_code == 200, address
    code = r"<(script|style)\b.*?</\1>|<input\b[^>]*>|<option\b[^>]*>|href=\"[^\"]*\""
    return html.unescape(re.sub(code, "", response.content.decode(), flags=re.DOTALL))


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("address", PAGES + OTHER_PAGES)
def test_no_page_writes_dates_in_another_way(
    afternoon: Client, address: str, language: str
) -> None:
    text = text_of(afternoon, address, language)
    found = OTHER_STYLES.search(text)
    assert not found, address + ": " + text[max(0, found.start() - 100) : found.end() + 50]
    if address in PAGES:
        assert SHOWN[language] in text


@pytest.mark.parametrize("address", PAGES + OTHER_PAGES)
def test_each_page_names_the_time_zone_once(afternoon: Client, address: str) -> None:
    assert text_of(afternoon, address, "en").count("All times are of UTC.") == 1


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", ["5 May 2026", "5 May 2026, 07:05", "5 May", "07:05"]),
        ("ru", ["5 май 2026", "5 май 2026, 07:05", "5 май", "07:05"]),
    ],
)
def test_forms_of_a_date(language: str, shown: list[str]) -> None:
    moment = datetime(2026, 5, 5, 7, 5, tzinfo=UTC)
    names = ["DATE_FORMAT", "DATETIME_FORMAT", "MONTH_DAY_FORMAT", "TIME_FORMAT"]
    with translation.override(language):
        assert [date_format(moment, name) for name in names] == shown
        for short in ("DATE_FORMAT", "DATETIME_FORMAT"):
            assert date_format(moment, f"SHORT_{short}") == date_format(moment, short)


@pytest.mark.parametrize(("language", "shown"), [("en", "1,001"), ("ru", "1\N{NO-BREAK SPACE}001")])
def test_counts_are_grouped(afternoon: Client, language: str, shown: str) -> None:
    for address in (GAMES, f"{GAMES}{NUMBER}/change/", PERSON):
        assert shown in text_of(afternoon, address, language), address


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("address", PAGES + OTHER_PAGES)
def test_what_programs_read_is_not_grouped(afternoon: Client, address: str, language: str) -> None:
    page = afternoon.get(address, headers={"Accept-Language": language}).content.decode()
    values = re.findall(r'\b(?:href|action|value|id|name|hx-get)="([^"]*)"', page)
    grouped = [value for value in values if re.search(r"\d[, \N{NO-BREAK SPACE}]\d{3}\b", value)]
    assert grouped == []
    assert "1,234,567" not in page
    assert "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567" not in page
