"""The page for frames of other sites; browser/other_sites/test_embed.py has it in a browser."""

from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db  # the page looks for the consent text in use

AGENCY = ["https://agency.example", "https://shop.example"]


@pytest.fixture
def allowed(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = AGENCY


def test_no_page_where_no_site_is_allowed(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = []
    answer = Client().get("/embed/")
    assert answer.status_code == 404
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_only_allowed_sites_may_frame_it(allowed: None) -> None:
    answer = Client().get("/embed/")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.endswith("; frame-ancestors https://agency.example https://shop.example")
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "X-Frame-Options" not in answer.headers
    assert f'data-origins="{" ".join(AGENCY)}"' in answer.content.decode()


def test_no_other_page_may_be_framed(allowed: None) -> None:
    answer = Client().get("/")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "data-origins" not in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "language"), [("", "en"), ("?lang=ru", "ru"), ("?lang=xx", "en"), ("?lang=", "en")]
)
def test_language_of_the_address(allowed: None, query: str, language: str) -> None:
    answer = Client().get(f"/embed/{query}", headers={"Accept-Language": "en"})
    assert f'<html lang="{language}"' in answer.content.decode()
    assert answer.headers["Content-Language"] == language
    assert (
        '<html lang="en">' in Client().get("/", headers={"Accept-Language": "en"}).content.decode()
    )


def test_nothing_of_the_site_is_around_the_game(allowed: None, settings: Any) -> None:
    html = Client().get("/embed/").content.decode()
    assert 'id="board"' in html
    assert 'class="brand"' not in html
    assert "set_language" not in html
    assert "<footer" not in html
