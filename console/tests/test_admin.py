"""The admin's pages, as staff see them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from esp.models import MockContact
from games.contact_queue import due
from games.delivery_pause import DeliveryPause
from games.models import Game
from testing.factories import GameFactory, PlayFactory

GAMES = "/admin/games/game/"
PLAYS = "/admin/games/play/"
CONTACTS = "/admin/esp/mockcontact/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    return client


def text(response: object) -> str:
    return response.content.decode()  # type: ignore[attr-defined]


def test_lists_show_rows_with_readable_domains(staff: Client) -> None:
    game = GameFactory(email="ivan@xn--e1afmkfd.xn--p1ai", play_count=7)
    PlayFactory(game=game, number=7)
    MockContact.objects.create(email=game.email)
    for page in (GAMES, PLAYS, CONTACTS):
        assert "ivan@пример.рф" in text(staff.get(page))


@pytest.mark.parametrize("term", ["Пример.РФ", "ivan@пример.рф", "IVAN", "xn--e1afmkfd"])
def test_search_finds_an_address_in_any_spelling(staff: Client, term: str) -> None:
    GameFactory(email="ivan@xn--e1afmkfd.xn--p1ai")
    GameFactory(email="cem@test.ru")
    page = text(staff.get(GAMES, {"q": term}))
    assert "ivan@пример.рф" in page
    assert "cem@test.ru" not in page


def test_filter_by_contact_state(staff: Client) -> None:
    GameFactory(email="cem@test.ru", contact_state="pending")
    GameFactory(email="ann@test.ru")
    page = text(staff.get(GAMES, {"contact_state__exact": "pending"}))
    assert "cem@test.ru" in page
    assert "ann@test.ru" not in page


def test_adding_a_game_normalises_the_address(staff: Client) -> None:
    assert staff.post(f"{GAMES}add/", {"email": " Cem@Test.RU "}).status_code == 302
    game = Game.objects.get()
    assert (game.email, game.play_count, game.contact_state) == ("cem@test.ru", 0, "pending")


@pytest.mark.parametrize(
    ("email", "error"),
    [
        ("cem", "В адресе должен быть знак «@», как в name@example.com."),
        ("CEM@test.ru", "уже существует"),
    ],
)
def test_adding_a_bad_or_known_address_says_why(staff: Client, email: str, error: str) -> None:
    GameFactory(email="cem@test.ru")
    response = staff.post(f"{GAMES}add/", {"email": email}, headers={"Accept-Language": "ru"})
    assert error in text(response)
    assert Game.objects.count() == 1


def test_counts_and_address_cannot_be_changed(staff: Client) -> None:
    game = GameFactory(email="cem@test.ru", play_count=2)
    forged = {"email": "ann@test.ru", "play_count": 99, "contact_state": "rejected"}
    assert staff.post(f"{GAMES}{game.pk}/change/", forged).status_code == 403
    game.refresh_from_db()
    assert (game.email, game.play_count, game.contact_state) == ("cem@test.ru", 2, "added")


def test_game_cannot_be_deleted(staff: Client) -> None:
    game = GameFactory()
    assert staff.post(f"{GAMES}{game.pk}/delete/", {"post": "yes"}).status_code == 403
    selected = {"action": "delete_selected", "post": "yes", "_selected_action": [game.pk]}
    staff.post(GAMES, selected)
    assert Game.objects.exists()


def test_history_of_a_game(staff: Client) -> None:
    staff.post(f"{GAMES}add/", {"email": "cem@test.ru"})
    assert staff.get(f"{GAMES}{Game.objects.get().pk}/history/").status_code == 200


def test_plays_can_only_be_looked_at(staff: Client) -> None:
    play = PlayFactory()
    assert staff.get(f"{PLAYS}add/").status_code == 403
    assert staff.post(f"{PLAYS}{play.pk}/change/", {"number": 5}).status_code == 403
    assert staff.post(f"{PLAYS}{play.pk}/delete/", {"post": "yes"}).status_code == 403
    assert staff.get(f"{PLAYS}{play.pk}/change/").status_code == 200


def test_game_links_to_its_plays(staff: Client) -> None:
    play = PlayFactory(game=GameFactory(email="cem@test.ru"))
    PlayFactory(game=GameFactory(email="ann@test.ru"))
    link = f"{PLAYS}?game__id__exact={play.game.pk}"
    assert link in text(staff.get(f"{GAMES}{play.game.pk}/change/"))
    page = text(staff.get(link))
    assert "cem@test.ru" in page
    assert "ann@test.ru" not in page


@pytest.mark.parametrize(("page", "queries"), [(GAMES, 7), (PLAYS, 5), (CONTACTS, 7)])
def test_list_takes_the_same_queries_for_any_number_of_rows(
    staff: Client, django_assert_num_queries: DjangoAssertNumQueries, page: str, queries: int
) -> None:
    for number in range(30):
        game = GameFactory()
        PlayFactory(game=game)
        MockContact.objects.create(email=f"contact{number}@test.ru")
    with django_assert_num_queries(queries):
        assert staff.get(page).status_code == 200


@pytest.mark.parametrize(
    ("action", "states", "message"),
    [
        ("deliver_now", ["pending", "rejected", "added"], "1 контакт будет передан"),
        ("deliver_again", ["pending", "pending", "added"], "2 контакта будут переданы"),
        ("give_up", ["rejected", "rejected", "added"], "Передача прекращена: 1 контакт."),
    ],
)
def test_delivery_actions(staff: Client, action: str, states: list[str], message: str) -> None:
    later = timezone.now() + timedelta(hours=1)
    for state in ("pending", "rejected", "added"):
        GameFactory(contact_state=state, contact_due_at=later, contact_error="why")
    selected = {"action": action, "_selected_action": Game.objects.values_list("pk", flat=True)}
    response = staff.post(GAMES, selected, headers={"Accept-Language": "ru"}, follow=True)
    assert message in text(response)
    assert list(Game.objects.order_by("pk").values_list("contact_state", flat=True)) == states
    assert due(timezone.now()).count() == states.count("pending")
    assert LogEntry.objects.get().change_message.endswith(": 1.") is (action != "deliver_again")


def test_all_contacts_of_one_reason_are_tried_again(staff: Client) -> None:
    for state, error in (("rejected", "odd"), ("rejected", "odd"), ("rejected", "other")):
        GameFactory(contact_state=state, contact_error=error)
    page = text(staff.get(GAMES))
    assert "odd (2)" in page
    chosen = {"reason": "odd"}
    assert "other@" not in text(staff.get(GAMES, chosen))
    everything = {"action": "deliver_again", "select_across": "1", "_selected_action": ["1"]}
    staff.post(f"{GAMES}?reason=odd", everything)
    assert list(Game.objects.order_by("pk").values_list("contact_state", "contact_error")) == [
        ("pending", ""),
        ("pending", ""),
        ("rejected", "other"),
    ]


@pytest.mark.parametrize(
    ("state", "action", "becomes"),
    [("pending", "give_up", "rejected"), ("rejected", "deliver_again", "pending")],
)
def test_a_contact_is_given_up_or_tried_again_on_its_page(
    staff: Client, state: str, action: str, becomes: str
) -> None:
    player = GameFactory(
        contact_state=state,
        contact_error="Mailchimp answered 500",
        contact_attempts=21,
        contact_failing_since=timezone.now() - timedelta(days=4),
    )
    page = text(staff.get(f"{GAMES}{player.pk}/change/"))
    assert f'value="{action}"' in page
    if state == "rejected":
        assert "Given up after 21 attempts. The last error: Mailchimp answered 500" in page
    staff.post(GAMES, {"action": action, "_selected_action": [player.pk]})
    player.refresh_from_db()
    assert player.contact_state == becomes


def test_who_may_not_deliver_sees_no_buttons(client: Client) -> None:
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.groups.add(Group.objects.get(name="viewers"))
    client.force_login(viewer)
    player = GameFactory(contact_state="pending")
    assert 'value="give_up"' not in text(client.get(f"{GAMES}{player.pk}/change/"))


def test_pause_of_delivery_is_seen(staff: Client) -> None:
    DeliveryPause.objects.begin("the key is not valid")
    page = text(staff.get(GAMES, {"q": ""}, follow=True))
    assert page.count("Delivery to the ESP is paused") == 1
    assert "the key is not valid" in page


def test_reason_and_next_attempt_of_a_pending_contact_are_shown(staff: Client) -> None:
    due = datetime(2026, 5, 1, 18, 30, tzinfo=UTC)
    GameFactory(contact_state="pending", contact_due_at=due, contact_error="it timed out")
    page = text(staff.get(GAMES))
    assert "1 May 2026, 18:30" in page
    assert "it timed out" in page
