"""axe-core: in full, or only the rules that the colours decide."""

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
# What comes in with a fade has its contrast when it has come; a text its width with its font.
STILL = """Promise.all([
    document.fonts.ready, ...document.getAnimations().map((each) => each.finished)
])"""
# Describing what is right, too, would take as long as all the rules.
RUN = """(options) => axe.run({ ...options, resultTypes: ["violations"] })
    .then(({ violations }) => violations)"""


def violations(page: Page, options: dict[str, Any] | None = None) -> list[str]:
    """Return what axe-core finds on the page as it is."""
    page.evaluate(f"{STILL}.then(() => true)")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return [
        f"{page.url} {violation['id']}: {node['html'][:120]} {node['failureSummary']}"
        for violation in page.evaluate(RUN, options or {})
        for node in violation["nodes"]
    ]


def violations_in_each_scheme(page: Page) -> list[str]:
    """Return what axe-core finds in a light scheme, and in a dark one what its colours decide.

    The page must follow the browser's scheme by its style sheets alone.
    """
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {each}" for each in violations(page, COLOURS)]
    page.emulate_media(color_scheme="light")
    return found
