"""Reads settings from the environment. A wrong value is an error of one line, never a guess.

If DEBUG is not set, `.env` of the working directory sets what is not set. Its quotes mean what they
mean to docker compose.
"""

import json
import logging
import os
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured
from dotenv import load_dotenv

T = TypeVar("T")
Number = TypeVar("Number", int, float)
FLAGS = {"1": True, "true": True, "yes": True, "on": True}
FLAGS |= {"0": False, "false": False, "no": False, "off": False}
PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
RATE = re.compile(rf"(?P<amount>[1-9]\d{{0,5}})/(?P<period>{'|'.join(PERIODS)})")


def load(path: str) -> None:
    """Set the variables that the file has and the environment does not; $ means itself."""
    try:
        load_dotenv(path, interpolate=False)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ImproperlyConfigured(f"{path} cannot be read: {reason}.") from error


if "DEBUG" not in os.environ:
    load(".env")


def text(name: str, default: str = "") -> str:
    """Return the variable without surrounding spaces, or the default if it is empty or not set.

    NAME_FILE may name a file that contains the value: a secret that no list of processes shows.
    """
    value = os.environ.get(name, "").strip()
    if path := os.environ.get(f"{name}_FILE", "").strip():
        if value:
            raise ImproperlyConfigured(f"{name} and {name}_FILE are both set; only one may be.")
        value = _content(f"{name}_FILE", path)
    return value or default


def required(name: str, *, debug_value: str, example: str) -> str:
    """Return the variable, or `debug_value` under DEBUG; raise if there is neither."""
    value = text(name, debug_value if flag("DEBUG", default=False) else "")
    if not value.strip(","):
        raise ImproperlyConfigured(
            f"{name} is not set. Set it (for example {name}={example}), "
            "or DEBUG=1 to try the project on this machine."
        )
    return value


def require(name: str, example: str, *, needed_by: list[str]) -> None:
    """Raise if one of the variables `needed_by` is set, but the variable is not."""
    for dependent in needed_by:
        if text(dependent) and not text(name):
            raise ImproperlyConfigured(
                f"{dependent} is set, but {name} is not set. Set it, as in {name}={example}."
            )


def refuse_trial_secrets(secrets: Iterable[str], hosts: list[str]) -> None:
    """Raise if a secret of a local trial would serve the public: everybody may know it."""
    local = {"localhost", "127.0.0.1", "[::1]"}
    if any("trial-only" in secret for secret in secrets) and not local.issuperset(hosts):
        raise ImproperlyConfigured(
            "SECRET_KEY, PRIVACY_KEY or the database's password is the one of a trial, which "
            "everybody knows: make your own before ALLOWED_HOSTS names a public host."
        )


def _content(name: str, path: str) -> str:
    try:
        content = Path(path).read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ImproperlyConfigured(f"{name} is {path!r}: {reason}.") from error
    if not content:
        raise ImproperlyConfigured(f"{name} is {path!r}: it is empty.")
    return content


def _parsed(name: str, default: str, parse: Callable[[str], T], expected: str) -> T:
    value = text(name, default)
    try:
        return parse(value)
    except (KeyError, ValueError, OSError) as error:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be {expected}.") from error


def flag(name: str, *, default: bool) -> bool:
    """Return whether the variable is on; raise if it is neither on nor off."""
    return _parsed(name, "1" if default else "0", lambda value: FLAGS[value.lower()], "1 or 0")


def number(name: str, default: float, *, most: float = 10_000) -> Any:
    """Return the variable as a positive number of the default's type; 0 only if that is it."""

    def parse(value: str) -> float:
        parsed = type(default)(value)
        if not (0 < parsed <= most or parsed == default == 0):
            raise ValueError
        return parsed

    least = "above 0" if default else "0 or more"
    return _parsed(name, str(default), parse, f"{least}, at most {most:.10g}")


def optional_number(name: str, kind: type[Number], *, most: float = 10_000) -> Number | None:
    """Return the variable as a positive number; None if it is not set."""
    return kind(number(name, kind(1), most=most)) if text(name) else None


def items(name: str) -> list[str]:
    """Return the comma-separated parts of the variable."""
    return [item.strip() for item in text(name).split(",") if item.strip()]


def url_path(name: str, default: str) -> str:
    """Return the variable as a path of the site, with a slash at the end only."""
    value = text(name, default).strip("/")
    if not re.fullmatch(r"[\w-]+(/[\w-]+)*", value, re.ASCII) or value in {"api", "static"}:
        raise ImproperlyConfigured(
            f"{name} is {value!r}; it must be a path of its own, of letters, digits, - and _."
        )
    return f"{value}/"


def json_object(name: str) -> dict[str, Any]:
    """Return the variable as a JSON object. The error does not quote it: it may contain a key."""
    try:
        value = json.loads(text(name, "{}"))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ImproperlyConfigured(f"{name} is not a JSON object.")
    return value


def rate(name: str) -> tuple[int, int] | None:
    """Return the variable, such as 5/hour, as (how many, in how many seconds); None if not set."""
    value = text(name)
    match = RATE.fullmatch(value)
    if value and not match:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be such as 5/hour or 20/day.")
    return (int(match["amount"]), PERIODS[match["period"]]) if match else None


def time_zone(name: str, default: str) -> str:
    """Return the variable if it names a time zone."""
    return _parsed(name, default, ZoneInfo, "a time zone such as Europe/Moscow").key


def log_level(name: str, default: str) -> str:
    """Return the variable if it names a log level, in any case."""
    value = text(name, default).upper()
    if value not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be INFO, WARNING or ERROR.")
    return value


def choice(name: str, *choices: str) -> str:
    """Return the variable if it is one of the choices; "" if it is not set."""
    value = text(name).lower()
    if value not in ("", *choices):
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be {' or '.join(choices)}.")
    return value


def moment(name: str, zone: str) -> datetime | None:
    """Return the variable, as 2026-11-26 or 2026-11-26T10:00 on the zone's clock; None if unset."""
    if not text(name):
        return None
    expected = "a time such as 2026-11-26 or 2026-11-26T10:00"
    parsed = _parsed(name, "", datetime.fromisoformat, expected)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=ZoneInfo(zone))
