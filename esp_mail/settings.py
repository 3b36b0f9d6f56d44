"""Settings of ESP mail.

What differs between machines comes from the environment; `.env.example` lists every variable.
Without DEBUG nothing that a production needs has a silent default: it is missing, and said so.
"""

import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)


def required(name: str, *, in_debug: str, example: str) -> str:
    """Return the variable, or `in_debug` where DEBUG is on."""
    # Not by django-environ, which takes a value that starts with "$" for another variable's name.
    value = os.environ.get(name, "") or (in_debug if DEBUG else "")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Set it (for example {name}={example}), "
            "or DEBUG=1 to try the project on this machine."
        )
    return value


SECRET_KEY = required(
    "SECRET_KEY",
    in_debug="for-debug-only",
    example="$(python3 -c 'import secrets; print(secrets.token_urlsafe(50))')",
)
ALLOWED_HOSTS = [
    host.strip()
    for host in required(
        "ALLOWED_HOSTS", in_debug="localhost,127.0.0.1,[::1]", example="play.example.com"
    ).split(",")
]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "esp",
    "games",
    "rest_framework",
    "unfold",  # the admin's look; before the admin
    "unfold.contrib.import_export",
    "import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "esp_mail.urls"
WSGI_APPLICATION = "esp_mail.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def database(url: str) -> dict[str, Any]:
    """Return Django's settings for a database URL, with what exact counting needs on its engine."""
    config: dict[str, Any] = environ.Env.db_url_config(url)
    options: dict[str, Any]
    if config["ENGINE"] == "django.db.backends.sqlite3":
        # A write transaction takes the lock when it begins: one that only upgrades from reading
        # to writing fails at once when two meet, whatever the timeout.
        options = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 30,
            "init_command": "PRAGMA journal_mode = WAL",
        }
        # A file rather than memory, so that the tests' server processes see the same rows.
        config["TEST"] = {"NAME": f"{config['NAME']}.test"}
    else:
        options = {"connect_timeout": 3}
        config |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
    return config | {"OPTIONS": options | config.get("OPTIONS", {})}


DATABASES = {
    "default": database(
        required(
            "DATABASE_URL",
            in_debug=f"sqlite:///{BASE_DIR / 'db.sqlite3'}",
            example="postgres://user:password@host:5432/name",
        )
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The values of .env.example let a stranger try the three containers; they may not serve the public.
if any("trial-only" in secret for secret in (SECRET_KEY, DATABASES["default"]["PASSWORD"])) and (
    not {"localhost", "127.0.0.1", "[::1]"}.issuperset(ALLOWED_HOSTS)
):
    raise ImproperlyConfigured(
        "SECRET_KEY or the database's password is the one of .env.example, which everybody knows: "
        "make your own before ALLOWED_HOSTS names a public host."
    )

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage."
        + ("StaticFilesStorage" if DEBUG else "ManifestStaticFilesStorage")
    },
}

# TLS ends in front of the web process, which learns of it by this header; nginx always sets it.
HTTPS = env.bool("HTTPS", default=not DEBUG)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# The other hosts of the operator's domain are not ours to bind to HTTPS.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
    ],
    # Closed unless a view says that it is open.
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "EXCEPTION_HANDLER": "games.exceptions.exception_handler",
}

# Who may see a list may export it; who may add a game may import many.
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "view"
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "add"

# Of the admin's buttons and links, from light to dark: a blue to be read on both of its grounds.
SHADES = (50, *range(100, 1000, 100), 950)
LIGHTNESS = (97, 93, 88, 81, 71, 62, 52, 46, 41, 37, 28)
PRIMARY = {
    str(shade): f"oklch({light}% 0.15 262)" for shade, light in zip(SHADES, LIGHTNESS, strict=True)
}
UNFOLD = {
    "SITE_TITLE": "ESP mail",
    "SITE_HEADER": "ESP mail",
    "SITE_SYMBOL": "stadia_controller",
    "DASHBOARD_CALLBACK": "games.dashboard.page.dashboard",
    "STYLES": [lambda _request: static("games/console.css")],
    "COLORS": {"primary": PRIMARY},
}

# The dotted path of a class that follows esp.backends.base.ESPBackend, and its keyword arguments.
ESP_BACKEND = required(
    "ESP_BACKEND",
    in_debug="esp.backends.mock.MockBackend",
    example="esp.backends.mock.MockBackend",
)
try:
    ESP_OPTIONS = env.json("ESP_OPTIONS", default={})
except ValueError as error:
    # Not the text itself: it holds the key.
    raise ImproperlyConfigured("ESP_OPTIONS is not a JSON object.") from error
# Seconds that a play waits for the ESP at most, in all.
ESP_BUDGET = env.float("ESP_BUDGET", default=2.0)
# How many threads of a process may wait for the ESP at once; the rest serve returning players.
ESP_CONCURRENCY = int(
    os.environ.get("ESP_CONCURRENCY") or max(1, env.int("WEB_THREADS", default=16) * 3 // 4)
)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # Django's own handler would print each of its lines a second time.
    "loggers": {"django": {"handlers": [], "level": "NOTSET"}},
}
