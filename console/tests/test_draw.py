"""Draws: preparing, drawing, repeating; rights, masks, erasure, two at once."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from console.draw import drawing
from console.draw.drawing import carry_out, lowest_tickets
from console.draw.models import Draw, DrawnPlace
from games.models import Game, Play
from privacy.erasing import erase_person
from testing.campaign import make_game
from testing.exports import export, read_csv
from testing.people import make_staff, signed_in

DRAWS = "/admin/console/draw/"
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
NO_DAYS = "The last day is before the first."
NO_DOMAIN = "“%s” is not a domain such as example.com."
NO_CHOICE = "Select a valid choice. lost is not one of the available choices."

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(db: None) -> Client:
    return signed_in(make_staff("manager", "managers"))


@pytest.fixture
def players(db: None) -> list[Game]:
    """Make five players: player N has N plays, one a day."""
    return [make_game(f"p{n}@test.ru", *(NOON + DAY * k for k in range(n))) for n in range(1, 6)]


def prepare(client: Client, **fields: Any) -> Any:
    """Send the form; return the new draw's page, or the form again."""
    sent = {"winners": 2, "reserves": 0, "least_plays": 1} | fields
    return client.post(f"{DRAWS}add/", sent, follow=True)


def prepared(client: Client, **fields: Any) -> Draw:
    draw: Draw = prepare(client, **fields).context["draw"]
    return draw


def press_draw(client: Client, draw: Draw, **fields: Any) -> Any:
    return client.post(page_of(draw), fields, follow=True)


def drawn(client: Client, **fields: Any) -> Draw:
    draw = prepared(client, **fields)
    press_draw(client, draw)
    draw.refresh_from_db()
    return draw


def page_of(draw: Draw) -> str:
    return f"{DRAWS}{draw.pk}/change/"


def text(response: Any) -> str:
    return str(response.content.decode())


def candidates(draw: Draw) -> list[tuple[str, int]]:
    return [(player.email, player.tickets) for player in draw.candidate_players()]  # type: ignore[attr-defined]


def winners(draw: Draw) -> list[str | None]:
    return [row.game.email if row.game else None for row in draw.places.select_related("game")]


# Preparing


def test_preparation_shows_the_hashes_and_nothing_of_the_seed(
    manager: Client, players: list[Game]
) -> None:
    page = prepare(manager, winners=2, reserves=1, weighted="on")
    draw = Draw.objects.get()
    listed = "p1@test.ru 1\np2@test.ru 2\np3@test.ru 3\np4@test.ru 4\np5@test.ru 5\n"
    assert page.redirect_chain[-1][0] == page_of(draw)
    assert (draw.candidates, draw.list_hash) == (5, sha256(listed.encode()).hexdigest())
    assert sha256(draw.seed.encode()).hexdigest() in text(page)
    assert draw.list_hash in text(page)
    assert re.fullmatch("[0-9a-f]{64}", draw.seed)
    for each in (page, manager.get(DRAWS), manager.get(f"{DRAWS}{draw.pk}/history/")):
        assert draw.seed not in text(each)
    assert (draw.prepared_by, draw.drawn_at) == (User.objects.get(username="manager"), None)


def test_each_preparation_has_its_own_seed(manager: Client, players: list[Game]) -> None:
    assert prepared(manager).seed != prepared(manager).seed


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {1: 1, 2: 1, 3: 1, 4: 1, 5: 1}),
        ({"weighted": "on"}, {1: 1, 2: 2, 3: 3, 4: 4, 5: 5}),
        ({"weighted": "on", "first_day": "2026-05-02"}, {2: 1, 3: 2, 4: 3, 5: 4}),
        ({"weighted": "on", "last_day": "2026-05-02"}, {1: 1, 2: 2, 3: 2, 4: 2, 5: 2}),
        ({"first_day": "2026-05-04", "last_day": "2026-05-04"}, {4: 1, 5: 1}),
        ({"least_plays": 3}, {3: 1, 4: 1, 5: 1}),
        ({"least_plays": 2, "last_day": "2026-05-02"}, {2: 1, 3: 1, 4: 1, 5: 1}),
        ({"contact_state": "found", "winners": 1}, {4: 1}),
        ({"excluded_domains": "nobody.ru"}, {1: 1, 2: 1, 3: 1, 4: 1, 5: 1}),
    ],
)
def test_filters(
    manager: Client, players: list[Game], fields: dict[str, Any], expected: dict[int, int]
) -> None:
    Game.objects.filter(email="p4@test.ru").update(contact_state="found")
    draw = prepared(manager, **fields)
    assert candidates(draw) == [(f"p{n}@test.ru", tickets) for n, tickets in expected.items()]


