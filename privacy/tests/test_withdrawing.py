"""Withdrawing a consent, and what stays of it after an erasure."""

import io
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone

from esp.models import MockContact
from games.consent import Consent, ConsentProof, ConsentSource, ConsentText, reload_texts
from games.contact_queue import claim_due
from games.models import Game
from games.rules import withholding
from games.rules.withholding import withhold_some
from games.tests.conftest import URL
from privacy.erasing import erase_person
from privacy.esp_removals import RemovalsJob
from privacy.models import Erasure, RemovalState
from privacy.own_data import personal_data
from privacy.tests.test_erasure import Unforgetting
from privacy.tests.test_erasure_races import elsewhere
from privacy.withdrawing import consents_in_force, player_of, withdraw, withdrawal_key
from serving.keyed_hash import keyed_hash
from testing.consents import agree as agree_to
from testing.consents import make_text
from testing.factories import GameFactory
from testing.people import JSON, body, role

pytestmark = pytest.mark.django_db
EMAIL = "cem@test.ru"


@pytest.fixture
def agree(client: Client) -> Any:
    """Count a play of a person who agrees to mailing."""
    reload_texts()
    ConsentText.objects.create(purpose="mailing", language="en", version="1", text="I agree.")

    def send(*, mailing: bool = True) -> Any:
        consent = {"mailing": mailing, "text": "1"}
        return client.post(URL, {"email": EMAIL, "consent": consent}, "application/json").json()

    return send


def withdraw_mailing() -> bool:
    return withdraw(Game.objects.filter(email=EMAIL), "mailing", source=ConsentSource.PERSON)


def remove_due() -> None:
    Erasure.objects.update(due_at=timezone.now())
    RemovalsJob().run_batch(stopping=_Never())  # type: ignore[arg-type]


class _Never:
    def is_set(self) -> bool:
        return False


def state() -> str:
    return Game.objects.get(email=EMAIL).contact_state


def test_withdrawal_takes_the_contact_out_of_the_esp(agree: Any) -> None:
    agree()
    assert MockContact.objects.exists()
    assert withdraw_mailing()
    assert state() == "withheld"
    remove_due()
    assert not MockContact.objects.exists()
    assert state() == "withheld"
    # A later play counts, and sends nothing.
    assert agree(mailing=False) == {"esp_status": False, "games_status": True, "games_count": 2}
    assert not MockContact.objects.exists()


def test_withdrawal_is_no_erasure_of_the_person(agree: Any) -> None:
    agree()
    withdraw_mailing()
    assert not Erasure.objects.of(EMAIL).exists()
    assert Erasure.objects.erased_among([EMAIL]) == set()


def test_person_may_agree_again(agree: Any) -> None:
    agree()
    withdraw_mailing()
    assert agree()["games_count"] == 2
    remove_due()  # the removal was due before; the ESP has just lost the contact
    assert state() == "pending"
    assert consents_in_force(Game.objects.get())


def test_second_withdrawal_changes_nothing(agree: Any) -> None:
    agree()
    assert withdraw_mailing()
    assert not withdraw_mailing()
    assert Consent.objects.count() == 2
    assert Erasure.objects.count() == 1


def test_nothing_is_withdrawn_of_whom_never_agreed(agree: Any) -> None:
    agree(mailing=False)
    assert not withdraw_mailing()
    assert not withdraw(Game.objects.none(), "mailing", source=ConsentSource.STAFF)


@pytest.mark.parametrize("before", ["pending", "rejected", "withheld"])
def test_contact_is_removed_whatever_its_state(agree: Any, before: str) -> None:
    # Such as a contact that staff delivered again: the ESP has it all the same.
    agree()
    Game.objects.update(contact_state=before)
    assert withdraw_mailing()
    remove_due()
    assert not MockContact.objects.exists()
    assert state() == "withheld"


def test_other_purposes_leave_the_contact(agree: Any, client: Client) -> None:
    ConsentText.objects.create(purpose="prizes", language="en", version="1", text="I agree.")
    consent = {"prizes": True, "text": "1"}
    client.post(URL, {"email": EMAIL, "consent": consent}, "application/json")
    assert withdraw(Game.objects.all(), "prizes", source=ConsentSource.STAFF)
    assert state() == "added"


def test_delivery_withholds_after_a_withdrawal(agree: Any, settings: Any) -> None:
    settings.MAILING_CONSENT = "required"
    agree()
    withdraw_mailing()
    Game.objects.update(contact_state="pending")
    assert withhold_some(list(Game.objects.all())) == []


def test_restored_backup_withdraws_again(agree: Any, tmp_path: Any) -> None:
    agree()
    before = timezone.now()
    withdraw_mailing()
    withdrawn = Consent.objects.get(act="withdrawn")
    kept = tmp_path / "tombstones"
    with kept.open("w") as file:
        call_command("forget_address", tombstones=True, stdout=file)
    assert EMAIL not in kept.read_text()
    # The backup is from before the withdrawal.
    withdrawn.delete()
    Erasure.objects.all().delete()
    Game.objects.update(contact_state="added")
    out = io.StringIO()
    call_command("forget_address", reapply=str(kept), stdout=out)
    assert out.getvalue() == "Erased again: 0.\nWithdrawn again: 1.\n"
    again = Consent.objects.get(act="withdrawn")
    assert (again.text, again.at, again.source) == (withdrawn.text, withdrawn.at, "person")
    assert before < again.at
    remove_due()
    assert (state(), MockContact.objects.exists()) == ("withheld", False)
    # Who agrees again stays, however often it is done.
    agree()
    call_command("forget_address", reapply=str(kept), stdout=out)
    assert consents_in_force(Game.objects.get())


