"""What the console's pages say: no names of the code, and in Russian no English sentence."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from esp_mail.tests.matrix import expected
from esp_mail.tests.test_matrix import address
from games.models import Game

ADMIN = [pattern for pattern in expected() if pattern.startswith("admin/")]
NO_PAGE = ("admin/jsi18n/", "admin/logout/")
ICON = "material-symbols-outlined"  # its text is the name of a picture
SHOWN_ATTRIBUTES = {"alt", "aria-label", "data-label", "placeholder", "title"}


class Text(HTMLParser):
    """The text of a page that a person sees or hears."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tag = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tag = ICON if ICON in (dict(attrs).get("class") or "") else tag
        self.found += [value for name, value in attrs if name in SHOWN_ATTRIBUTES and value]

    def handle_endtag(self, tag: str) -> None:
        self.tag = ""

    def handle_data(self, data: str) -> None:
        if self.tag not in {"script", "style", "code", ICON} and data.strip():
            self.found.append(" ".join(data.split()))


@pytest.fixture
def superuser(client: Client, admin_user: Any) -> Client:
    client.force_login(admin_user)
    return client


def texts(client: Client, player: Game, language: str) -> Iterator[tuple[str, str]]:
    """Yield what each page of the console says."""
    for pattern in ADMIN:
        if pattern in NO_PAGE:
            continue
        path = address(pattern, player)
        answer: Any = client.get(path, headers={"Accept-Language": language})
        if answer.status_code == 200 and "text/html" in answer.headers["Content-Type"]:
            for text in Text(answer.content.decode()).found:
                yield path, text


def code_names() -> re.Pattern[str]:
    """Return what finds a model's or a field's name as the code has it."""
    models = list(apps.get_models())
    fields = {field.name for model in models for field in model._meta.get_fields()}
    words = {name for name in fields if "_" in name} | {model._meta.label for model in models}
    return re.compile(rf"\b({'|'.join(map(re.escape, sorted(words)))})\b|\w object \(")


def test_no_page_names_a_field_or_a_model(superuser: Client, game: Game) -> None:
    pattern = code_names()
    seen = list(texts(superuser, game, "en"))
    assert len({path for path, _text in seen}) > 40
    assert [(path, text) for path, text in seen if pattern.search(text)] == []


# Names that Russian keeps, keys of a keyboard, and what the test's own rows are called.
LATIN = re.compile(
    r"\S+@\S+|\bESP( mail)?\b|Excel|CSV|JSON|XLSX?|ODS|TOTP|UTC|Control|Command|Mac\b"
    r"|\besc\b|LDAP|Single Sing-On|cookie|\w+\*{9,}|test\.ru|x\.csv|player-ada|admin"
    r"|mailing|prizes|I agree to|\b[0-9a-f]{64}\b"
    r"|example\.com|SHA|viewers|managers|data protection|job|other",
    re.IGNORECASE,
)


def test_russian_pages_have_no_english_words(superuser: Client, game: Game) -> None:
    seen = {text for _path, text in texts(superuser, game, "ru")}
    assert sorted(text for text in seen if re.search(r"[A-Za-z]{3,}", LATIN.sub("", text))) == []
