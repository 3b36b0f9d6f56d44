"""Limits on plays: when the campaign runs, and how many plays one address or client may send."""

from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from games.counting import was_counted
from games.exceptions import NotRunning, TooManyPlays
from games.metrics import LIMITED
from serving.client_address import client_address
from serving.keyed_hash import keyed_hash

if TYPE_CHECKING:
    from games.limits.limiter import Limiter


@cache
def get_limiter() -> "Limiter":
    """Return this process's limiter."""
    from games.limits.limiter import Limiter  # noqa: PLC0415 - only a site with limits needs redis

    return Limiter()


def not_running() -> str:
    """Say that it is before PLAYS_FROM, or PLAYS_UNTIL or later; return "" while plays count."""
    now = timezone.now()
    begin, end = settings.PLAYS_FROM, settings.PLAYS_UNTIL
    if begin and now < begin:
        message, moment = _("The game begins on %(moment)s."), begin
    elif end and now >= end:
        message, moment = _("The game ended on %(moment)s."), end
    else:
        return ""
    return message % {"moment": date_format(timezone.localtime(moment), "DATETIME_FORMAT")}


def check_running(*, email: str, idempotency_key: str | None) -> None:
    """Raise NotRunning while plays do not count, but for a repeated request."""
    reason = not_running()
    if reason and not was_counted(email, idempotency_key):
        raise NotRunning(reason)


def check_limits(*, email: str, idempotency_key: str | None, request: HttpRequest) -> None:
    """Raise TooManyPlays if the play is over a limit; it is then not counted in any limit.

    A repeated request is not counted in the limits, and is let in if its play was counted.
    """
    keys: list[str] = []
    arguments: list[str | int] = []
    if settings.PLAYS_PER_ADDRESS:
        play = keyed_hash(idempotency_key) if idempotency_key else uuid4().hex
        keys.append(f"limit:address:{keyed_hash(email)}")
        arguments += [play, *settings.PLAYS_PER_ADDRESS, "NX"]
    if settings.ADDRESSES_PER_CLIENT:
        client = client_network(client_address(request))
        keys.append(f"limit:client:{keyed_hash(client)}")
        arguments += [keyed_hash(email), *settings.ADDRESSES_PER_CLIENT, "CH"]
    full, wait = get_limiter().hit(keys, arguments)
    if full and not was_counted(email, idempotency_key):
        LIMITED.labels(keys[full - 1].split(":")[1]).inc()
        raise TooManyPlays(wait)


def client_network(address: str) -> str:
    """Return the client's IPv4 address, or its /64 network of IPv6: that is one customer."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))
    return str(ip)
