"""Fixtures for tests with a real browser and a live server."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

NAMES = ("chromium-headless-shell", "chromium", "google-chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT = 10_000  # ms
NewPage = Callable[..., Page]

collect_ignore_glob = [] if CHROMIUM else ["*/test_*.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report only once that there is no browser."""
    if not CHROMIUM:
        terminalreporter.write_line(
            "SKIPPED all browser tests: no browser. Install Debian's chromium, "
            "or set CHROMIUM to the path of one.",
            yellow=True,
        )


class Complaints(list[str]):
    """Errors in the browser's console, exceptions and violations of the CSP."""

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.append(str(error)))
        page.on("console", lambda message: self._note(message.type, message.text))

    def _note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.append(text)

    def expect(self, text: str) -> None:
        """Take out the complaints with this text; there must be one."""
        found = [complaint for complaint in self if text in complaint]
        assert found, f"no complaint says {text!r}: {self}"
        self[:] = [complaint for complaint in self if complaint not in found]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright runs an event loop in this thread; Django would take every query for an async one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def new_page(browser: Browser, live_server: Any, complaints: Complaints) -> Iterator[NewPage]:
    """Return a function that opens an address, if any, of the site in a new context with options.

    A complaint of the browser that the test does not expect fails it.
    """
    contexts: list[BrowserContext] = []

    def open_page(path: str = "/", **options: Any) -> Page:
        defaults = {"base_url": live_server.url, "locale": "en-GB", "reduced_motion": "reduce"}
        context = browser.new_context(**defaults | options)
        contexts.append(context)
        context.set_default_timeout(TIMEOUT)
        page = context.new_page()
        complaints.watch(page)
        if path:
            page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(new_page: NewPage) -> Page:
    return new_page()
