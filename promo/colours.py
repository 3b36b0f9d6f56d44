"""Tones of the accent colour in which text can be read.

Text needs a contrast of 4.5 (WCAG 2.2, 1.4.3). No colour has it to light and to dark pages alike:
their own contrast would have to be 4.5 times 4.5, and it is 13. So each gets a tone of its own.
"""

# Of the surfaces in site.css: --sky, the darkest of light pages, and --paper, the lightest of dark.
LIGHT, DARK = "#e6eef6", "#182439"
READABLE = 4.5


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours by WCAG: 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def readable(color: str, background: str) -> str:
    """Return the colour, darkened on LIGHT or lightened on DARK as far as text in it needs."""
    end = 0 if background == LIGHT else 255
    channels = bytes.fromhex(color[1:])
    shares = [share / 100 for share in range(101)]
    mixed = (bytes(round(each + (end - each) * share) for each in channels) for share in shares)
    tones = (f"#{tone.hex()}" for tone in mixed)
    return next(tone for tone in tones if contrast(tone, background) >= READABLE)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in bytes.fromhex(color[1:]))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    is_dark = channel <= 0.04045  # noqa: PLR2004 - where sRGB's curve begins
    return channel / 12.92 if is_dark else ((channel + 0.055) / 1.055) ** 2.4
