"""The examples of frontend/, built as a site's developer builds them, on an origin of their own."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from playwright.sync_api import expect

from games.models import Game
from promo.tests.browser.conftest import NewPage
from promo.tests.browser.other_sites.test_other_origin import POLL
from promo.tests.browser.player import answer, leave_address, sent_keys

FRONTEND = django_settings.BASE_DIR / "frontend"
EXAMPLES = {
    "html": FRONTEND / "examples/html",
    "react": FRONTEND / "examples/react/dist",
    "vue": FRONTEND / "examples/vue/dist",
    "svelte": FRONTEND / "examples/svelte/dist",
}
SITE = "https://play.example.com"  # stands for the site in the examples


def npm(*arguments: str) -> str:
    """Run the npm that belongs to this Python's packages; return what it prints."""
    programs = Path(sys.executable).parent
    done = subprocess.run(
        [programs / "npm", "--prefix", FRONTEND, *arguments],
        env=os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    command = f"npm {' '.join(arguments)}"
    if done.returncode:
        pytest.fail(f"{command} failed (can the npm registry be reached?):\n{done.stderr}")
    return done.stdout


@pytest.fixture(scope="session")  # tests without a database come later than those with one
def built() -> None:
    lock, installed = FRONTEND / "package-lock.json", FRONTEND / "node_modules/.package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        npm("ci")
    npm("run", "build")


@pytest.fixture(params=EXAMPLES)
def example(
    request: pytest.FixtureRequest, built: None, live_server: Any, settings: Any, tmp_path: Path
) -> Iterator[str]:
    """Serve an example that names the live server, which allows its origin; yield that origin."""
    shutil.copytree(EXAMPLES[request.param], tmp_path, dirs_exist_ok=True)
    for path in [*tmp_path.rglob("*.html"), *tmp_path.rglob("*.js")]:
        path.write_text(path.read_text().replace(SITE, live_server.url))
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=[POLL], daemon=True).start()
        origin = f"http://127.0.0.1:{server.server_port}"
        settings.CORS_ALLOWED_ORIGINS = [origin]
        yield origin
        server.shutdown()


def test_play_in_each_example(new_page: NewPage, example: str) -> None:
    page = new_page(example)
    keys = sent_keys(page)
    leave_address(page, "cem@test.ru")
    expect(answer(page)).to_have_text("Welcome! This is your first game.")
    expect(page.locator("#told")).to_have_text("Games: 1")
    assert [game.play_count for game in Game.objects.all()] == [len(keys)] == [1]

    page.get_by_role("button", name="Play again").click()
    expect(page.get_by_label("Your email address")).to_be_visible()
    page.get_by_role("button", name="Count my game").click()
    expect(page.locator("#told")).to_have_text("Games: 2")
    assert [game.play_count for game in Game.objects.all()] == [len(set(keys))] == [2]


def test_package_has_what_it_exports(built: None) -> None:
    [packed] = json.loads(npm("pack", "--workspace", "verification-mail", "--dry-run", "--json"))
    files = {f"./{file['path']}" for file in packed["files"]}
    manifest = json.loads((FRONTEND / "package/package.json").read_text())
    exported = {
        target if isinstance(target, str) else target["types"]
        for target in manifest["exports"].values()
    }
    types = {name.replace(".js", ".d.ts") for name in exported}
    assert exported | types | {"./README.md", "./LICENSE"} <= files
    assert "./build.mjs" not in files
