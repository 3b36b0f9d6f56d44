"""Everything about one person, on the page, as a file and on the command line."""

import io
import json
from collections.abc import Callable

import pytest
from django.core.management import call_command
from django.test import Client

from esp.models import MockContact
from games.models import Game
from privacy.erasing import erase_person
from privacy.tests.conftest import CANARY

SignIn = Callable[[str], Client]
PERSON = "/admin/games/game/person/"


def test_page_and_file_hold_everything(sign_in: SignIn, game: Game) -> None:
    MockContact.objects.create(email=CANARY)
    sign_in("managers").post("/admin/games/game/", {"action": "deliver_now", "_selected_action": 1})
    officer = sign_in("data protection")
    page = officer.get(f"{PERSON}{game.pk}/").content.decode()
    for text in (CANARY, "it timed out", "1 May 2026, 12:00", "The mock ESP has the contact."):
        assert text in page
    answer = officer.get(f"{PERSON}{game.pk}/json/")
    assert answer["Content-Disposition"] == f'attachment; filename="person-{game.pk}.json"'
    found = answer.json()
    log = found.pop("log")
    assert [(entry["by"], entry["what"]) for entry in log] == [
        ("data-protection", "Opened everything about this person."),
        ("data-protection", "Downloaded everything about this person."),
    ]
    assert found.pop("mock_contact")["added_at"]
    assert found.pop("contact").pop("next_attempt")
    noon = "2026-05-01T12:00:00Z"
    play = {"played_at": noon, "idempotency_key": None, "fields": None}
    assert found == {
        "address": CANARY,
        "game": {"number": game.pk, "plays": 2, "first_play": noon, "last_play": noon},
        "plays": [
            play | {"number": 1, "esp_status": False},
            play | {"number": 2, "esp_status": True},
        ],
        "consents": [],
        "accounts": [],
        "erasures": [],
    }


def test_command_line_prints_the_same(game: Game, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{CANARY}\n"))
    call_command("export_address", "-", stdout=out)
    found = json.loads(out.getvalue())
    assert (found["address"], found["game"]["plays"], found["contact"]["state"]) == (
        CANARY,
        2,
        "pending",
    )


def test_address_that_is_not_here(sign_in: SignIn) -> None:
    erase_person(CANARY, reason="asked")
    officer = sign_in("data protection")
    page = officer.post(PERSON, {"address": CANARY}).content.decode()
    assert "There is no player with this address here." in page
    assert "Erased before" in page
    assert 'action="/admin/games/game/person/erase/"' in page


@pytest.mark.parametrize("address", ["", "cem"])
def test_what_is_no_address_is_said(sign_in: SignIn, address: str) -> None:
    page = sign_in("data protection").post(PERSON, {"address": address})
    assert page.context["form"].errors["address"]


def test_reading_is_not_erasing(sign_in: SignIn, game: Game) -> None:
    from django.contrib.auth.models import Group, Permission  # noqa: PLC0415

    group = Group.objects.get(name="data protection")
    group.permissions.remove(Permission.objects.get(codename="erase_game"))
    reader = sign_in("data protection")
    assert "person/erase" not in reader.get(f"{PERSON}{game.pk}/").content.decode()
    assert reader.post(f"{PERSON}erase/", {"address": CANARY, "reason": "x"}).status_code == 403
    assert Game.objects.exists()
