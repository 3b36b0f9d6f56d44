"""The element on a page of its own."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from promo.tests.browser.conftest import NewPage

Own = Callable[..., Page]


@pytest.fixture
def own(new_page: NewPage, live_server: Any) -> Own:
    """Return a function that opens a page with nothing but the element."""

    def open_own(attributes: str = "", children: str = "", html: str = "", **options: Any) -> Page:
        page = new_page("", **options)
        body = f"""<!doctype html><html {html or 'lang="en"'}><title>Own</title>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
            <script type="module" src="/verification-mail-form.js"></script>
            <main><h1>Own</h1>
            <verification-mail {attributes}>{children}</verification-mail></main>"""
        page.route("**/own*", lambda route: route.fulfill(body=body, content_type="text/html"))
        page.goto("/own")
        return page

    return open_own
