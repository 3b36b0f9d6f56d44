"""The game in a frame of another site, by the snippet of docs/frontend.md."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import Page, expect

from games.models import Game
from promo.tests.browser.conftest import Complaints, NewPage
from promo.tests.browser.other_sites.test_other_origin import POLL, Agency

DOCS = (django_settings.BASE_DIR / "docs" / "frontend.md").read_text()
Serve = Callable[[str], str]
HEAD = """<!doctype html><html lang="en"><title>Agency</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width"><script>
  window.told = [];
  addEventListener("message", ({ origin, data }) => told.push([origin, data.type, data.height]));
</script>"""


def snippet(begin: str, site: str) -> str:
    """Return the indented block of the docs that begins so, for this site."""
    found = re.search(rf"^    {begin}.*\n(?:(?:    .*)?\n)*", DOCS, re.MULTILINE)
    assert found
    return found[0].replace("https://play.example.com", site)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that serves a page on an origin of its own and returns the origin."""
    with ExitStack() as stack:

        def start(html: str) -> str:
            site = type("Site", (Agency,), {"html": html})
            server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), site))
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, args=[POLL], daemon=True).start()
            return f"http://127.0.0.1:{server.server_port}"

        yield start


@pytest.fixture
def agency(serve: Serve, live_server: Any, settings: Any) -> str:
    """Return the origin of a page with the snippet, which may frame the game."""
    origin = serve(HEAD + snippet("<iframe", live_server.url))
    settings.CORS_ALLOWED_ORIGINS = ["https://other.example", origin]
    return origin


def frame_height(page: Page) -> float:
    box = page.locator("iframe").bounding_box()
    assert box
    return box["height"]


def content_height(page: Page) -> int:
    body = page.frame_locator("iframe").locator("body")
    return int(body.evaluate("(body) => Math.ceil(body.getBoundingClientRect().height)"))


@pytest.mark.parametrize("width", [390, 1280])
def test_allowed_site_gets_the_height_of_its_frame(
    new_page: NewPage, agency: str, live_server: Any, width: int
) -> None:
    page = new_page(agency, viewport={"width": width, "height": 800})
    game = page.frame_locator("iframe")
    expect(game.locator("#board")).to_be_visible()
    expect(page.locator("iframe")).to_have_css("height", f"{content_height(page)}px")
    assert frame_height(page) > 400
    assert game.locator("html").evaluate("(html) => html.scrollHeight <= innerHeight")
    before = frame_height(page)
    game.locator("body").evaluate(
        "() => [...document.querySelectorAll('.card')]"
        ".sort((a, b) => a.dataset.stamp.localeCompare(b.dataset.stamp))"
        ".forEach((card) => card.click())"
    )
    expect(game.locator("#leave")).to_be_visible()
    expect(page.locator("iframe")).to_have_css("height", f"{content_height(page)}px")
    assert frame_height(page) != before
    told = page.evaluate("told")
    assert {(origin, kind) for origin, kind, _height in told} == {
        (live_server.url, "verification-mail:height")
    }
    game.locator("#email").fill("cem@test.ru")
    game.locator("verification-mail button[type=submit]").click()
    expect(game.locator("[part=words]")).to_have_text("Welcome! This is your first game.")
    assert Game.objects.get().play_count == 1


def test_language_changes_without_a_cookie(new_page: NewPage, agency: str) -> None:
    page = new_page(agency)
    game = page.frame_locator("iframe")
    expect(game.locator("h1").first).to_have_text("Find the six pairs")
    game.get_by_role("button", name="Русский").click()
    expect(game.locator("h1").first).to_have_text("Найдите шесть пар")
    expect(page.locator("iframe")).to_have_css("height", f"{content_height(page)}px")
    assert page.context.cookies() == []


def test_other_site_is_refused(
    new_page: NewPage, agency: str, serve: Serve, live_server: Any, complaints: Complaints
) -> None:
    page = new_page(serve(HEAD + snippet("<iframe", live_server.url)))
    page.wait_for_load_state("networkidle")
    assert page.evaluate("told") == []
    assert page.frames[1].url != f"{live_server.url}/embed/?lang=en"
    complaints.expect("frame-ancestors")


def test_modules_with_their_hashes(
    new_page: NewPage, agency: str, serve: Serve, live_server: Any, complaints: Complaints
) -> None:
    """A browser runs the pinned modules, and none of them when one was changed."""
    page = new_page(agency)
    listed = page.evaluate(
        "(site) => fetch(`${site}/verification-mail.json`).then((answer) => answer.json())",
        live_server.url,
    )["modules"]
    entry = listed.pop("verification-mail-form.js")

    def html(changed: str = "") -> str:
        hashes = {name: module["integrity"] for name, module in listed.items()}
        hashes |= {changed: entry["integrity"]}
        others = [
            f'<link rel="modulepreload" crossorigin href="{module["url"]}" '
            f'integrity="{hashes[name]}">'
            for name, module in listed.items()
        ]
        script = (
            f'<script type="module" crossorigin src="{entry["url"]}" '
            f'integrity="{entry["integrity"]}"></script>'
        )
        return HEAD + "".join(others) + script + "<verification-mail></verification-mail>"

    pinned = new_page(serve(html()))
    expect(pinned.locator("verification-mail input")).to_be_visible()
    wrong = new_page(serve(html(changed="verification-mail-waiting.js")))
    wrong.wait_for_load_state("networkidle")
    expect(wrong.locator("verification-mail input")).to_have_count(0)
    complaints.expect("integrity")
