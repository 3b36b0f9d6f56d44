"""The operator's own brand on the pages for visitors, from the environment."""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from promo.colours import DARK, LIGHT, readable

PATH = r"/(?![/\\])[!-:<-~]*"  # visible ASCII without a semicolon, which ends a link
ADDRESS = rf"(?:https?://[a-zA-Z0-9.-]+(?::[0-9]+)?)?{PATH}|https?://[a-zA-Z0-9.-]+(?::[0-9]+)?"
LINK_ADDRESS = r"https?://[^\s;]+|/(?![/\\])[^\s;]*"  # of any script, as in https://пример.рф/
LINK = rf"\s*([^|=;]+?)\s*(?:\|\s*([^=;]+?)\s*)?=\s*({LINK_ADDRESS})\s*"
SHAPES = {  # and an example of each
    "SITE_NAME": (r"[^\x00-\x1f\x7f]*", "Acme Summer, on one line"),
    "CONSENT_URL": (LINK_ADDRESS, "https://example.com/privacy or /privacy"),
    "SITE_LOGO_URL": (ADDRESS, "https://cdn.example.com/logo.svg or /static/site/logo.svg"),
    "SITE_ICON_URL": (ADDRESS, "https://cdn.example.com/icon.png or /static/site/icon.png"),
    "SITE_ACCENT": ("#[0-9a-fA-F]{6}", "#1d4e89"),
    "SITE_LINKS": (rf"(?:{LINK};)*(?:{LINK})?", "Privacy|Конфиденциальность=/privacy; FAQ=/faq"),
}
STYLE = """:root {{ --brand: {}; }}
@media (prefers-color-scheme: dark) {{ :root {{ --brand: {}; }} }}
"""


class Brand(NamedTuple):
    """What is empty stays as the page has it. A link is (English, Russian, address)."""

    name: str
    logo_url: str
    icon_url: str
    accent: str
    links: list[tuple[str, str, str]]

    @property
    def css(self) -> str:
        tones = [readable(self.accent, page) for page in (LIGHT, DARK) if self.accent]
        return STYLE.format(*tones) if tones else ""

    @property
    def css_version(self) -> str:
        return sha256(self.css.encode()).hexdigest()[:12]

    @property
    def image_origins(self) -> list[str]:
        """Return the other origins that the Content-Security-Policy must allow for images."""
        parts = [urlsplit(url) for url in (self.logo_url, self.icon_url)]
        return sorted({f"{part.scheme}://{part.netloc}" for part in parts if part.netloc})

    @property
    def accounts(self) -> dict[str, Any]:
        """Return the settings by which django-allauth names the site in mails and in apps."""
        prefix = {"ACCOUNT_EMAIL_SUBJECT_PREFIX": f"[{self.name}] ", "MFA_TOTP_ISSUER": self.name}
        return prefix if self.name else {}


def read(text: Callable[[str], str]) -> Brand:
    """Return the brand from the variables that `text` reads; raise if one is wrong."""
    for variable, (shape, example) in SHAPES.items():
        if (value := text(variable)) and not re.fullmatch(shape, value):
            raise ImproperlyConfigured(f"{variable} is {value!r}; it must be such as {example}.")
    return Brand(
        name=text("SITE_NAME"),
        logo_url=text("SITE_LOGO_URL"),
        icon_url=text("SITE_ICON_URL"),
        accent=text("SITE_ACCENT").lower(),
        links=re.findall(LINK, text("SITE_LINKS")),
    )
