"""Addresses for those who need not know them: enough of each to talk about its row."""

from typing import Any

from serving.addresses import readable_address

HIDDEN = "***"
SHORT = 2  # letters; the first of them would give away half of the name


def mask_address(email: str) -> str:
    """Return the address as in `c***@t***.ru`: first letters and the last part of the domain."""
    local, _at, domain = readable_address(email).rpartition("@")
    name, _dot, ending = domain.rpartition(".")
    return f"{_mask(local)}@{_mask(name)}.{ending}"


def _mask(name: str) -> str:
    return HIDDEN if len(name) <= SHORT else f"{name[0]}{HIDDEN}"


def may_see_addresses(user: Any) -> bool:
    """Return whether the account may read addresses, and search by them."""
    return bool(user.has_perm("games.view_address"))
