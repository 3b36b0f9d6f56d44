"""The look of the admin, for django-unfold."""

from typing import Any

from django.templatetags.static import static

from console.menu import NAVIGATION

# A blue from light to dark, readable on the light and on the dark ground.
SHADES = (50, *range(100, 1000, 100), 950)
LIGHTNESS = (97, 93, 88, 81, 71, 62, 52, 46, 41, 37, 28)  # percent
PRIMARY = {
    str(shade): f"oklch({light}% 0.15 262)" for shade, light in zip(SHADES, LIGHTNESS, strict=True)
}
UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "ESP mail",
    "SITE_HEADER": "ESP mail",
    "SITE_SYMBOL": "stadia_controller",
    "DASHBOARD_CALLBACK": "console.overview.page.dashboard",
    "STYLES": [
        lambda _request: static("games/console.css"),
        lambda _request: static("games/lists.css"),
    ],
    "COLORS": {"primary": PRIMARY},
    "SIDEBAR": {"navigation": NAVIGATION},
}
