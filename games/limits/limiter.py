"""The limits in Redis: a sorted set for each limit, members by the time when they were let in.

One script checks both sets, and adds to both or to neither, so that limits are exact for any number
of processes. (The `limits` library counts hits; distinct addresses would take two steps, with a
race.)
"""

import logging
import os
import threading
import time
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotConnected
from redis.retry import Retry

from games.metrics import LIMITS_AWAY

logger = logging.getLogger(__name__)

TIMEOUT = 0.5  # seconds for Redis to answer; without an answer the play is let in
RETRY_INTERVAL = 5.0  # seconds without a call after a failure

# Arguments for each set: the member to add, the limit, its seconds, and how to add a member that is
# there: a play keeps its time (NX), an address gets the time of its latest play (CH).
# Returns which set is full (from 1) and in how many seconds it has room; or 0, 0.
SLIDING_WINDOWS_LUA = """
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


def connect(**options: Any) -> redis.Redis:
    """Return a client of Redis."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        # Retry once, since connections may be from before a restart of Redis.
        retry=Retry(NoBackoff(), 1, supported_errors=(NotConnected,)),
        **options,
    )


class Limiter:
    """Calls the script. While Redis is unavailable, it lets all plays in."""

    def __init__(self) -> None:
        self._script = connect().register_script(SLIDING_WINDOWS_LUA)
        self._threads = threading.local()
        self._lock = threading.Lock()
        self._unavailable_until: float | None = None

    def hit(self, keys: list[str], arguments: list[str | int]) -> tuple[int, int]:
        """Return the number of the full set, and the seconds until it has room; or 0, 0."""
        if self._unavailable_until and time.monotonic() < self._unavailable_until:
            LIMITS_AWAY.inc()
            return 0, 0
        try:
            full, wait = self._script(keys, arguments, client=self._client())
        except redis.RedisError as error:
            self._note(error)
            LIMITS_AWAY.inc()
            return 0, 0
        if self._unavailable_until is not None:
            self._note(None)
        return full, wait

    def _client(self) -> redis.Redis:
        """Return this thread's client. A pool would take a third of a call's CPU."""
        if getattr(self._threads, "process", None) != os.getpid():  # none yet, or the parent's
            self._threads.client = connect(single_connection_client=True)
            self._threads.process = os.getpid()
        client: redis.Redis = self._threads.client
        return client

    def _note(self, error: Exception | None) -> None:
        with self._lock:
            was_unavailable = self._unavailable_until is not None
            self._unavailable_until = time.monotonic() + RETRY_INTERVAL if error else None
        if error and not was_unavailable:  # one line when an outage begins, one when it ends
            logger.error("Redis is away, plays are not limited: %s", type(error).__name__)
        elif was_unavailable and not error:
            logger.warning("Redis is back, plays are limited again")
