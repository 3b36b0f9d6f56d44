"""A player's page and a play's: what they are called, where they lead, and what may be done."""

from datetime import UTC, datetime

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client

from games.models import Game
from testing.campaign import GAMES, PLAYS, NewGame
from testing.people import role

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def page(client: Client, address: str) -> str:
    return str(client.get(address).content.decode())


def test_page_is_named_by_the_address(staff: Client, new_game: NewGame) -> None:
    player = new_game("ivan@xn--e1afmkfd.xn--p1ai", NOON)
    text = page(staff, f"{GAMES}{player.pk}/change/")
    assert f"<title> Player {player.pk} | ivan@пример.рф | ESP mail</title>" in text
    assert "<h2>ivan@пример.рф</h2>" in text


def test_viewer_reads_the_address_nowhere(new_game: NewGame) -> None:
    player = new_game("cem.canary@secrets.ru", NOON, state="pending")
    play = player.plays.get()
    viewer = role("viewer")
    assert "<h2>c***@s***.ru</h2>" in page(viewer, f"{GAMES}{player.pk}/change/")
    addresses = [
        GAMES,
        PLAYS,
        f"{PLAYS}?game__id__exact={player.pk}",
        f"{GAMES}{player.pk}/change/",
        f"{GAMES}{player.pk}/history/",
        f"{PLAYS}{play.pk}/change/",
        f"{PLAYS}{play.pk}/history/",
    ]
    for address in addresses:
        answer = viewer.get(address)
        assert answer.status_code == 200
        assert "canary" not in answer.content.decode()
        assert "secrets" not in answer.content.decode()
    assert viewer.get(f"{GAMES}export/").status_code == 403


def test_page_offers_what_the_account_may_do(new_game: NewGame) -> None:
    player = new_game("cem@test.ru", NOON, state="pending")
    person, erase = f'href="{GAMES}person/{player.pk}/"', f'action="{GAMES}person/erase/"'
    offers = {person: "superuser", erase: "superuser", 'value="deliver_now"': "superuser manager"}
    for who in ("viewer", "manager", "superuser"):
        text = page(role(who), f"{GAMES}{player.pk}/change/")
        assert {offer: offer in text for offer in offers} == {
            offer: who in allowed for offer, allowed in offers.items()
        }


def test_erasing_takes_the_right_to_see_a_person_too(client: Client, new_game: NewGame) -> None:
    player = new_game("cem@test.ru", NOON)
    account = User.objects.create_user("helper", is_staff=True)
    rights = Permission.objects.filter(codename__in=["view_game", "erase_game"])
    account.user_permissions.set(rights)
    client.force_login(account)
    text = page(client, f"{GAMES}{player.pk}/change/")
    assert "Erase…" not in text
    assert "cem@test.ru" not in text


def test_erase_button_leads_to_the_question(staff: Client, new_game: NewGame) -> None:
    new_game("cem@test.ru", NOON)
    answer = staff.post(f"{GAMES}person/erase/", {"address": "cem@test.ru"})
    assert "Erase cem@test.ru?" in answer.content.decode()
    assert Game.objects.exists()


def test_deliver_now_makes_a_waiting_contact_due(staff: Client, new_game: NewGame) -> None:
    later = datetime(2099, 5, 1, tzinfo=UTC)
    player = new_game("cem@test.ru", NOON, state="pending", contact_due_at=later)
    staff.post(GAMES, {"action": "deliver_now", "_selected_action": [player.pk]})
    player.refresh_from_db()
    assert player.contact_due_at < later
    assert LogEntry.objects.get().get_change_message() == "Deliver now: 1."
    player.contact_state = "added"
    player.save()
    assert (
        'value="deliver_now"'
        not in page(staff, f"{GAMES}{player.pk}/change/")
        .partition('class="console-person-head"')[2]
        .partition("<form id")[0]
        .partition("fieldset")[0]
    )


def test_player_and_plays_lead_to_each_other(staff: Client, new_game: NewGame) -> None:
    player = new_game("cem@test.ru", NOON, NOON)
    play = player.plays.get(number=2)
    text = page(staff, f"{GAMES}{player.pk}/change/")
    assert f'href="{PLAYS}{play.pk}/change/">2</a>' in text
    assert f'href="{PLAYS}?game__id__exact={player.pk}"' in text
    text = page(staff, f"{PLAYS}{play.pk}/change/")
    assert f'href="{GAMES}{player.pk}/change/">Player {player.pk}</a>' in text


@pytest.mark.parametrize(
    ("number", "answered", "words", "colour"),
    [
        (1, False, "new to the ESP", "bg-green-100"),
        (1, True, "was there", "bg-blue-100"),
        (2, False, "was not there", "bg-red-100"),
        (2, None, "not known", "bg-base-500/8"),
    ],
)
def test_what_was_known_before_a_play_is_said_in_words(
    staff: Client, new_game: NewGame, number: int, answered: bool | None, words: str, colour: str
) -> None:
    player = new_game("cem@test.ru", NOON)
    player.plays.update(number=number, esp_status=answered)
    text = page(staff, PLAYS)
    assert "In the ESP before this play" in text
    label = text.partition(f"\n{words}\n")[0].rpartition("<span")[2]
    assert colour in label
    assert f">{words}<" in page(staff, f"{PLAYS}{player.plays.get().pk}/change/")
    assert words in page(staff, f"{GAMES}{player.pk}/change/")


@pytest.mark.parametrize(
    ("state", "words", "colour"),
    [
        ("pending", "pending", "bg-orange-100"),
        ("found", "found at the ESP", "bg-blue-100"),
        ("added", "added to the ESP", "bg-green-100"),
        ("rejected", "rejected or given up", "bg-red-100"),
    ],
)
def test_contact_is_a_coloured_label(
    staff: Client, new_game: NewGame, state: str, words: str, colour: str
) -> None:
    new_game("cem@test.ru", NOON, state=state)
    label = page(staff, GAMES).partition(f"\n{words}\n")[0].rpartition("<span")[2]
    assert colour in label
