"""Settings from the URLs of a database, a mail server and Redis."""

from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from esp_mail import environment

DATABASE_URL = "postgres://user:password@host:5432/name"
MAIL_BACKENDS = {
    "smtp": "smtp", "smtp+tls": "smtp", "smtps": "smtp", "smtp+ssl": "smtp",
    "consolemail": "console", "filemail": "filebased",
}  # fmt: skip


def database(name: str, *, debug_value: str) -> dict[str, Any]:
    """Return the settings of a database's URL, with the options that exact counting needs.

    Raise ImproperlyConfigured for a wrong URL, without quoting it: it may contain a password.
    """
    url = environment.required(name, debug_value=debug_value, example=DATABASE_URL)
    try:
        parts = urlsplit(url.replace("#", "%23"))  # a password may contain it
        readers = {"sqlite": _sqlite, "postgres": _postgres, "postgresql": _postgres}
        config = readers[parts.scheme](parts)
    except (KeyError, ValueError):
        config = {}
    if not config.get("NAME"):
        raise ImproperlyConfigured(f"{name} is not the URL of a database, such as {DATABASE_URL}.")
    for option, value in parse_qsl(parts.query):
        config["OPTIONS"][option] = int(value) if value.isdecimal() else value
    return config


def _sqlite(parts: SplitResult) -> dict[str, Any]:
    path = unquote(parts.path)[1:]
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        # A transaction that writes takes the lock when it begins. If it took it later, it would
        # fail at once when two meet, whatever the timeout.
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode = WAL",
        },
        # A file, since server processes of the tests read the same rows.
        "TEST": {"NAME": f"{path}.test"},
    }


def _postgres(parts: SplitResult) -> dict[str, Any]:
    socket_folder, database_name = "", unquote(parts.path)[1:]
    pooled = environment.flag("DATABASE_POOLED", default=False)
    # Several hosts, with commas: PostgreSQL's client asks them in this order.
    hosts = [urlsplit(f"//{host}") for host in parts.netloc.rpartition("@")[2].split(",")]
    ports = [str(host.port or "") for host in hosts]
    if database_name.startswith("/"):  # postgres://user@//folder/of/the/socket/name
        socket_folder, _, database_name = database_name.rpartition("/")
    return {
        "ENGINE": "serving.postgresql",
        "NAME": database_name,
        "USER": unquote(parts.username or ""),
        # One secret can be this container's and the database container's.
        "PASSWORD": unquote(parts.password or "") or environment.text("POSTGRES_PASSWORD"),
        "HOST": socket_folder or ",".join(host.hostname or "" for host in hosts),
        "PORT": ",".join(ports) if any(ports) else "",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        # A pool lends a connection for one transaction, which a cursor must not outlive.
        "DISABLE_SERVER_SIDE_CURSORS": pooled,
        "OPTIONS": {
            # Refuse a standby. A pool may take its server for one long after the promotion.
            "target_session_attrs": "any" if pooled else "read-write",
            "connect_timeout": 3,  # seconds, of each host
            "tcp_user_timeout": 10_000,  # milliseconds until unacknowledged data ends a connection
            # Find an idle connection that was cut off in silence.
            "keepalives_idle": 20,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        },
    }


def mail(name: str, default: str) -> dict[str, Any]:
    """Return the EMAIL_* settings of a mail server's URL; {} without one. Raise as `database`."""
    url = environment.text(name, default)
    if not url:
        return {}
    try:
        parts = urlsplit(url)
        backend, port = MAIL_BACKENDS.get(parts.scheme), parts.port
    except ValueError:
        backend = None
    # Options are refused: an ignored ?EMAIL_USE_TLS=True would send the password in plain text.
    if not backend or parts.query or (backend == "smtp" and not parts.hostname):
        raise ImproperlyConfigured(
            f"{name} is not the URL of a mail server, such as smtp+tls://user:password@host:587."
        )
    return {
        "EMAIL_BACKEND": f"django.core.mail.backends.{backend}.EmailBackend",
        "EMAIL_FILE_PATH": unquote(parts.path)[1:],
        "EMAIL_HOST": parts.hostname or "",
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme in {"smtp+tls", "smtps"},
        "EMAIL_USE_SSL": parts.scheme == "smtp+ssl",
    } | ({"EMAIL_PORT": port} if port else {})


def redis(name: str) -> str:
    """Return the URL of a Redis server; "" without one. Raise as `database`."""
    url = environment.text(name)
    if url:
        from redis import Redis  # noqa: PLC0415 - only limits need it

        try:
            Redis.from_url(url)  # does not connect
        except ValueError:
            raise ImproperlyConfigured(f"{name} is no URL such as redis://redis:6379/0.") from None
    return url
