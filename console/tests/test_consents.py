"""Consent texts, consents and their proofs in the console; withdrawing by staff."""

import csv
import io
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from console.lists.paginators import CappedPaginator
from games.consent import Consent, ConsentProof, ConsentText, current_texts
from games.models import Game
from privacy.erasing import erase_person
from privacy.models import Erasure
from serving.keyed_hash import keyed_hash
from testing.campaign import GAMES, NewGame, content
from testing.consents import agree, make_text
from testing.exports import FORMATS, NOON
from testing.people import make_staff, role, signed_in

TEXTS = "/admin/games/consenttext/"
CONSENTS = "/admin/games/consent/"
PROOFS = "/admin/games/consentproof/"
EMAIL = "cem.canary@secrets.ru"


def officer() -> Client:
    return signed_in(make_staff("officer", "data protection"))


def log() -> list[str]:
    return [entry.get_change_message() for entry in LogEntry.objects.order_by("pk")]


def export(client: Client, page: str, query: str = "") -> list[dict[str, str]]:
    body = {"format": FORMATS["csv"]}
    data = content(client.post(f"{page}export/{query}", body))
    return list(csv.DictReader(io.StringIO(data.decode())))


def test_text_is_added_and_then_only_read(db: None) -> None:
    client = officer()
    body = {"purpose": "mailing", "language": "en", "version": "1", "text": "I <b>agree</b>."}
    assert client.post(f"{TEXTS}add/", body).status_code == 302
    text = ConsentText.objects.get()
    page = client.get(f"{TEXTS}{text.pk}/change/").content.decode()
    for shown in (text.digest, "I &lt;b&gt;agree&lt;/b&gt;.", "Never."):
        assert shown in page
    assert client.post(f"{TEXTS}{text.pk}/change/", body | {"text": "x"}).status_code == 403
    assert client.post(f"{TEXTS}{text.pk}/delete/", {"post": "yes"}).status_code == 403
    assert text.digest in client.get(TEXTS).content.decode()


def test_text_says_when_it_was_used(db: None, new_game: NewGame) -> None:
    text = make_text()
    agree(new_game(EMAIL), text, at=NOON)
    page = role("manager").get(f"{TEXTS}{text.pk}/change/").content.decode()
    assert "1 time, from 2026-05-01 to 2026-05-01." in page


def test_text_is_retired_and_used_again(db: None) -> None:
    text, client = make_text(), officer()
    chosen = {"_selected_action": text.pk}
    client.post(TEXTS, chosen | {"action": "retire"})
    client.post(TEXTS, chosen | {"action": "retire"})  # changes nothing
    text.refresh_from_db()
    assert text.retired_at
    assert current_texts() == {}
    client.post(TEXTS, chosen | {"action": "use_again"})
    assert list(current_texts().values()) == [text]
    assert log() == [
        "Retired consent texts: mailing 1 (en).",
        "Use consent texts again: mailing 1 (en).",
    ]


def test_manager_reads_texts_only(db: None) -> None:
    text, client = make_text(), role("manager")
    client.post(TEXTS, {"_selected_action": text.pk, "action": "retire"})
    text.refresh_from_db()
    assert text.retired_at is None
    assert client.get(f"{TEXTS}add/").status_code == 403


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 3),
        ("purpose=mailing", 2),
        ("act__exact=withdrawn", 1),
        ("source__exact=staff", 0),
        ("at_from=2026-05-01&at_to=2026-05-01", 1),
        ("purpose=none-such", 0),
    ],
)
def test_consents_are_filtered(staff: Client, new_game: NewGame, query: str, found: int) -> None:
    player, text = new_game(EMAIL), make_text()
    agree(player, text, at=NOON)
    agree(player, text, "withdrawn")
    agree(player, make_text("prizes"), "declined")
    page = staff.get(f"{CONSENTS}?{query}")
    assert page.context["cl"].result_count == found


