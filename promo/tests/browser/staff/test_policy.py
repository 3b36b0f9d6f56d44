"""The admin and Swagger UI work under the Content-Security-Policy; injected scripts do not."""

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Page, expect

from games.counting import NewPlay, count_play
from games.models import Game
from promo.tests.browser.conftest import Complaints, NewPage


def test_admin(new_page: NewPage) -> None:
    get_user_model().objects.create_superuser("boss", password="secret")
    count_play(NewPlay("cem@test.ru"))
    page = new_page("/admin/")
    page.fill("#id_login", "boss")
    page.fill("#id_password", "secret")
    page.press("#id_password", "Enter")
    page.wait_for_url("**/admin/")
    for address in ("games/game/", "games/game/add/", "games/play/", "auth/user/1/change/"):
        assert page.goto(f"/admin/{address}").ok  # type: ignore[union-attr]
    page.goto("/admin/games/game/")
    page.get_by_role("link", name="cem@test.ru").click()
    expect(page.get_by_role("heading", name=str(Game.objects.get()))).to_be_visible()


def test_swagger_ui(new_page: NewPage) -> None:
    page = new_page("/api/docs/")
    page.get_by_text("Count a play").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    assert Game.objects.get().email == "cem@test.ru"


@pytest.mark.parametrize(
    "markup",
    ["<script>window.evil = 1</script>", "<img src=/favicon.ico onload='window.evil = 1'>"],
)
def test_injected_script_does_not_run(page: Page, complaints: Complaints, markup: str) -> None:
    insert = "(html) => document.body.append(document.createRange().createContextualFragment(html))"
    with page.expect_console_message(lambda said: "Content Security Policy" in said.text):
        page.evaluate(insert, markup)
    page.evaluate("Promise.all([...document.images].map((each) => each.decode()))")
    assert page.evaluate("window.evil") is None
    complaints.expect("Content Security Policy")
