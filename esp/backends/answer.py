"""What an ESP answered, read with suspicion."""

import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

LONGEST_WAIT = 3600.0  # what delivery waits between tries at most; a date in 9999 means no more
EPOCH = 1_000_000_000  # a "reset" above it is a moment, not a number of seconds


@dataclass(frozen=True)
class Answer:
    """The status, the headers and the JSON; `content` is None where the body is no JSON."""

    status: int
    headers: Mapping[str, str]
    content: Any

    def find(self, *path: str | int) -> Any:
        """Return what stands at the path of keys and indexes, or None where there is nothing."""
        found = self.content
        for step in path:
            try:
                found = found[step]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def text(self, *path: str | int) -> str:
        """Return the string at the path in lower case, "" where there is none."""
        found = self.find(*path)
        return found.lower() if isinstance(found, str) else ""

    def code(self) -> str:
        """Return the vendor's own word for an error where it is one, fit for a log line.

        Free text is not: it may repeat the address or the key.
        """
        for path in (("code",), ("title",), ("errors", 0, "code")):
            if re.fullmatch(r"[a-z_ ]{1,40}", self.text(*path)):
                return f" ({self.text(*path)})"
        return ""

    def retry_after(self, *names: str) -> float | None:
        """Return the seconds to wait that the first readable of these headers asks for."""
        waits = (seconds_from(self.headers.get(name, "")) for name in names)
        return next((wait for wait in waits if wait is not None), None)


def parse_json(body: bytes) -> Any:
    """Return the body's JSON, {} for an empty body, None for what is no JSON."""
    if not body:
        return {}
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # half a megabyte of "[" is the latter
        return None


def seconds_from(value: str) -> float | None:
    """Read a number of seconds, a Unix time or an HTTP date as seconds from now, within bounds."""
    try:
        wait = float(value)
        if wait > EPOCH:
            wait -= time.time()
    except ValueError:
        try:
            wait = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(wait, 0.0), LONGEST_WAIT) if math.isfinite(wait) else None
