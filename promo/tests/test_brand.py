"""The operator's own name, logo, colour, links and templates on the pages for visitors."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.template.loader import get_template
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from esp_mail.tests.test_settings import PRODUCTION, load
from promo import colours
from promo.brand import Brand, read
from serving import csp

pytestmark = pytest.mark.django_db  # the page looks for the consent text in use

ACME = Brand(
    name="Acme & Sons",
    logo_url="https://cdn.acme.example/logo.svg",
    icon_url="/static/site/icon.png",
    accent="#c2185b",
    links=[("Privacy", "Конфиденциальность", "https://acme.example/p"), ("A", "", "/a")],
)
VARIABLES = {
    "SITE_NAME": "Acme & Sons",
    "SITE_LOGO_URL": "https://cdn.acme.example/logo.svg",
    "SITE_ICON_URL": "/static/site/icon.png",
    "SITE_ACCENT": "#C2185B",
    "SITE_LINKS": "Privacy | Конфиденциальность = https://acme.example/p; A=/a;",
    "CONSENT_URL": "https://пример.рф/согласие?a=1",
}
SITE_CSS = Path(django_settings.BASE_DIR) / "promo" / "static" / "games" / "site.css"
COLOURS = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def read_from(variables: dict[str, str]) -> Brand:
    return read(lambda name: variables.get(name, ""))


@pytest.fixture
def acme(settings: Any) -> None:
    settings.BRAND = ACME


def page(language: str = "en", path: str = "/") -> str:
    return Client().get(path, headers={"Accept-Language": language}).content.decode()


def test_brand_from_the_environment() -> None:
    assert read_from(VARIABLES) == ACME
    assert read_from({}) == Brand("", "", "", "", [])


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SITE_NAME", "Acme\nBcc: all@test.ru"),
        ("CONSENT_URL", "javascript:alert(1)"),
        ("SITE_LOGO_URL", "/\\evil.example/logo.svg"),
        ("SITE_LOGO_URL", "logo.svg"),
        ("SITE_LOGO_URL", "//cdn.example/logo.svg"),
        ("SITE_LOGO_URL", "https://cdn.example; script-src *"),
        ("SITE_ICON_URL", "javascript:alert(1)"),
        ("SITE_ICON_URL", "https://пример.рф/icon.png"),
        ("SITE_ACCENT", "red"),
        ("SITE_ACCENT", "#fff"),
        ("SITE_ACCENT", "#c2185b;}"),
        ("SITE_LINKS", "Privacy"),
        ("SITE_LINKS", "=https://acme.example/"),
        ("SITE_LINKS", "Privacy="),
        ("SITE_LINKS", "Privacy=javascript:alert(1)"),
    ],
)
def test_wrong_value_is_refused_by_its_name(variable: str, value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{variable} is .*; it must be such as "):
        read_from({variable: value})


def test_settings_that_follow_from_the_brand() -> None:
    plain, branded = load(PRODUCTION), load(PRODUCTION | VARIABLES)
    names = ["ACCOUNT_EMAIL_SUBJECT_PREFIX", "MFA_TOTP_ISSUER"]
    assert [plain[name] for name in names] == ["", "ESP mail"]
    assert [branded[name] for name in names] == ["[Acme & Sons] ", "Acme & Sons"]
    assert plain["CONTENT_SECURITY_POLICIES"] == csp.POLICIES
    for app, policy in branded["CONTENT_SECURITY_POLICIES"].items():
        images = re.search(r"img-src [^;]+", policy)
        assert images
        assert "https://cdn.acme.example" in images[0].split(), app
        assert policy.replace(" https://cdn.acme.example", "") == csp.POLICIES[app]


def test_page_without_a_brand() -> None:
    html = page()
    assert "<title>Stamp pairs</title>" in html
    assert "/brand-" not in html
    assert "<footer" not in html
    assert "og:image" not in html
    assert "<title>Пары марок</title>" in page("ru")


def test_page_shows_the_brand(acme: None) -> None:
    html = page()
    assert "<title>Acme &amp; Sons</title>" in html
    assert '<img src="https://cdn.acme.example/logo.svg" alt="Acme &amp; Sons">' in html
    assert '<link rel="icon" href="/static/site/icon.png">' in html
    (footer,) = re.findall(r"<footer[^>]*>(.*)</footer>", html)
    assert footer == '<a href="https://acme.example/p">Privacy</a><a href="/a">A</a>'
    assert '<a href="https://acme.example/p">Конфиденциальность</a><a href="/a">A</a>' in page("ru")


@pytest.mark.parametrize(
    ("language", "locale", "description"),
    [
        ("en", "en_US", "Find the six pairs of stamps, then leave your email address."),
        ("ru", "ru_RU", "Найдите шесть пар марок и оставьте адрес электронной почты."),
    ],
)
def test_what_shared_links_show(acme: None, language: str, locale: str, description: str) -> None:
    found = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]+)">', page(language)))
    assert found == {
        "type": "website",
        "site_name": "Acme &amp; Sons",
        "title": "Acme &amp; Sons",
        "description": description,
        "url": "http://testserver/",
        "locale": locale,
        "image": "https://cdn.acme.example/logo.svg",
    }


def test_logo_of_this_site_has_a_whole_address_for_shared_links(settings: Any) -> None:
    settings.BRAND = ACME._replace(logo_url="/static/site/logo.png")
    assert 'property="og:image" content="http://testserver/static/site/logo.png"' in page()


def test_pages_of_errors_show_the_brand_without_a_request(acme: None) -> None:
    html = get_template("500.html").render()
    assert 'alt="Acme &amp; Sons"' in html
    assert "/brand-" in html


def test_style_sheet_is_kept_for_ever_at_the_address_of_the_page(acme: None) -> None:
    found = re.search(r'<link rel="stylesheet" href="(/brand-\w+.css)">', page())
    assert found
    answer = Client().get(found[1])
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.content.decode() == (
        ":root { --brand: #c2185b; }\n"
        "@media (prefers-color-scheme: dark) { :root { --brand: #d66491; } }\n"
    )
    old = Client().get("/brand-of-another-release.css")
    assert old.headers["Cache-Control"] == "public, max-age=300"
    assert old.content == answer.content


def test_style_sheet_without_an_accent_is_empty() -> None:
    assert Client().get("/brand-x.css").content == b""


@pytest.mark.parametrize(
    ("one", "other", "ratio"),  # of WebAIM's contrast checker
    [("#000000", "#ffffff", 21), ("#767676", "#ffffff", 4.54), ("#ff0000", "#ffffff", 4.0)],
)
def test_contrast(one: str, other: str, ratio: float) -> None:
    assert round(colours.contrast(one, other), 2) == ratio == round(colours.contrast(other, one), 2)


def declared(scheme: str) -> dict[str, str]:
    """Return the colours of site.css in the light or the dark scheme."""
    light, dark = SITE_CSS.read_text().split("@media (prefers-color-scheme: dark)", 1)
    found = re.findall(r"--([\w-]+): (#[0-9a-f]+);", light if scheme == "light" else dark)
    return {name: f"#{value[1:] * (2 if len(value) == 4 else 1)}" for name, value in found}


@given(COLOURS)
def test_any_accent_can_be_read_wherever_the_page_uses_it(accent: str) -> None:
    tones = {
        "light": colours.readable(accent, colours.LIGHT),
        "dark": colours.readable(accent, colours.DARK),
    }
    for scheme, tone in tones.items():
        surfaces = declared(scheme)
        for surface in ("sky", "paper", "on-brand"):
            assert colours.contrast(tone, surfaces[surface]) >= 4.5, (scheme, surface)


def test_no_colour_can_be_read_on_light_and_dark_pages_alike() -> None:
    assert colours.contrast(colours.LIGHT, colours.DARK) < colours.READABLE**2


def test_readable_accent_stays() -> None:
    assert colours.readable("#c2185b", colours.LIGHT) == "#c2185b"
    assert colours.readable("#ffcc00", colours.DARK) == "#ffcc00"


def test_template_of_the_own_folder_wins(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "promo").mkdir()
    (tmp_path / "promo" / "play.html").write_text(
        '{% extends "promo/play.html" %}{% block footer %}Own footer{% endblock %}'
    )
    assert settings.TEMPLATES[0]["DIRS"] == [settings.BASE_DIR / "site" / "templates"]
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path]}]
    html = page()
    assert "Own footer" in html
    assert 'id="board"' in html
