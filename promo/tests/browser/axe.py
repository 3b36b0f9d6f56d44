"""axe-core: in full, or only the rules that the colours decide."""

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}
# Fades must end and fonts be loaded before contrasts and widths are judged.
STILL = """Promise.allSettled([
    document.fonts.ready,
    ...document.getAnimations()
        .filter((each) => each.effect.getComputedTiming().endTime !== Infinity)
        .map((each) => each.finished)
])"""
# Violations only: a full report doubles the time.
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
    """Run all rules in the light scheme, and in the dark one those that colours decide.

    The page must follow the browser's scheme by its style sheets alone.
    """
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {each}" for each in violations(page, COLOURS)]
    page.emulate_media(color_scheme="light")
    return found