@pytest.mark.parametrize(
    "typed",
    ["mine.ru, Пример.РФ", "@mine.ru;@пример.рф ", "xn--e1afmkfd.xn--p1ai mine.ru mine.ru"],
)
def test_domains_are_excluded_in_any_spelling(manager: Client, typed: str) -> None:
    for address in ("a@mine.ru", "b@xn--e1afmkfd.xn--p1ai", "c@notmine.ru", "d@sub.mine.ru"):
        make_game(address, NOON)
    draw = prepared(manager, excluded_domains=typed)
    assert candidates(draw) == [("c@notmine.ru", 1), ("d@sub.mine.ru", 1)]
    assert set(draw.excluded_domains.split()) == {"mine.ru", "xn--e1afmkfd.xn--p1ai"}


def test_who_never_played_is_no_candidate(manager: Client, players: list[Game]) -> None:
    make_game("imported@test.ru")
    assert prepared(manager).candidates == 5


def test_days_are_those_of_the_sites_clock(manager: Client, settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Vladivostok"  # ten hours ahead
    make_game("late@test.ru", datetime(2026, 5, 1, 13, 59, tzinfo=UTC))
    make_game("next@test.ru", datetime(2026, 5, 1, 14, 0, tzinfo=UTC))
    draw = prepared(manager, winners=1, first_day="2026-05-01", last_day="2026-05-01")
    assert candidates(draw) == [("late@test.ru", 1)]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"winners": 0}, "Ensure this value is greater than or equal to 1."),
        ({"winners": ""}, "This field is required."),
        ({"winners": "many"}, "Enter a whole number."),
        ({"winners": 1001}, "Ensure this value is less than or equal to 1000."),
        ({"reserves": -1}, "Ensure this value is greater than or equal to 0."),
        ({"winners": 6}, "Candidates: 5. These are fewer than the winners."),
        ({"least_plays": 5}, "Candidates: 1. These are fewer than the winners."),
        ({"least_plays": 0}, "Ensure this value is greater than or equal to 1."),
        ({"least_plays": 10**19}, "Ensure this value is less than or equal to"),  # by database
        ({"first_day": "2026-05-03", "last_day": "2026-05-02"}, NO_DAYS),
        ({"first_day": "soon"}, "Enter a valid date."),
        ({"last_day": "9999-12-31"}, "Ensure this value is less than or equal to 2999-12-31."),
        ({"first_day": "0001-01-01"}, "Ensure this value is greater than or equal to 2000-01-01."),
        ({"excluded_domains": "test.ru, p1@mine.ru"}, NO_DOMAIN % "p1@mine.ru"),
        ({"excluded_domains": "localhost"}, NO_DOMAIN % "localhost"),
        ({"contact_state": "lost"}, NO_CHOICE),
    ],
)
def test_bad_input_is_answered_with_a_sentence(
    manager: Client, players: list[Game], fields: dict[str, Any], sentence: str
) -> None:
    page = prepare(manager, **fields)
    errors = page.context["adminform"].form.errors
    [error] = [str(one) for each in errors.values() for one in each]
    assert error.startswith(sentence)
    assert not Draw.objects.exists()


def test_sentences_are_russian_where_asked(manager: Client, players: list[Game]) -> None:
    manager.cookies["django_language"] = "ru"
    page = prepare(manager, winners=6)
    assert "Участников: 5. Победителей больше." in text(page)
    page = prepare(manager, excluded_domains="cem")
    assert "«cem» — не домен вида example.com." in text(page)


# Drawing


def test_draw_shows_places_and_seed(manager: Client, players: list[Game]) -> None:
    draw = prepared(manager, winners=2, reserves=2)
    page = press_draw(manager, draw)
    draw.refresh_from_db()
    expected = lowest_tickets(candidates(draw), draw.seed, "", 4)
    assert winners(draw) == expected
    assert str(draw.places.all()[0]) == f"{draw}, 1"
    rows = re.findall(r'<th scope="row">(\d), (\w+)</th><td><a href="\S+">([^<]+)</a>', text(page))
    kinds = ["winner", "winner", "reserve", "reserve"]
    assert [(kind, email) for _n, kind, email in rows] == list(zip(kinds, expected, strict=True))
    assert draw.seed in text(page)
    assert (draw.drawn_by, draw.public_value) == (User.objects.get(username="manager"), "")


