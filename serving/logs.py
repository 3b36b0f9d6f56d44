"""Log lines: JSON outside DEBUG, with the request's id, and without addresses.

gunicorn's configuration imports this module too, before the settings are loaded.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

ADDRESS_PART = r"[^\s@\"<>()\[\],;:\\]"
# It matches from the beginning of a word only, so that a long word without an address is read once.
ADDRESS = re.compile(
    rf"(?<!{ADDRESS_PART}){ADDRESS_PART}+?(?:(?:@|%40)+{ADDRESS_PART}*)+", re.IGNORECASE
)
DATABASE_MODULES = re.compile(r"(django\.db|psycopg2|sqlite3)\b")
encode = json.JSONEncoder(ensure_ascii=False, default=str).encode
# Keys of every line that is logged meanwhile: the request's id, and the hash of the address.
log_context: ContextVar[Mapping[str, str]] = ContextVar("log_context", default=MappingProxyType({}))


@contextmanager
def logging_context(**values: str) -> Iterator[None]:
    """Add these keys to the lines that are logged within the block."""
    token = log_context.set(values)
    try:
        yield
    finally:
        log_context.reset(token)


def scrub(value: Any) -> Any:
    """Return the text, or the JSON value, with "[address]" for everything like an address."""
    if isinstance(value, str):
        return ADDRESS.sub("[address]", value)
    if isinstance(value, dict):
        return {scrub(key): scrub(item) for key, item in value.items()}
    return [scrub(item) for item in value] if isinstance(value, list) else value


def is_database_error(module: str | None) -> bool:
    """Whether exceptions of this module quote rows, and so addresses, in their texts."""
    return bool(DATABASE_MODULES.match(module or ""))


def format_exception(error: BaseException | None) -> str:
    """Return the frames and texts of the error and its causes, without texts of the database."""
    parts: list[str] = []
    while error is not None:
        kind = type(error)
        text = "" if is_database_error(kind.__module__) else f": {error}"
        frames = "".join(traceback.format_tb(error.__traceback__))
        parts.insert(0, f"{frames}{kind.__module__}.{kind.__qualname__}{text}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\n".join(parts)


class JSONFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "event": record.getMessage(),
            "logger": record.name,
            **log_context.get(),
            "level": record.levelname.lower(),
            "timestamp": datetime.now(UTC).isoformat(),
        }
        if info := record.exc_info:
            line["exception"] = format_exception(
                info[1] if isinstance(info, tuple) else sys.exception()
            )
        text = encode(line)
        # Scrubbing takes time, and hardly any line needs it.
        return encode(scrub(line)) if "@" in text or "%40" in text else text


def configuration(level: str, *, plain: bool) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
            "json": {"()": JSONFormatter},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "plain" if plain else "json"}
        },
        "root": {"handlers": ["console"], "level": level},
        # With handlers of their own, each of their lines would be printed twice.
        "loggers": {
            name: {"handlers": [], "level": "NOTSET", "propagate": True}
            for name in ("django", "gunicorn.error", "gunicorn.access")
        }
        # A refused request already has its own line. Templates would log all that they show.
        | {"django.request": {"level": "ERROR"}, "django.template": {"level": "INFO"}},
    }
