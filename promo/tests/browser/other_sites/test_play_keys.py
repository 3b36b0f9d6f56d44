"""The module that asks for play keys, on the site's own page and on an agency's."""

from typing import Any

import pytest

from games.models import Game
from promo.tests.browser.conftest import Complaints, NewPage
from promo.tests.browser.other_sites.test_other_origin import agency, allowed

__all__ = ["agency", "allowed"]  # fixtures

COUNT = """async ([site, email]) => {
  const { fetchPlayKey } = await import(`${site}/verification-mail-keys.js`);
  const { play } = await import(`${site}/verification-mail.js`);
  const key = await fetchPlayKey();
  return key && (await play(email, { key, attempts: 1 })).games_count;
}"""
ABORT = """async () => {
  const { fetchPlayKey } = await import("/verification-mail-keys.js");
  const digest = crypto.subtle.digest.bind(crypto.subtle);
  let hashes = 0;
  crypto.subtle.digest = (...given) => { hashes += 1; return digest(...given); };
  const controller = new AbortController();
  const key = fetchPlayKey("/api/play_keys/", { signal: controller.signal });
  setTimeout(() => controller.abort(), 50);
  return [await key.catch((error) => error.name), hashes];
}"""
FAIL = """async (endpoint) => {
  const { fetchPlayKey } = await import("/verification-mail-keys.js");
  return fetchPlayKey(endpoint).catch((error) => error.message);
}"""


@pytest.fixture
def shield(settings: Any) -> None:
    settings.PLAY_SECONDS = 0.001  # less than two requests take


def test_site_without_shield_gives_no_key(
    new_page: NewPage, live_server: Any, complaints: Complaints
) -> None:
    page = new_page()
    assert page.locator("verification-mail").get_attribute("play-keys") is None
    assert page.evaluate(COUNT, [live_server.url, "cem@test.ru"]) is None
    complaints.expect("404")
    assert not Game.objects.exists()


@pytest.mark.parametrize("work", [0, 1000])
def test_key_counts_a_play(
    new_page: NewPage, live_server: Any, settings: Any, shield: None, work: int
) -> None:
    settings.PLAY_KEY_WORK = work
    page = new_page()
    assert page.locator("verification-mail").get_attribute("play-keys") == ""
    assert page.evaluate(COUNT, [live_server.url, "cem@test.ru"]) == 1


def test_key_on_an_allowed_origin(
    new_page: NewPage, agency: str, live_server: Any, allowed: None, settings: Any, shield: None
) -> None:
    settings.PLAY_KEY_WORK = 1000
    assert new_page(agency).evaluate(COUNT, [live_server.url, "cem@test.ru"]) == 1


def test_page_may_give_up_the_work(new_page: NewPage, settings: Any) -> None:
    settings.PLAY_KEY_WORK = 10_000_000
    name, hashes = new_page().evaluate(ABORT)
    assert name == "AbortError"
    assert hashes < settings.PLAY_KEY_WORK / 20  # the page's timer ran during the work


def test_refusal_is_an_error(new_page: NewPage, complaints: Complaints) -> None:
    page = new_page()
    page.route("**/api/play_keys/", lambda route: route.fulfill(status=503))
    assert page.evaluate(FAIL, "/api/play_keys/") == "no play key: 503"
    complaints.expect("503")
