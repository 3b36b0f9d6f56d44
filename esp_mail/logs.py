"""Log lines: JSON outside DEBUG, with the request's id, and with no address in them.

Read by gunicorn's configuration too, before there are settings.
"""

import json
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import structlog
from structlog.typing import EventDict

PART = r"[^\s@\"<>()\[\],;:\\]"
# From the beginning of a word only, so that a long word without an address is read once.
ADDRESS = re.compile(rf"(?<!{PART}){PART}+?(?:(?:@|%40)+{PART}*)+", re.IGNORECASE)
encode = json.JSONEncoder(ensure_ascii=False, default=str).encode
DATABASE = re.compile(r"(django\.db|psycopg2|sqlite3)\b")
# What each line says besides: the request's id, and the hash that stands for the address. Not by
# structlog.contextvars, which goes through all variables of the context for each line.
about: ContextVar[Mapping[str, str]] = ContextVar("about", default=MappingProxyType({}))


@contextmanager
def lines_about(**names: str) -> Iterator[None]:
    """Have the lines that are written meanwhile say these."""
    token = about.set(names)
    try:
        yield
    finally:
        about.reset(token)


def scrub(value: Any) -> Any:
    """Return the text, or all texts of the JSON value, without what looks like an address."""
    if isinstance(value, str):
        return ADDRESS.sub("[address]", value)
    if isinstance(value, dict):
        return {scrub(key): scrub(item) for key, item in value.items()}
    return [scrub(item) for item in value] if isinstance(value, list) else value


def is_databases_own(module: str | None) -> bool:
    """Whether the text of an exception of this module quotes rows, and so addresses."""
    return bool(DATABASE.match(module or ""))


def tell(error: BaseException | None) -> str:
    """Return where the error and its causes arose and what they say, but no database's words."""
    told: list[str] = []
    while error is not None:
        kind = type(error)
        said = "" if is_databases_own(kind.__module__) else f": {error}"
        frames = "".join(traceback.format_tb(error.__traceback__))
        told.insert(0, f"{frames}{kind.__module__}.{kind.__qualname__}{said}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\n".join(told)


def tell_exception(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Put the exception of the line into words."""
    if info := event.pop("exc_info", None):
        event["exception"] = tell(info[1] if isinstance(info, tuple) else sys.exception())
    return event


def render(_logger: Any, _method: str, event: EventDict) -> str:
    """Return the line. Nearly none holds what might be an address, which takes a second look."""
    line = encode(event)
    if "@" in line or "%40" in line:
        line = encode(scrub(json.loads(line)))
    return line


def add_common(_logger: Any, method: str, event: EventDict) -> EventDict:
    """Add what every line says."""
    timestamp = datetime.now(UTC).isoformat()
    return {**event, **about.get(), "level": method, "timestamp": timestamp}


def line(**event: Any) -> str:
    """Return a line as logging writes it, which takes three times as long."""
    return render(None, "", add_common(None, "info", event)) + "\n"


def configuration(level: str, *, plain: bool) -> dict[str, Any]:
    """Return the settings of Python's logging."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"},
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [structlog.stdlib.add_logger_name, add_common, tell_exception],
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, render],
            },
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "plain" if plain else "json",
            }
        },
        "root": {"handlers": ["console"], "level": level},
        # Their own handlers would print each of their lines a second time.
        "loggers": {
            name: {"handlers": [], "level": "NOTSET", "propagate": True}
            for name in ("django", "gunicorn.error", "gunicorn.access")
        }
        # The request's own line says that it was refused.
        | {"django.request": {"level": "ERROR"}},
    }
