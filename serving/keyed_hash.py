"""Keyed hash (HMAC-SHA-256): a stable pseudonym for an address or a key."""

import hmac

from django.conf import settings


def keyed_hash(text: str) -> str:
    """Return 32 hexadecimal digits. Without PRIVACY_KEY nobody can compute them for a guess."""
    return hmac.digest(settings.PRIVACY_KEY.encode(), text.encode(), "sha256")[:16].hex()
