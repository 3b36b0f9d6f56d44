"""Reading settings from the environment: a wrong value is said in one line, never guessed at."""

import json
import logging
import os
import re
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured

FLAGS = {"1": True, "true": True, "yes": True, "on": True}
FLAGS |= {"0": False, "false": False, "no": False, "off": False}
PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
RATE = re.compile(rf"(?P<amount>[1-9]\d{{0,5}})/(?P<period>{'|'.join(PERIODS)})")


def text(name: str, default: str = "") -> str:
    """Return the variable without the spaces around it; empty is as good as not set.

    It may be in a file, which NAME_FILE names: a secret that no list of processes or containers
    shows. Not by django-environ, which takes a value that starts with "$" for another variable's
    name.
    """
    value = os.environ.get(name, "").strip()
    if path := os.environ.get(f"{name}_FILE", "").strip():
        if value:
            raise ImproperlyConfigured(f"{name} and {name}_FILE are both set; only one may be.")
        value = _content(f"{name}_FILE", path)
    return value or default


def _content(name: str, path: str) -> str:
    try:
        content = Path(path).read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise ImproperlyConfigured(f"{name} is {path!r}: {reason}.") from error
    if not content:
        raise ImproperlyConfigured(f"{name} is {path!r}: it is empty.")
    return content


def flag(name: str, *, default: bool) -> bool:
    """Return whether the variable is on; what is neither on nor off is refused."""
    value = text(name).lower()
    if value and value not in FLAGS:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be 1 or 0.")
    return FLAGS.get(value, default)


def number(name: str, default: float, *, most: float = 10_000) -> Any:
    """Return the variable as a positive number of the default's type."""
    value = text(name, str(default))
    try:
        parsed = type(default)(value)
    except ValueError:
        parsed = type(default)(0)
    if not 0 < parsed <= most:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be above 0, at most {most:g}.")
    return parsed


def items(name: str) -> list[str]:
    """Return the variable's parts, which commas separate."""
    return [item.strip() for item in text(name).split(",") if item.strip()]


def url_path(name: str, default: str) -> str:
    """Return the variable as a path of the site, with the slash after it, not the one before."""
    value = text(name, default).strip("/")
    if not re.fullmatch(r"[\w-]+(/[\w-]+)*", value, re.ASCII) or value in {"api", "static"}:
        raise ImproperlyConfigured(
            f"{name} is {value!r}; it must be a path of its own, of letters, digits, - and _."
        )
    return f"{value}/"


def json_object(name: str) -> dict[str, Any]:
    """Return the variable's JSON object. The error does not quote it: it may hold a key."""
    try:
        value = json.loads(text(name, "{}"))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ImproperlyConfigured(f"{name} is not a JSON object.")
    return value


def port(name: str) -> int | None:
    """Return the variable as a port, None if it is not set."""
    return int(number(name, 1, most=65_535)) if text(name) else None


def rate(name: str) -> tuple[int, int] | None:
    """Return the variable, such as 5/hour, as (how many, in how many seconds); None if not set."""
    value = text(name)
    match = RATE.fullmatch(value)
    if value and not match:
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be such as 5/hour or 20/day.")
    return (int(match["amount"]), PERIODS[match["period"]]) if match else None


def redis_url(name: str) -> str:
    """Return the variable if it is the URL of a Redis. The error does not quote the password."""
    value = text(name)
    if value and not value.startswith(("redis://", "rediss://", "unix://")):
        raise ImproperlyConfigured(f"{name} is not a URL such as redis://redis:6379/0.")
    return value


def time_zone(name: str, default: str) -> str:
    """Return the variable if it names a time zone."""
    value = text(name, default)
    try:
        ZoneInfo(value)
    except (ValueError, ZoneInfoNotFoundError, OSError) as error:
        raise ImproperlyConfigured(
            f"{name} is {value!r}; it must be a time zone such as Europe/Moscow."
        ) from error
    return value


def log_level(name: str, default: str) -> str:
    """Return the variable if it names a log level, in whatever case."""
    value = text(name, default).upper()
    if value not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be INFO, WARNING or ERROR.")
    return value


def database(name: str, url: str) -> dict[str, Any]:
    """Return Django's settings for a database URL. The error does not quote the password."""
    try:
        with warnings.catch_warnings(action="ignore"):  # they quote it
            config: dict[str, Any] = environ.Env.db_url_config(url)
    except ValueError:
        config = {}
    if not config.get("NAME") or not str(config.get("ENGINE")).startswith("django."):
        raise ImproperlyConfigured(
            f"{name} is not the URL of a database, such as postgres://user:password@host:5432/name."
        )
    return config


def mail(name: str, default: str) -> dict[str, Any]:
    """Return Django's settings for a mail server's URL, {} without one. As `database`."""
    url = text(name, default)
    if not url:
        return {}
    try:
        config: dict[str, Any] = environ.Env.email_url_config(url)
    except (ValueError, ImproperlyConfigured):
        config = {}
    if not config.get("EMAIL_HOST") and urlsplit(url).scheme not in {"consolemail", "filemail"}:
        raise ImproperlyConfigured(
            f"{name} is not the URL of a mail server, such as smtp+tls://user:password@host:587."
        )
    return {key: value for key, value in config.items() if value is not None}
