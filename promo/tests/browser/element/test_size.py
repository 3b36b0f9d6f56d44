"""What a browser loads for the element, through nginx as it is configured."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from promo.modules import PUBLIC
from promo.tests.browser.conftest import NewPage
from promo.tests.browser.element.conftest import Own
from testing.nginx import NGINX, proxy

LIMIT = 12_000  # bytes
LOADED = set(PUBLIC) - {"verification-mail-keys.js"}


@pytest.mark.skipif(not NGINX, reason="no nginx")
def test_element_is_small(own: Own, live_server: Any, tmp_path: Path) -> None:
    with proxy(tmp_path, urlsplit(live_server.url).port) as nginx:
        page = own(base_url=nginx.url)
        loaded = page.evaluate(
            """performance.getEntriesByType("resource")
                .filter((each) => each.name.includes("verification-mail"))
                .map((each) => [each.name.split("/").pop(), each.encodedBodySize])"""
        )
    assert {name for name, _size in loaded} == LOADED
    assert sum(size for _name, size in loaded) <= LIMIT, loaded


def test_page_preloads_what_it_loads(new_page: NewPage) -> None:
    page = new_page()
    expect(page.locator("#board")).to_be_visible()
    preloaded = page.evaluate(
        "[...document.querySelectorAll('link[rel=modulepreload], script[src*=verification]')]"
        ".map((each) => (each.href || each.src).split('/').pop())"
    )
    assert sorted(preloaded) == sorted(LOADED)
