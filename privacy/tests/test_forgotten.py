"""Whoever is forgotten loses the account too; that of staff stays, and the page says so."""

import io
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core.management import call_command

from privacy.erasing import anonymise, erase_person, preview
from privacy.models import Erasure
from privacy.own_data import personal_data
from testing.campaign import make_game
from testing.factories import PLAYED_AT
from testing.people import make_player, make_staff, signed_in

PERSON = "/admin/games/game/person/"


@pytest.fixture
def officer(db: None) -> Any:
    return signed_in(make_staff("officer", "data protection"))


@pytest.mark.parametrize("verified", [True, False])
def test_account_goes_with_its_person(db: None, verified: bool) -> None:
    make_player("cem@test.ru")
    eva = make_player("eva@test.ru")
    EmailAddress.objects.update(verified=verified)
    assert preview("cem@test.ru")[3:5] == (1, 0)
    erase_person("cem@test.ru", reason="asked")
    assert User.objects.get() == eva
    assert EmailAddress.objects.get().user == eva


@pytest.mark.parametrize("typed", ["Cem@ПРИМЕР.рф", "cem@xn--e1afmkfd.xn--p1ai"])
def test_address_is_found_as_a_superuser_typed_it(db: None, typed: str) -> None:
    User.objects.create_user("by hand", typed)
    assert len(personal_data("cem@xn--e1afmkfd.xn--p1ai")["accounts"]) == 1
    erase_person("cem@xn--e1afmkfd.xn--p1ai", reason="asked")
    assert not User.objects.exists()


def test_staff_and_who_was_staff_stay(db: None) -> None:
    clerk = make_staff("clerk")
    left = User.objects.create_user("left", "cem@test.ru")
    LogEntry.objects.create(user=left, action_flag=CHANGE, object_repr="Game 1")
    officer = User.objects.create_user("officer", "Cem@test.ru")
    erase_person("eva@test.ru", reason="asked", by=officer)
    EmailAddress.objects.create(user=clerk, email="cem@test.ru", verified=True, primary=True)
    assert preview("cem@test.ru")[3:5] == (0, 3)
    erase_person("cem@test.ru", reason="asked")
    assert User.objects.count() == 3
    assert LogEntry.objects.exists()


@pytest.mark.parametrize("played", [True, False])
def test_page_shows_the_account(officer: Any, played: bool) -> None:
    if played:
        make_game("cem@test.ru", PLAYED_AT)
    make_player("cem@test.ru")
    page = officer.post(PERSON, {"address": "cem@test.ru"}, follow=True).content.decode()
    assert "There is an account of this address, since" in page
    EmailAddress.objects.update(verified=False)
    page = officer.post(PERSON, {"address": "cem@test.ru"}, follow=True).content.decode()
    assert "not confirmed" in page
    page = officer.post(f"{PERSON}erase/", {"address": "cem@test.ru"}).content.decode()
    assert "<dt>accounts</dt><dd>1</dd>" in page
    assert "must see to it" not in page


def test_page_says_that_staff_stay(officer: Any) -> None:
    User.objects.create_user("clerk", "cem@test.ru", is_staff=True)
    page = officer.post(PERSON, {"address": "cem@test.ru"}).content.decode()
    assert "An account of the staff has this address" in page
    page = officer.post(f"{PERSON}erase/", {"address": "cem@test.ru"}).content.decode()
    assert "a superuser must see to it" in page


def test_account_that_a_backup_brought_back_goes_again(db: None) -> None:
    player = make_player("cem@test.ru")
    erase_person("cem@test.ru", reason="asked")
    joined = Erasure.objects.get().erased_at
    call_command("forget_address", reapply="", stdout=io.StringIO())
    assert make_player("cem@test.ru").pk != player.pk  # made since
    call_command("forget_address", reapply="", stdout=io.StringIO())
    assert User.objects.exists()
    User.objects.update(date_joined=joined.replace(year=2020))
    call_command("forget_address", reapply="", stdout=io.StringIO())
    assert not User.objects.exists()


def test_end_of_a_campaign_leaves_accounts(db: None) -> None:
    make_game("cem@test.ru", PLAYED_AT)
    make_player("cem@test.ru")
    assert sum(anonymise(1)) == 1
    assert User.objects.exists()
