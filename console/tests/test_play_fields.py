"""The fields of plays (PLAY_FIELDS) in lists, filters, exports and the staff API."""

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from games.models import Game, Play
from games.rules.conf import play_fields
from testing.campaign import PLAYS, NewGame
from testing.exports import NOON, export
from testing.people import body, role

FIELDS = {"city": "text:100", "score": "integer", "won": "boolean"}
NASTY = '=HYPERLINK("<script>")\x1b[31m'


@pytest.fixture(autouse=True)
def _fields(settings: Settings) -> None:
    settings.PLAY_FIELDS = play_fields(FIELDS)


@pytest.fixture
def player(new_game: NewGame) -> Game:
    game = new_game("cem@test.ru", NOON, NOON, NOON)
    values: list[Any] = [
        {"city": "Omsk", "score": 7, "won": True},
        {"city": NASTY, "score": -3, "won": False},
        None,
    ]
    for number, fields in enumerate(values, start=1):
        Play.objects.filter(number=number).update(fields=fields)
    return game


def numbers(client: Client, query: str) -> list[int]:
    found: Any = client.get(f"{PLAYS}?{query}")
    return sorted(play.number for play in found.context["cl"].result_list)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 2, 3]),
        ("fields__city=oms", [1]),
        ("fields__city=%00", [1, 2, 3]),
        ("fields__score_from=-5&fields__score_to=0", [2]),
        ("fields__score_from=7", [1]),
        ("fields__score_from=x", [1, 2, 3]),
        ("fields__won=true", [1]),
        ("fields__won=false", [2]),
        ("fields__won=maybe", [1, 2, 3]),
    ],
)
def test_plays_are_filtered_by_a_field(
    staff: Client, player: Game, query: str, found: list[int]
) -> None:
    assert numbers(staff, query) == found


def test_filters_in_use_are_chips(staff: Client, player: Game) -> None:
    page = staff.get(f"{PLAYS}?fields__city=oms&fields__score_from=1&fields__won=true")
    texts = [chip.text for chip in page.context["cl"].chips()]
    assert texts == ["City: contains oms", "Score: from 1", "Won: yes"]


def test_values_are_escaped(staff: Client, player: Game) -> None:
    play = player.plays.get(number=2)
    for address in (PLAYS, f"{PLAYS}{play.pk}/change/"):
        page = staff.get(address).content.decode()
        assert "city: =HYPERLINK(&quot;&lt;script&gt;&quot;)" in page
        assert "<script>&quot;" not in page


@pytest.mark.parametrize("value", ["x" * 10_000, {"a": [{"b": "<i>"}]}])
def test_long_and_nested_values_break_nothing(staff: Client, player: Game, value: Any) -> None:
    Play.objects.filter(number=1).update(fields={"city": value})
    assert staff.get(PLAYS).status_code == 200
    for form in ("csv", "excel.csv", "xlsx", "json"):
        assert export(staff, form, PLAYS)


def test_export_has_a_column_for_each_field(staff: Client, player: Game) -> None:
    rows = list(csv.DictReader(io.StringIO(export(staff, "csv", PLAYS).decode())))
    cells = {row["number"]: [row[f"field_{name}"] for name in FIELDS] for row in rows}
    assert cells == {
        "1": ["Omsk", "7", "True"],
        "2": [f"\t{NASTY}", "-3", "False"],
        "3": ["", "", ""],
    }
    found = json.loads(export(staff, "json", PLAYS, "?fields__city=oms"))
    assert [(row["field_city"], row["field_score"], row["field_won"]) for row in found] == [
        ("Omsk", 7, True)
    ]


def test_file_of_filtered_plays_says_so(staff: Client, player: Game) -> None:
    page = staff.get(f"{PLAYS}export/?fields__city=oms")
    assert page.context["is_filtered"]
    assert "field_city, field_score, field_won" in page.content.decode()


def test_who_may_not_see_addresses_sees_no_fields(player: Game) -> None:
    viewer = role("viewer")
    play = player.plays.get(number=1)
    for address in (PLAYS, f"{PLAYS}{play.pk}/change/"):
        assert "Omsk" not in viewer.get(address).content.decode()
    assert viewer.get(f"{PLAYS}?fields__city=Omsk").status_code == 400
    answer = body(viewer.get(f"/api/games/{player.pk}/plays/"))
    assert [one["fields"] for one in answer["results"]] == [None, None, None]


def test_staff_api_has_fields(player: Game) -> None:
    answer = body(role("manager").get(f"/api/games/{player.pk}/plays/"))
    assert answer["results"][2]["fields"] == {"city": "Omsk", "score": 7, "won": True}


def test_without_fields_there_is_no_column(staff: Client, player: Game, settings: Settings) -> None:
    settings.PLAY_FIELDS = {}
    assert "Omsk" not in staff.get(PLAYS).content.decode()
    assert staff.get(f"{PLAYS}?fields__city=Omsk").status_code == 400