def test_fewer_candidates_than_reserves_all_get_a_place(
    manager: Client, players: list[Game]
) -> None:
    draw = drawn(manager, winners=3, reserves=10)
    assert sorted(map(str, winners(draw))) == [f"p{n}@test.ru" for n in range(1, 6)]
    messages = LogEntry.objects.order_by("pk").values_list("change_message", flat=True)
    assert list(messages) == [
        "Prepared. Winners: 3; reserves: 10; 1 play or more; one ticket for each address.",
        "Drawn. Places: 5.",
    ]


def test_filters_stand_in_the_list_and_the_log_in_words(
    manager: Client, players: list[Game]
) -> None:
    draw = prepared(
        manager,
        winners=1,
        weighted="on",
        first_day="2026-05-02",
        last_day="2026-05-09",
        least_plays=2,
        excluded_domains="пример.рф mine.ru",
        contact_state="added",
    )
    words = (
        "2 plays or more; from 2 May 2026; until 9 May 2026; without пример.рф, mine.ru; "
        "contact: added to the ESP; one ticket for each play"
    )
    assert draw.filters_in_words() == words
    assert words in text(manager.get(DRAWS))
    assert words in LogEntry.objects.get().change_message


def test_plays_after_the_preparation_do_not_count(manager: Client, players: list[Game]) -> None:
    draw = prepared(manager, winners=5, weighted="on")
    Play.objects.create(game=players[0], number=2, played_at=timezone.now())
    make_game("new@test.ru", timezone.now())
    press_draw(manager, draw)
    assert sorted(map(str, winners(draw))) == [f"p{n}@test.ru" for n in range(1, 6)]


def test_last_minute_does_not_count(manager: Client, players: list[Game]) -> None:
    """A play is dated before it is stored: one of just now may not be readable yet."""
    make_game("now@test.ru", timezone.now())
    assert prepared(manager).candidates == 5


@pytest.mark.parametrize("change", ["erasure", "import", "address", "count"])
def test_other_candidates_are_not_drawn_from(
    manager: Client, players: list[Game], change: str
) -> None:
    draw = prepared(manager, winners=1, weighted="on")
    if change == "erasure":
        erase_person("p1@test.ru", reason="asked")
    elif change == "import":
        make_game("imported@test.ru", NOON)
    elif change == "address":
        Game.objects.filter(email="p1@test.ru").update(email="other@test.ru")
    else:
        Play.objects.filter(number=5).delete()
    page = press_draw(manager, draw)
    refusal = "Not drawn: the candidates have changed since. Prepare a new draw."
    assert refusal in text(page)
    draw.refresh_from_db()
    assert (draw.drawn_at, draw.places.count()) == (None, 0)
    assert draw.seed not in text(page)
    assert LogEntry.objects.filter(object_id=draw.pk, change_message=refusal).exists()


