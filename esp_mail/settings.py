"""Settings of ESP mail.

What differs between machines comes from the environment; `.env.example` lists every variable.
Without DEBUG nothing that a production needs has a silent default: it is missing, and said so.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static

from esp_mail import environment, logs

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = environment.flag("DEBUG", default=False)


def required(name: str, *, in_debug: str, example: str) -> str:
    """Return the variable, or `in_debug` where DEBUG is on."""
    value = environment.text(name, in_debug if DEBUG else "")
    if not value.strip(","):
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
# Keys the hashes that stand for addresses in the log, and by which an erased one is known again: it
# must stay when SECRET_KEY changes.
PRIVACY_KEY = required(
    "PRIVACY_KEY",
    in_debug="for-debug-only",
    example="$(python3 -c 'import secrets; print(secrets.token_urlsafe(50))')",
)
required("ALLOWED_HOSTS", in_debug="any", example="play.example.com")
ALLOWED_HOSTS = environment.items("ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = environment.items("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "accounts",  # before django-allauth, whose pages it gives the site's look
    "esp",
    "games",
    "rest_framework",
    "django_filters",
    "knox",
    "allauth",
    "accounts.console_config.SignInConfig",  # allauth.account
    "allauth.mfa",
    "allauth.headless",
    "corsheaders",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "unfold.apps.BasicAppConfig",  # the admin's look; before the admin
    "unfold.contrib.import_export",
    "import_export",
    "accounts.console_config.ConsoleConfig",  # django.contrib.admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]

# They add headers. PublicAPIMiddleware remembers what they say of a play: it must hang on nothing
# but the request's origin, scheme and language.
HEADER_MIDDLEWARE = [
    "corsheaders.middleware.CorsMiddleware",  # early: a preflight needs nothing of the others
    "django.middleware.security.SecurityMiddleware",
    "esp_mail.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
MIDDLEWARE = [
    "esp_mail.observing.ObservingMiddleware",
    "esp_mail.middleware.PublicAPIMiddleware",  # a play goes to its view past those that follow
    *HEADER_MIDDLEWARE,
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "esp_mail.urls"
# Where the admin is; nginx takes the same variable.
ADMIN_PATH = environment.url_path("ADMIN_PATH", "admin")
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


def database(url: str, name: str = "DATABASE_URL") -> dict[str, Any]:
    """Return Django's settings for a database URL, with what exact counting needs on its engine."""
    config = environment.database(name, url)
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
        # Seconds; and milliseconds until data that nothing acknowledges ends the connection.
        # The keepalive finds what was cut off in silence while it was idle.
        options = {"connect_timeout": 3, "tcp_user_timeout": 10_000}
        options |= {"keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 3}
        config |= {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
        # Behind a pool that lends a connection for a transaction, a cursor must not outlive one.
        config["DISABLE_SERVER_SIDE_CURSORS"] = environment.flag("DATABASE_POOLED", default=False)
        # So that one secret can be the database's container's and this one's.
        config["PASSWORD"] = config["PASSWORD"] or environment.text("POSTGRES_PASSWORD")
        config["ENGINE"] = "esp_mail.postgresql"
    return config | {"OPTIONS": options | config.get("OPTIONS", {})}


DATABASES = {
    "default": database(
        required(
            "DATABASE_URL",
            in_debug=f"sqlite:///{quote(str(BASE_DIR / 'db.sqlite3'))}",
            example="postgres://user:password@host:5432/name",
        )
    )
}
# A copy that staff pages may read; see esp_mail.replica.
if REPLICA_URL := environment.text("REPLICA_URL"):
    DATABASES["replica"] = database(REPLICA_URL, "REPLICA_URL")
    DATABASES["replica"]["OPTIONS"]["connect_timeout"] = 2  # seconds; less is not heeded
    DATABASE_ROUTERS = ["esp_mail.replica.ReplicaRouter"]
    MIDDLEWARE.append("esp_mail.replica.ReplicaMiddleware")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The values of .env.example let a stranger try the three containers; they may not serve the public.
SECRETS = (SECRET_KEY, PRIVACY_KEY, DATABASES["default"]["PASSWORD"])
if any("trial-only" in secret for secret in SECRETS) and (
    not {"localhost", "127.0.0.1", "[::1]"}.issuperset(ALLOWED_HOSTS)
):
    raise ImproperlyConfigured(
        "SECRET_KEY, PRIVACY_KEY or the database's password is the one of .env.example, which "
        "everybody knows: make your own before ALLOWED_HOSTS names a public host."
    )

# Limits on plays need it; nothing else does, so that nothing else stops when it is away.
REDIS_URL = environment.redis_url("REDIS_URL")
# Attempts to sign in are counted here, exactly enough only where all processes share it.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},  # of 300, a crowd would push out a guesser's count
    }
}

# The header in which the proxy states the client's address. Empty: nobody is believed.
CLIENT_IP_HEADER = environment.text("CLIENT_IP_HEADER")
# Limits, as (how many, in how many seconds), or None.
PLAYS_PER_ADDRESS = environment.rate("PLAYS_PER_ADDRESS")
ADDRESSES_PER_CLIENT = environment.rate("ADDRESSES_PER_CLIENT")
if (PLAYS_PER_ADDRESS or ADDRESSES_PER_CLIENT) and not REDIS_URL:
    raise ImproperlyConfigured(
        "PLAYS_PER_ADDRESS and ADDRESSES_PER_CLIENT are kept in Redis, but REDIS_URL is not set."
    )
