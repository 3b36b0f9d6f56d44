"""A canary through all pages and faults: nothing that is written has its address or a key."""

import re
from pathlib import Path
from typing import Any

import pytest
import requests
from django.contrib.auth.models import User
from django.db import connection

from esp_mail.tests.test_doors import ALL, filled
from esp_mail.tests.test_matrix import address
from games.models import Game
from serving.tests.test_logs import (
    ADDRESS,
    FakeSentry,
    assert_silent,
    break_the_table,
    brevo_options,
    mend_the_table,
)
from testing.campaign import make_game
from testing.deployment import deployment
from testing.esp.brevo import FakeBrevo
from testing.esp.server import KEY, Reply
from testing.factories import PLAYED_AT
from testing.people import make_token
from testing.server import wait_for

PASSWORD = "canary horse battery"
FIELDS = ("q", "search", "email", "login", "address", "reason", "name", "next", "password", "play")
SENT = dict.fromkeys(FIELDS, ADDRESS) | {"password": PASSWORD, "play_count": "x"}
HEADERS = {"Referer": f"https://x/{ADDRESS}", "User-Agent": ADDRESS, "Accept-Language": ADDRESS}
OPTIONS: dict[str, Any] = {"timeout": 60, "allow_redirects": False}
ENDS_THE_SESSION = {"admin/logout/", "accounts/logout/"}


def paths(pattern: str, game: Game) -> set[str]:
    """Return an address of something that is there, and one with the canary in its place."""
    invented = re.sub(r"<\w+(:\w+)?>|\(\?P<\w+>[^)]+\)", ADDRESS, pattern)
    return {address(pattern, game), filled(invented)}


def all_paths(game: Game) -> list[str]:
    """Return the addresses; deletions (of this user too) come last."""
    patterns = sorted(ALL.keys() - ENDS_THE_SESSION, key=lambda each: ("delete" in each, each))
    return [path for pattern in patterns for path in paths(pattern, game)]


def read_all(site: str, browser: requests.Session, game: Game) -> list[requests.Response]:
    """Ask each address for the canary."""
    return [browser.get(f"{site}{path}", params=SENT, **OPTIONS) for path in all_paths(game)]


def write_all(site: str, browser: requests.Session, game: Game) -> list[requests.Response]:
    """Send the canary to each address, as a form and as JSON."""
    answers = []
    for path in all_paths(game):
        token = browser.cookies.get("csrftoken", "")
        form = SENT | {"csrfmiddlewaretoken": token}
        headers = {"X-CSRFToken": token, "If-Match": KEY}
        answers += [
            browser.post(f"{site}{path}", form, **OPTIONS),
            browser.patch(f"{site}{path}", json=SENT, headers=headers, **OPTIONS),
        ]
        if path.startswith("/api/"):
            answers.append(browser.post(f"{site}{path}", json=SENT, headers=headers, **OPTIONS))
    return answers


def signed_in(site: str) -> requests.Session:
    browser = requests.Session()
    browser.headers.update(HEADERS)
    url = f"{site}/accounts/login/"
    browser.get(url, timeout=30)
    form = {"csrfmiddlewaretoken": browser.cookies["csrftoken"], "login": ADDRESS}
    answer = browser.post(url, form | {"password": PASSWORD}, timeout=30, allow_redirects=False)
    assert answer.status_code == 302
    return browser


@pytest.mark.skipif(connection.vendor == "sqlite", reason="its errors quote no rows")
@pytest.mark.parametrize("fault", ["none", "database", "esp"])
def test_no_page_writes_down_an_address_or_a_key(
    transactional_db: None, tmp_path: Path, fault: str
) -> None:
    User.objects.create_superuser(ADDRESS, ADDRESS, PASSWORD)
    token = make_token(User.objects.get(), "games:write")
    game = make_game(f"1.{ADDRESS}", PLAYED_AT, state="pending", contact_error=f"no {ADDRESS}")
    settings = tmp_path / "no_manifest.py"
    settings.write_text(
        "from esp_mail.settings import *\nSTORAGES['staticfiles']['BACKEND'] = "
        "'django.contrib.staticfiles.storage.StaticFilesStorage'\n"
        # The real one takes half a second for each form with a password.
        "PASSWORD_HASHERS = ['django.contrib.auth.hashers.MD5PasswordHasher']\n"
    )
    sentry, esp = FakeSentry(), FakeBrevo()
    environment = {
        "SENTRY_DSN": sentry.dsn,
        "LOG_LEVEL": "DEBUG",
        "STAFF_REQUIRES_MFA": "0",
        "EMAIL_URL": "smtp://127.0.0.1:9",
        "DJANGO_SETTINGS_MODULE": "no_manifest",
        "PYTHONPATH": str(tmp_path),
    }
    with esp.running(), deployment(tmp_path, **environment, **brevo_options(esp)) as site:
        browser = signed_in(site.site)
        program = requests.Session()
        program.headers.update(HEADERS | {"Authorization": f"Token {token}"})
        answers = []
        if fault == "none":
            before = list(Game.objects.values())
            answers += read_all(site.site, browser, game)
            # Reading writes no player and asks no ESP, so the other faults need no reading.
            assert (list(Game.objects.values()), esp.received) == (before, [])
        if fault == "esp":
            esp.always = Reply(400, {"code": ADDRESS, "message": KEY})
        if fault == "database":
            break_the_table()
        try:
            delivery = site.run("manage", "deliver_contacts")
            answers += write_all(site.site, browser, game)
            answers += [program.get(f"{site.site}/api/games/", params=SENT, timeout=60)]
            answers += [program.post(f"{site.site}/api/games/", json=SENT, timeout=60)]
        finally:
            if fault == "database":
                mend_the_table()
            delivery.terminate()
            delivery.wait(30)
        metrics = requests.get(f"{site.site}/metrics", timeout=30).text
        if fault == "database":
            wait_for(lambda: '"IntegrityError"' in sentry.text())
    sentry.server.shutdown()
    sentry.server.server_close()
    statuses = {answer.status_code for answer in answers}
    assert {200, 302, 400, 403, 404, 405} <= statuses
    assert len(answers) > 2 * len(ALL)
    assert (500 in statuses) is (fault == "database")
    ended = any("IntegrityError" in line["exception"] for line in site.lines("delivery ended"))
    assert ended is (fault == "database")
    assert_silent(site, metrics, sentry.text())
    assert token not in site.log + metrics + sentry.text()
    secrets = (KEY, "canary-secret-key", "canary-privacy-key", token)
    shown = [a.url for a in answers if any(secret in a.text for secret in secrets)]
    assert shown == []
