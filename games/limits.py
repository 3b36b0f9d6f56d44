"""Limits on plays: how many of one address, how many addresses of one client, in a window of time.

Kept in Redis, exactly, whatever the number of processes: each limit is a sorted set of what was let
in, by its time, and one script looks at both sets and adds to both or neither. (The `limits`
library counts hits, so a client's distinct addresses would take two steps, with a race between.)
"""

import logging
import threading
import time
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from uuid import uuid4

import redis
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotConnected
from redis.retry import Retry
from rest_framework import status
from rest_framework.exceptions import APIException

from esp_mail.client import client_address
from esp_mail.keyed_hash import keyed_hash
from games.metrics import LIMITED, LIMITS_AWAY
from games.models import Game

logger = logging.getLogger(__name__)

PATIENCE = 0.5  # seconds for Redis to answer; a campaign goes on without it
PAUSE = 5.0  # seconds in which it is not asked again

# For each set: a member, how many there may be, in how many seconds, and how to add one that is
# there: a play keeps its time (NX), an address has that of its latest play (CH).
SCRIPT = """
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000
for i, key in ipairs(KEYS) do
    local member, most, seconds = ARGV[4 * i - 3], ARGV[4 * i - 2] + 0, ARGV[4 * i - 1] + 0
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - seconds)
    local there = redis.call('ZCARD', key)
    if there >= most and not redis.call('ZSCORE', key, member) then
        local leaving = redis.call('ZRANGE', key, there - most, there - most, 'WITHSCORES')[2]
        return {i, math.ceil(leaving + seconds - now)}
    end
end
for i, key in ipairs(KEYS) do
    redis.call('ZADD', key, ARGV[4 * i], now, ARGV[4 * i - 3])
    redis.call('EXPIRE', key, ARGV[4 * i - 1])
end
return {0, 0}
"""


class TooManyPlays(APIException):
    """The play is over a limit; nothing is counted."""

    status_code = status.HTTP_429_TOO_MANY_REQUESTS
    default_detail = _("Too many plays. Try again later.")
    default_code = "too_many_plays"

    def __init__(self, wait: int) -> None:
        super().__init__()
        self.wait = max(1, wait)  # DRF makes a Retry-After header of it


class Limiter:
    """Asks Redis; lets everybody in while it is away, and asks seldom then."""

    def __init__(self) -> None:
        client = redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            # Once more, for connections that a restart of Redis has left behind.
            retry=Retry(NoBackoff(), 1, supported_errors=(NotConnected,)),
        )
        self._script = client.register_script(SCRIPT)
        self._lock = threading.Lock()
        self._away_until: float | None = None

    def hit(self, keys: list[str], arguments: list[str | int]) -> tuple[int, int]:
        """Return which of the sets is full, from 1, and the seconds until it is not; or 0, 0."""
        if self._away_until and time.monotonic() < self._away_until:
            LIMITS_AWAY.inc()
            return 0, 0
        try:
            full, wait = self._script(keys, arguments)
        except redis.RedisError as error:
            self._note(error)
            LIMITS_AWAY.inc()
            return 0, 0
        if self._away_until is not None:
            self._note(None)
        return full, wait

    def _note(self, error: Exception | None) -> None:
        with self._lock:
            was_away = self._away_until is not None
            self._away_until = time.monotonic() + PAUSE if error else None
        if error and not was_away:  # so that an outage is two lines, however long it lasts
            logger.error("Redis is away, plays are not limited: %s", type(error).__name__)
        elif was_away and not error:
            logger.warning("Redis is back, plays are limited again")


@cache
def get_limiter() -> Limiter:
    """Return this process's limiter."""
    return Limiter()


def admit(*, email: str, idempotency_key: str | None, request: HttpRequest) -> None:
    """Let the play in, or raise TooManyPlays, and then nothing is used up.

    A repeated request uses up nothing either, and one that was counted is always let in.
    """
    limits: list[tuple[str, str, list[Any]]] = []
    if settings.PLAYS_PER_ADDRESS:
        play = keyed_hash(idempotency_key) if idempotency_key else uuid4().hex
        limits.append(("address", keyed_hash(email), [play, *settings.PLAYS_PER_ADDRESS, "NX"]))
    if settings.ADDRESSES_PER_CLIENT:
        client = one_client(client_address(request))
        address = keyed_hash(email)
        limits.append(
            ("client", keyed_hash(client), [address, *settings.ADDRESSES_PER_CLIENT, "CH"])
        )
    if not limits:
        return
    full, wait = get_limiter().hit(
        [f"limit:{name}:{whose}" for name, whose, _use in limits],
        [argument for _name, _whose, use in limits for argument in use],
    )
    if full and not Game.objects.counted(email, idempotency_key):
        LIMITED.labels(limits[full - 1][0]).inc()
        raise TooManyPlays(wait)


def one_client(address: str) -> str:
    """Return what stands for the client: an IPv6 network of one customer (/64) is one client."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or ip_network((ip, 64), strict=False))
    return str(ip)