@pytest.mark.parametrize("purpose", ["mailing", "prizes"])
def test_restore_names_contacts_that_are_removed_by_hand(
    settings: Any, tmp_path: Any, purpose: str
) -> None:
    settings.ESP_BACKEND = f"{Unforgetting.__module__}.{Unforgetting.__name__}"
    agree_to(GameFactory(email=EMAIL), make_text(purpose))
    line = f"{keyed_hash(EMAIL)} {timezone.now().isoformat()} {purpose} staff"
    Erasure.objects.create(esp_state=RemovalState.BY_HAND)  # of before, and perhaps done
    (tmp_path / "tombstones").write_text(line)
    out = io.StringIO()
    call_command("forget_address", reapply=str(tmp_path / "tombstones"), stdout=out)
    assert "Withdrawn again: 1." in out.getvalue()
    assert ("by hand" in out.getvalue()) == (purpose == "mailing")


def test_link_names_its_player_only() -> None:
    player = GameFactory(email=EMAIL)
    key = withdrawal_key(player)
    assert player_of(key) == player
    assert player_of(key + "x") is None
    assert player_of("made:up") is None
    assert EMAIL not in key
    player.delete()
    assert player_of(key) is None


def test_erasure_keeps_a_proof_without_the_address(agree: Any) -> None:
    agree()
    given = Consent.objects.get()
    erase_person(EMAIL, reason="ticket 1")
    assert not Consent.objects.exists()
    proof = ConsentProof.objects.get()
    assert (proof.digest, proof.text, proof.act, proof.at) == (
        keyed_hash(EMAIL),
        given.text,
        "given",
        given.at,
    )
    assert str(proof) == "mailing 1 (en): given"


def test_own_data_names_each_consent(agree: Any) -> None:
    agree()
    withdraw_mailing()
    consents = personal_data(EMAIL)["consents"]
    assert [(one["act"], one["source"], one["text"]) for one in consents] == [
        ("given", "play", "I agree."),
        ("withdrawn", "person", "I agree."),
    ]
    erase_person(EMAIL, reason="ticket 1")
    assert [one["act"] for one in personal_data(EMAIL)["consents"]] == ["given", "withdrawn"]


def test_data_protection_keeps_the_texts() -> None:
    group = Group.objects.get(name="data protection")
    rights = set(group.permissions.values_list("codename", flat=True))
    assert {"add_consenttext", "change_consenttext", "view_consent", "withdraw_consent"} <= rights


def test_new_address_of_who_withdrew_is_withheld(agree: Any) -> None:
    agree()
    withdraw_mailing()
    editor, url = role("editor"), f"/api/games/{Game.objects.get().pk}/"
    etag = editor.get(url).headers["ETag"]
    changed = editor.patch(url, {"email": "new@test.ru"}, JSON, headers={"If-Match": etag})
    assert body(changed)["contact_state"] == "withheld"
    assert Erasure.objects.count() == 1  # that of the withdrawal


def test_esp_is_not_asked_for_who_does_not_agree(agree: Any, settings: Any) -> None:
    settings.MAILING_CONSENT = "required"
    agree(mailing=False)
    assert (state(), Game.objects.get().contact_attempts) == ("withheld", 0)


@pytest.mark.parametrize("attempts", [0, 1])
def test_contact_that_the_esp_was_never_asked_for_stays_there(attempts: int) -> None:
    player = GameFactory(email=EMAIL, contact_state="withheld", contact_attempts=attempts)
    MockContact.objects.create(email=EMAIL)  # a subscriber of another site, unless we asked
    editor, url = role("editor"), f"/api/games/{player.pk}/"
    etag = editor.get(url).headers["ETag"]
    editor.patch(url, {"email": "new@test.ru"}, JSON, headers={"If-Match": etag})
    remove_due()
    assert MockContact.objects.exists() == (attempts == 0)


@pytest.mark.parametrize("before", ["pending", "added", "found"])
def test_contact_of_the_old_address_is_removed_at_the_esp(before: str) -> None:
    player = GameFactory(email=EMAIL, contact_state=before)
    MockContact.objects.create(email=EMAIL)
    editor, url = role("editor"), f"/api/games/{player.pk}/"
    etag = editor.get(url).headers["ETag"]
    editor.patch(url, {"email": "new@test.ru"}, JSON, headers={"If-Match": etag})
    remove_due()
    is_ours = before != "found"  # else the ESP had it before the first play
    assert MockContact.objects.exists() != is_ours
    assert [str(one.by) for one in Erasure.objects.all()] == ["editor"] * is_ours
    assert not Erasure.objects.of(EMAIL).exists()
    assert Game.objects.get().contact_state == "pending"


def test_erased_play_is_answered_after_the_end(client: Client, settings: Any) -> None:
    def send(key: str) -> Any:
        headers = {"Idempotency-Key": key}
        return client.post(URL, {"email": EMAIL}, "application/json", headers=headers)

    first = send("key")
    erase_person(EMAIL, reason="ticket 1")
    settings.PLAYS_UNTIL = timezone.now()
    assert send("key").json() == first.json()
    assert send("other").status_code == 403
    assert not Game.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="it has one writer at a time")
def test_nobody_agrees_while_delivery_looks_who_agreed(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    GameFactory(email=EMAIL, contact_state="pending", contact_due_at=timezone.now())
    settings.MAILING_CONSENT = "required"
    is_locked = []

    def lock() -> None:
        with transaction.atomic():
            Game.objects.select_for_update(nowait=True).get()

    def look(*_args: Any, **_kwargs: Any) -> bool:
        with pytest.raises(OperationalError):
            elsewhere(lock)
        is_locked.append(True)
        return True

    monkeypatch.setattr(withholding, "is_withheld", look)
    assert claim_due(1) == []
    assert (is_locked, state()) == ([True], "withheld")