def test_list_takes_as_many_queries_for_many_rows(
    staff: Client, new_game: NewGame, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    text = make_text()
    for number in range(25):
        agree(new_game(f"player{number}@test.ru"), text)
    with django_assert_max_num_queries(8):
        staff.get(CONSENTS)


def test_who_may_not_see_addresses_reads_none_of_consents(db: None, new_game: NewGame) -> None:
    player = new_game(EMAIL, NOON)
    consent = agree(player, make_text(), page="https://promo.example.com")
    account = make_staff("masked", "viewers", "view_consent", "export_game")
    client = signed_in(account)
    addresses = [
        CONSENTS,
        f"{CONSENTS}?game__id__exact={player.pk}",
        f"{CONSENTS}{consent.pk}/change/",
        f"{CONSENTS}{consent.pk}/history/",
        f"{GAMES}{player.pk}/change/",
        PROOFS,
    ]
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "canary" not in answer.content.decode()
        assert "secrets" not in answer.content.decode()
    assert "mailing 1 (en)" in client.get(f"{GAMES}{player.pk}/change/").content.decode()
    assert "c***@s***.ru" in client.get(CONSENTS).content.decode()
    for page in (CONSENTS, PROOFS):
        assert client.get(f"{page}export/").status_code == 403
    guess = client.get(f"{CONSENTS}?game__email__startswith=c")
    assert guess.status_code == 400
    assert client.get(f"{CONSENTS}?q=canary").context["cl"].result_count == 1  # not searched


def test_viewers_see_no_consents(db: None, new_game: NewGame) -> None:
    player, viewer = new_game(EMAIL, NOON), role("viewer")
    agree(player, make_text())
    for page in (CONSENTS, PROOFS, TEXTS):
        assert viewer.get(page).status_code == 403
    assert "mailing" not in viewer.get(f"{GAMES}{player.pk}/change/").content.decode()


def test_regulator_gets_consents_with_texts_and_times(db: None, new_game: NewGame) -> None:
    text = make_text()
    agree(new_game("=1+1@test.ru"), text, at=NOON, page="https://a.example", client="192.0.2.1")
    client = officer()
    assert export(client, CONSENTS, "?purpose=mailing") == [
        {
            "email": "\t=1+1@test.ru",
            "purpose": "mailing",
            "act": "given",
            "at": "2026-05-01T12:00:00+00:00",
            "source": "play",
            "page": "https://a.example",
            "ip_address": "192.0.2.1",
            "version": "1",
            "language": "en",
            "text_sha256": text.digest,
        }
    ]
    assert log() == ["Exported 1 consent (CSV, for programs). Filters: Purpose: mailing."]


def test_regulator_gets_the_proofs_of_erased_persons(db: None, new_game: NewGame) -> None:
    text = make_text()
    agree(new_game(EMAIL), text, at=NOON)
    erase_person(EMAIL, reason="ticket 1")
    client = officer()
    page = client.get(PROOFS).content.decode()
    assert "mailing 1 (en)" in page
    proof = ConsentProof.objects.get()
    assert client.get(f"{PROOFS}{proof.pk}/change/").status_code == 200
    [row] = export(client, PROOFS, "?act__exact=given")
    assert row.pop("erased")
    assert row == {
        "person": keyed_hash(EMAIL),
        "purpose": "mailing",
        "act": "given",
        "at": "2026-05-01T12:00:00+00:00",
        "source": "play",
        "version": "1",
        "language": "en",
        "text_sha256": text.digest,
    }
    assert client.get(f"{PROOFS}?digest__startswith=a").status_code == 400


def test_staff_withdraw_at_the_persons_wish(db: None, new_game: NewGame) -> None:
    player = new_game(EMAIL, NOON)
    agree(player, make_text())
    client, address = officer(), f"{GAMES}person/{player.pk}/consents/"
    assert address in client.get(f"{GAMES}{player.pk}/change/").content.decode()
    assert address in client.get(f"{GAMES}person/{player.pk}/").content.decode()
    page = client.get(address).content.decode()
    assert "I agree to &lt;mailing&gt;." in page
    assert "secrets" not in page
    link = page.partition('value="http://testserver/consent/')[2].partition('"')[0]
    assert Client().get(f"/consent/{link}").status_code == 200
    answer = client.post(address, {"purpose": "mailing"}, follow=True).content.decode()
    assert "Withdrew the consent “mailing”." in answer
    withdrawn = Consent.objects.latest("pk")
    assert (withdrawn.act, withdrawn.source, withdrawn.by) == (
        "withdrawn",
        "staff",
        User.objects.get(username="officer"),
    )
    assert Game.objects.get().contact_state == "withheld"
    assert Erasure.objects.get().only_contact
    assert "Withdrew the consent “mailing”." in log()
    entries = LogEntry.objects.count()
    answer = client.post(address, {"purpose": "mailing"}, follow=True).content.decode()
    assert "No such consent is in force." in answer
    assert LogEntry.objects.count() == entries
    for seen in (f"{GAMES}{player.pk}/change/", GAMES):
        assert "withheld from the ESP" in client.get(seen).content.decode()


@pytest.mark.parametrize("missing", ["withdraw_consent", "view_person"])
def test_withdrawing_needs_its_rights(db: None, new_game: NewGame, missing: str) -> None:
    player = new_game(EMAIL, NOON)
    agree(player, make_text())
    account = make_staff("officer")
    rights = {"view_game", "view_person", "withdraw_consent"} - {missing}
    account.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client, address = signed_in(account), f"{GAMES}person/{player.pk}/consents/"
    assert client.post(address, {"purpose": "mailing"}).status_code == 403
    assert Consent.objects.count() == 1
    assert address not in client.get(f"{GAMES}{player.pk}/change/").content.decode()


def test_withheld_contact_is_explained_and_filtered(staff: Client, new_game: NewGame) -> None:
    player = new_game(EMAIL, timezone.now(), state="withheld")
    page = staff.get(f"{GAMES}{player.pk}/change/").content.decode()
    assert "the person has not agreed to mailing" in page
    found: Any = staff.get(f"{GAMES}?contact_state__exact=withheld")
    assert found.context["cl"].result_count == 1


def test_long_list_says_that_it_is_not_all(
    staff: Client, new_game: NewGame, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, player = make_text(), new_game(EMAIL)
    agree(player, text)
    notice = "the list goes no further"
    assert notice not in staff.get(CONSENTS).content.decode()
    monkeypatch.setattr(CappedPaginator, "cap", 2)
    agree(player, text)
    assert notice in staff.get(CONSENTS).content.decode()
