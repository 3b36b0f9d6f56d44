"""Pages of other origins: only allowed origins may count plays."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest import mock

import pytest
from django.db import OperationalError
from playwright.sync_api import expect

from games.models import Game
from promo.tests.browser.conftest import Complaints, NewPage
from promo.tests.browser.player import answer, hurry, leave_address

ELEMENT = """<!doctype html><html lang="ru"><title>Agency</title>
<link rel="icon" href="data:,">
<script type="module" src="{site}/verification-mail-form.js"></script>
<style>
  verification-mail {{ --vm-accent: rgb(1, 2, 3) }}
  verification-mail::part(label) {{ color: red }}
</style>
<verification-mail consent-url="/privacy"></verification-mail>
<script>
  addEventListener("counted", (event) => {{ document.title = event.detail.answer.games_count }});
</script>"""

CALL = """async ([site, attempts]) => {
  const { play } = await import(`${site}/verification-mail.js`);
  return play("cem@test.ru", { attempts }).then(
    (answer) => answer, ({ name, kind, temporary }) => ({ name, kind, temporary }));
}"""


POLL = 0.01  # s, in which a server notices that it shall end


class Agency(BaseHTTPRequestHandler):
    """A web server of another origin."""

    html = ""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        # As strict as a page may be, but for its own inline script above.
        self.send_header("Content-Security-Policy", "require-trusted-types-for 'script'")
        self.end_headers()
        self.wfile.write(self.html.encode())

    def log_request(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def agency(live_server: Any) -> Iterator[str]:
    Agency.html = ELEMENT.format(site=live_server.url)
    with ThreadingHTTPServer(("127.0.0.1", 0), Agency) as server:
        threading.Thread(target=server.serve_forever, args=[POLL], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def allowed(agency: str, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [agency]


def test_module_on_an_allowed_origin(
    new_page: NewPage, agency: str, live_server: Any, allowed: None
) -> None:
    page = new_page(agency)
    answered = page.evaluate(CALL, [live_server.url, 1])
    assert answered == {"esp_status": False, "games_status": False, "games_count": 1}


def test_module_on_an_origin_that_is_not_named(
    new_page: NewPage, agency: str, live_server: Any, complaints: Complaints
) -> None:
    page = new_page(agency)
    answered = page.evaluate(CALL, [live_server.url, 1])
    assert answered == {"name": "PlayError", "kind": "unreachable", "temporary": True}
    assert not Game.objects.exists()
    complaints.expect("blocked by CORS policy")
    complaints.expect("net::ERR_FAILED")


def test_retry_after_can_be_read(
    new_page: NewPage, agency: str, live_server: Any, allowed: None, complaints: Complaints
) -> None:
    page = new_page(agency)
    with mock.patch("games.views.record_play", side_effect=OperationalError):
        seconds = page.evaluate(
            """async (site) => {
              const { play } = await import(`${site}/verification-mail.js`);
              return play("cem@test.ru", { attempts: 1 }).catch((error) => error.retryAfter);
            }""",
            live_server.url,
        )
    assert seconds == 5
    complaints.expect("503 (Service Unavailable)")


def test_an_abort_ends_the_wait(
    new_page: NewPage, agency: str, live_server: Any, complaints: Complaints
) -> None:
    page = new_page(agency)
    reason = page.evaluate(
        """async (site) => {
          const { play } = await import(`${site}/verification-mail.js`);
          const controller = new AbortController();
          const waiting = play("cem@test.ru", { attempts: 99, signal: controller.signal });
          setTimeout(() => controller.abort("enough"), 100);
          const late = new Promise((resolve) => setTimeout(resolve, 5000, "late"));
          return Promise.race([waiting.catch((error) => error), late]);
        }""",
        live_server.url,
    )
    assert reason == "enough"
    complaints.expect("blocked by CORS policy")
    complaints.expect("net::ERR_FAILED")


def test_element_on_an_allowed_origin(new_page: NewPage, agency: str, allowed: None) -> None:
    page = new_page(agency, locale="en-GB")
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text("Добро пожаловать! Это ваша первая игра.")
    expect(page).to_have_title("1")
    expect(page.locator("[part=label]")).to_have_css("color", "rgb(255, 0, 0)")
    expect(page.locator("[part=button]")).to_have_css("background-color", "rgb(1, 2, 3)")


def test_element_where_the_origin_is_not_named(
    new_page: NewPage, agency: str, complaints: Complaints
) -> None:
    page = new_page(agency)
    hurry(page)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text("Игра не пропадёт")
    expect(page.locator("[part=more]")).to_contain_text("Страница настроена неправильно")
    assert not Game.objects.exists()
    complaints.expect(f"add {agency} to CORS_ALLOWED_ORIGINS there")
    complaints.expect("blocked by CORS policy")
    complaints.expect("net::ERR_FAILED")


def test_network_that_answers_for_the_server_is_no_wrong_setup(
    new_page: NewPage, agency: str, complaints: Complaints
) -> None:
    """As a network's sign-in page does, and a proxy without its server."""
    page = new_page(agency)
    hurry(page)
    elsewhere = agency.replace("127.0.0.1", "localhost")
    page.locator("verification-mail").evaluate(
        "(one, endpoint) => one.setAttribute('endpoint', endpoint)",
        f"{elsewhere}/api/verification_mail/",
    )
    with page.expect_event("requestfailed", lambda each: "verification-mail.js" in each.url):
        leave_address(page, "cem@test.ru")
    expect(page.locator("[part=more]")).to_contain_text("Сервер сейчас недоступен")
    complaints.expect("blocked by CORS policy")
    complaints.expect("net::ERR_FAILED")