def test_two_who_press_at_once_draw_once(
    manager: Client, players: list[Game], monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = prepared(manager, winners=1, reserves=4, public_source="a lottery")

    def while_another_draws(*arguments: Any) -> list[str]:
        monkeypatch.undo()
        press_draw(manager, draw, public_value="1 2 3")
        return lowest_tickets(*arguments)

    monkeypatch.setattr(drawing, "lowest_tickets", while_another_draws)
    page = press_draw(manager, draw, public_value="4 5 6")
    assert "Already drawn." in text(page)
    draw.refresh_from_db()
    assert draw.public_value == "1 2 3"
    assert winners(draw) == lowest_tickets(candidates(draw), draw.seed, "1 2 3", 5)


def test_drawn_once_for_all(manager: Client, players: list[Game]) -> None:
    draw = drawn(manager)
    before = Draw.objects.values().get(), winners(draw)
    make_game("imported@test.ru", NOON)
    assert "Already drawn." in text(press_draw(manager, draw))
    assert (Draw.objects.values().get(), winners(draw)) == before
    assert manager.post(f"{DRAWS}{draw.pk}/delete/", {"post": "yes"}).status_code == 403


def test_public_value_must_be_given_if_announced(manager: Client, players: list[Game]) -> None:
    draw = prepared(manager, public_source="the winning numbers of 1 December")
    page = press_draw(manager, draw)
    assert "This field is required." in text(page)
    assert "the winning numbers of 1 December" in text(page)
    press_draw(manager, draw, public_value="  3 14\n 15 ")
    draw.refresh_from_db()
    assert draw.public_value == "3 14 15"
    assert winners(draw) == lowest_tickets(candidates(draw), draw.seed, "3 14 15", 2)


def test_public_value_that_nobody_announced_is_ignored(
    manager: Client, players: list[Game]
) -> None:
    draw = prepared(manager)
    press_draw(manager, draw, public_value="chosen")
    draw.refresh_from_db()
    assert draw.drawn_at
    assert draw.public_value == ""


def test_who_is_erased_while_it_is_drawn_keeps_no_place(
    manager: Client, players: list[Game], monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = prepared(manager, winners=5)

    def while_one_is_erased(*arguments: Any) -> list[str]:
        addresses = lowest_tickets(*arguments)
        erase_person(addresses[0], reason="asked")
        return addresses

    monkeypatch.setattr(drawing, "lowest_tickets", while_one_is_erased)
    assert carry_out(draw, public_value="", by=None)
    assert [place is None for place in winners(draw)] == [True, False, False, False, False]


# The algorithm


people = st.dictionaries(st.integers(0, 50).map("p{}@test.ru".format), st.integers(1, 5))


@given(people=people, seed=st.text("0123456789abcdef"), public=st.text(), places=st.integers(0, 60))
def test_each_address_at_most_once_and_the_same_again(
    people: dict[str, int], seed: str, public: str, places: int
) -> None:
    places_taken = lowest_tickets(people.items(), seed, public, places)
    assert len(places_taken) == min(places, len(people))
    assert len(set(places_taken)) == len(places_taken)
    assert set(places_taken) <= set(people)
    backwards = lowest_tickets(list(people.items())[::-1], seed, public, places)
    assert backwards == places_taken
    # More places change nothing of the first ones; without somebody the others keep their order.
    assert lowest_tickets(people.items(), seed, public, places + 1)[:places] == places_taken
    others = [one for one in people.items() if one[0] not in places_taken[:1]]
    assert lowest_tickets(others, seed, public, max(places - 1, 0)) == places_taken[1:]


def test_odds_are_those_of_tickets_drawn_one_by_one() -> None:
    """An address with k of n tickets left is drawn next with the odds k : n."""
    rounds, tickets = 6_000, {"a@test.ru": 1, "b@test.ru": 2, "c@test.ru": 3}
    orders: dict[tuple[str, ...], int] = {}
    for number in range(rounds):
        order = tuple(lowest_tickets(tickets.items(), f"seed {number}", "", 3))
        orders[order] = orders.get(order, 0) + 1
    assert len(orders) == 6
    for (first, second, _third), count in orders.items():
        odds = tickets[first] / 6 * tickets[second] / (6 - tickets[first])
        deviation = (rounds * odds * (1 - odds)) ** 0.5
        assert abs(count - rounds * odds) < 4 * deviation


def test_odds_without_weights_are_even() -> None:
    rounds, addresses = 6_000, [f"p{n}@test.ru" for n in range(5)]
    first = [
        lowest_tickets([(email, 1) for email in addresses], f"seed {n}", "", 1)[0]
        for n in range(rounds)
    ]
    deviation = (rounds * 0.2 * 0.8) ** 0.5
    assert all(abs(first.count(email) - rounds / 5) < 4 * deviation for email in addresses)


def test_documented_script_repeats_the_draw(
    manager: Client, players: list[Game], tmp_path: Path
) -> None:
    make_game("=1+1@example.com", NOON)
    make_game("cem@xn--e1afmkfd.xn--p1ai", NOON, NOON + DAY)
    draw = prepared(manager, winners=2, reserves=3, weighted="on", public_source="x")
    press_draw(manager, draw, public_value="Ёлка 7")
    docs = (settings.BASE_DIR / "docs/console.md").read_text()
    (script,) = re.findall(r"```python\n(.+?)```", docs, re.DOTALL)
    (tmp_path / "repeat.py").write_text(script)
    (tmp_path / "draw.json").write_bytes(export(manager, "json", DRAWS, f"?draw={draw.pk}"))
    draw.refresh_from_db()
    done = subprocess.run(
        [sys.executable, "-I", "repeat.py", "draw.json", draw.seed, "5", "Ёлка 7"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
        env={"PYTHONUTF8": "1"},
    )
    places = [f"{place}. {email}" for place, email in enumerate(winners(draw), start=1)]
    assert done.stdout.decode().splitlines() == [
        f"hash of the seed: {draw.seed_hash}",
        f"hash of the candidates: {draw.list_hash}",
        *places,
    ]


# Export


def test_export_has_candidates_and_places(manager: Client, players: list[Game]) -> None:
    draw = drawn(manager, winners=1, reserves=1, weighted="on")
    answer = manager.get(f"{DRAWS}export/?draw={draw.pk}")
    assert "<strong>5</strong> rows will be exported." in text(answer)
    header, *rows = read_csv(export(manager, "csv", DRAWS, f"?draw={draw.pk}"))
    places = {email: str(place) for place, email in enumerate(winners(draw), start=1)}
    assert header == ["email", "tickets", "place"]
    assert rows == [
        [email, str(n), places.get(email, "")]
        for n, email in enumerate([f"p{n}@test.ru" for n in range(1, 6)], start=1)
    ]
    message = LogEntry.objects.latest("pk").change_message
    assert message == f"Exported 5 rows (CSV, for programs). Draw {draw.pk}."


def test_exports_name_the_draw(manager: Client, players: list[Game]) -> None:
    draw = prepared(manager)
    answer = manager.post(f"{DRAWS}export/?draw={draw.pk}", {"format": "3"})
    name = f'attachment; filename="testserver-draw-{draw.pk}-{timezone.localdate()}.json"'
    assert answer["Content-Disposition"] == name
    rows = json.loads(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert rows[0] == {"email": "p1@test.ru", "tickets": 1, "place": None}


@pytest.mark.parametrize("query", ["", "?draw=", "?draw=0", "?draw=x"])
def test_export_of_no_draw_is_not_found(manager: Client, players: list[Game], query: str) -> None:
    assert manager.get(f"{DRAWS}export/{query}").status_code == 404


# Rights, masks, erasure


def test_viewers_look_and_see_masks(manager: Client, players: list[Game]) -> None:
    draw, waiting = drawn(manager), prepared(manager)
    viewer = signed_in(make_staff("viewer", "viewers"))
    assert viewer.get(DRAWS).status_code == 200
    page = text(viewer.get(page_of(draw)))
    assert "p***@t***.ru" not in page  # too short to be shown in part
    assert page.count("***@t***.ru") == 2
    assert "@test.ru" not in page
    assert draw.list_hash not in page
    assert "for which you lack the rights" in page
    before = Draw.objects.filter(drawn_at=None).count()
    assert ">Draw</" not in text(viewer.get(page_of(waiting)))
    assert press_draw(viewer, waiting).status_code == 403
    assert prepare(viewer).status_code == 403
    assert viewer.get(f"{DRAWS}export/?draw={draw.pk}").status_code == 403
    assert Draw.objects.filter(drawn_at=None).count() == before


def test_drawing_needs_the_right_and_the_addresses(manager: Client, players: list[Game]) -> None:
    draw = prepared(manager)
    for missing in ("draw_winners", "view_address"):
        rights = {"view_game", "draw_winners", "view_address"} - {missing}
        account = make_staff(missing, None, *rights)
        client = signed_in(account)
        assert press_draw(client, draw).status_code == 403
        assert prepare(client).status_code == 403
        account.user_permissions.add(Permission.objects.get(codename=missing))
        assert prepare(client).status_code == 200
    assert press_draw(client, draw).status_code == 200
    assert draw.places.count() == 2


def test_who_may_not_see_games_sees_no_draws(players: list[Game]) -> None:
    client = signed_in(make_staff("officer", None, "view_address", "draw_winners"))
    assert client.get(DRAWS).status_code == 403
    assert client.get(f"{DRAWS}1/change/").status_code == 403


def test_no_such_draw(manager: Client) -> None:
    for name in ("0", "x"):
        assert manager.get(f"{DRAWS}{name}/change/").status_code == 404


def test_erased_winner_leaves_the_place(manager: Client, players: list[Game]) -> None:
    draw = drawn(manager)
    first, second = winners(draw)
    erase_person(str(first), reason="asked")
    page = text(manager.get(page_of(draw)))
    assert '<th scope="row">1, winner</th><td>erased</td>' in page
    assert str(first) not in page
    assert str(second) in page
    assert winners(draw) == [None, second]


def test_winner_whom_the_release_before_erased_leaves_the_place(
    manager: Client, players: list[Game]
) -> None:
    draw = drawn(manager)
    gone = draw.places.all()[0].game_id
    DrawnPlace.objects.filter(game=gone).update(game=0)  # of a player who is no longer there
    assert '<th scope="row">1, winner</th><td>erased</td>' in text(manager.get(page_of(draw)))


def test_no_draw_keeps_an_address(manager: Client, players: list[Game]) -> None:
    drawn(manager, winners=5)
    stored = [*Draw.objects.values(), *DrawnPlace.objects.values(), *LogEntry.objects.values()]
    assert "@test.ru" not in repr(stored)


def test_page_of_many_places_takes_few_queries(
    manager: Client, players: list[Game], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    draw = drawn(manager, winners=5)
    with django_assert_max_num_queries(8):  # session, account, rights, draw, places
        manager.get(page_of(draw))