if ADDRESSES_PER_CLIENT and not (CLIENT_IP_HEADER or DEBUG):
    raise ImproperlyConfigured(
        "ADDRESSES_PER_CLIENT would take the proxy for the one client of all players: name the "
        "header in which it states the client's address, as in CLIENT_IP_HEADER=X-Real-IP."
    )

# Staff see personal data: a working day at most, and no longer than the browser is open.
SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# Accounts, by django-allauth.
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email", "username"}  # staff made by createsuperuser may have no address
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_SESSION_REMEMBER = False  # see SESSION_EXPIRE_AT_BROWSER_CLOSE
ACCOUNT_MAX_EMAIL_ADDRESSES = 1  # one person is one address
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_RATE_LIMITS = {"erasure": "5/h/user"}  # ours; those of django-allauth stay as they are
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_USER_DISPLAY = lambda user: user.email or user.get_username()  # noqa: E731
# An address that nobody confirmed cannot sign in, and so sets up nothing; staff may have none.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "ESP mail"
MFA_TOTP_TOLERANCE = 1  # a clock half a minute wrong
HEADLESS_CLIENTS = ("app",)  # browsers have pages
HEADLESS_SERVE_SPECIFICATION = True
HEADLESS_SPECIFICATION_TEMPLATE_NAME = None  # it would load its viewer from another origin
# Staff show a second factor before they see the admin or use the API in a session.
STAFF_REQUIRES_MFA = environment.flag("STAFF_REQUIRES_MFA", default=not DEBUG)

# Without a mail server nobody can register: their address could not be confirmed.
MAIL = environment.mail("EMAIL_URL", "consolemail://" if DEBUG else "")
MAIL_ENABLED = bool(MAIL)
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
globals().update(MAIL)
EMAIL_TIMEOUT = 10  # seconds, of a player who waits
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "ESP mail <noreply@localhost>")

KNOX_TOKEN_MODEL = "accounts.Token"  # noqa: S105 - a model's name
MIGRATION_MODULES = {"knox": None}  # they would make the table of the model that ours replaces
REST_KNOX = {"TOKEN_PREFIX": "esp_"}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский")]
LANGUAGE_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = environment.time_zone("TIME_ZONE", "UTC")
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
HTTPS = environment.flag("HTTPS", default=not DEBUG)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# The other hosts of the operator's domain are not ours to bind to HTTPS.
SILENCED_SYSTEM_CHECKS = [
    "security.W005",
    "security.W021",
]

# The origins whose pages may call the API; nothing else of the site is open to another origin.
CORS_ALLOWED_ORIGINS = environment.items("CORS_ALLOWED_ORIGINS")
CORS_URLS_REGEX = r"^/api/verification_mail/?$"
CORS_ALLOW_METHODS = ["POST"]
CORS_ALLOW_HEADERS = ["accept-language", "content-type", "idempotency-key"]
CORS_EXPOSE_HEADERS = ["Retry-After", "X-Request-ID"]

# By the app_name of the address, "" for the rest; see esp_mail.csp.
STRICT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
CONTENT_SECURITY_POLICIES = {
    "": STRICT_POLICY,
    # The theme's Alpine.js evaluates expressions of its pages, which also carry their own styles.
    "admin": STRICT_POLICY.replace("script-src", "script-src 'unsafe-eval'")
    .replace("style-src", "style-src 'unsafe-inline'")
    .replace("img-src", "img-src data:")
    .replace("default-src 'none'", "default-src 'self'"),
    # Swagger UI's bundle writes styles and icons of its own into the page.
    "docs": STRICT_POLICY.replace("style-src", "style-src 'unsafe-inline'").replace(
        "img-src", "img-src data:"
    ),
}

# Where the consent line of the form leads; without it the line has no link.
CONSENT_URL = environment.text("CONSENT_URL")

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",  # first: it names the scheme in a 401
        "accounts.authentication.AppSessionAuthentication",
        "accounts.authentication.BrowserAuthentication",
    ],
    "DEFAULT_THROTTLE_RATES": {"user": "600/min"},
    # Closed unless a view says that it is open.
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "EXCEPTION_HANDLER": "games.exceptions.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ESP mail",
    "DESCRIPTION": "Counts the plays of a promo game by email address.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# Rights of their own: see the permissions of games.models.Game.
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "export"
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "import"

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
ESP_OPTIONS = environment.json_object("ESP_OPTIONS")
# Seconds that a play waits for the ESP at most, in all.
ESP_BUDGET = environment.number("ESP_BUDGET", 2.0, most=15.0)  # well within a contact's lease
# How many threads of a process may wait for the ESP at once; the rest serve returning players.
ESP_CONCURRENCY = environment.number(
    "ESP_CONCURRENCY", max(1, environment.number("WEB_THREADS", 16) * 3 // 4)
)

LOG_LEVEL = environment.log_level("LOG_LEVEL", "INFO")
LOGGING = logs.configuration(LOG_LEVEL, plain=DEBUG)
LOG_REQUESTS = LOG_LEVEL in ("DEBUG", "INFO") and not DEBUG  # runserver has lines of its own
# Where errors are reported besides.
SENTRY_DSN = environment.text("SENTRY_DSN")
if SENTRY_DSN:
    from esp_mail import error_reports  # not loaded in vain

    error_reports.start(SENTRY_DSN)
# The port where a delivery process in a container of its own shows its metrics.
DELIVERY_METRICS_PORT = environment.port("DELIVERY_METRICS_PORT")
