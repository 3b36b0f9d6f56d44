"""Settings of ESP mail.

Everything that differs between machines comes from the environment; `.env.example` lists the
variables. Without DEBUG, what a production needs has no default: if it is missing, nothing starts.
"""

from pathlib import Path
from urllib.parse import quote

from accounts.conf import ALLAUTH
from api import conf
from console import theme
from esp_mail import environment, play_settings, service_urls
from promo import brand
from serving import csp, logs

BASE_DIR = Path(__file__).resolve().parent.parent
# Where an installation has its files: the checkout, or the working directory of an installed wheel.
HOME = BASE_DIR if (BASE_DIR / "pyproject.toml").is_file() else Path.cwd()
NEW_SECRET = "$(python3 -c 'import secrets; print(secrets.token_urlsafe(50))')"  # noqa: S105
MOCK_ESP = "esp.backends.mock.MockBackend"

DEBUG = environment.flag("DEBUG", default=False)
SECRET_KEY = environment.required("SECRET_KEY", debug_value="debug-only", example=NEW_SECRET)
# Keys the hashes of addresses. It must stay when SECRET_KEY changes.
PRIVACY_KEY = environment.required("PRIVACY_KEY", debug_value="debug-only", example=NEW_SECRET)
environment.required("ALLOWED_HOSTS", debug_value="any", example="play.example.com")
ALLOWED_HOSTS = environment.items("ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = environment.items("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "esp_mail",
    "promo",  # before django-allauth, whose pages it gives the site's look
    "console",
    "privacy",
    "stats",
    "accounts",
    "games",
    "esp",
    "serving",
    "rest_framework",
    "django_filters",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "corsheaders",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "unfold.apps.BasicAppConfig",  # the admin's look; before the admin
    "console.admin_config.ConsoleAdminConfig",  # django.contrib.admin
    *[f"django.contrib.{app}" for app in ("auth", "contenttypes", "sessions", "messages")],
    *[f"django.contrib.{app}" for app in ("staticfiles", "humanize")],
]

# They add headers, which may depend only on a request's Origin, Host, scheme and language: the fast
# path of plays (esp_mail.wsgi) computes them once for each.
HEADER_MIDDLEWARE = [
    "corsheaders.middleware.CorsMiddleware",  # first: it answers preflight requests
    "django.middleware.security.SecurityMiddleware",
    "serving.csp.ContentSecurityPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
MIDDLEWARE = [
    "esp_mail.probes.ProbesMiddleware",
    "serving.observing.ObservingMiddleware",
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
ADMIN_PATH = environment.url_path("ADMIN_PATH", "admin")  # nginx reads the same variable
WSGI_APPLICATION = "esp_mail.wsgi.application"
CONTEXT_PROCESSORS = ["django.template.context_processors.request", "accounts.sign_in.mail_enabled"]
CONTEXT_PROCESSORS += [f"django.contrib.{n}.context_processors.{n}" for n in ("auth", "messages")]
OWN = HOME / "site"  # the operator's templates and static files, if any
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [OWN / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": CONTEXT_PROCESSORS},
    },
]

SQLITE = f"sqlite:///{quote(str(HOME / 'db.sqlite3'))}"
DATABASES = {"default": service_urls.database("DATABASE_URL", debug_value=SQLITE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SECRETS = (SECRET_KEY, PRIVACY_KEY, DATABASES["default"].get("PASSWORD", ""))
environment.refuse_trial_secrets(SECRETS, ALLOWED_HOSTS)

# Attempts to sign in are counted in the default: all processes share it, and it needs no Redis.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},  # with 300, a crowd would push out a guesser's count
    },
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {}},
}

# The header in which the proxy states the client's address. Empty: no header is believed.
CLIENT_IP_HEADER = environment.text("CLIENT_IP_HEADER")
TIME_ZONE = environment.time_zone("TIME_ZONE", "UTC")
PLAYS = play_settings.read(behind_proxy=not DEBUG, time_zone=TIME_ZONE)

# Staff see personal data: a session lasts a working day, and ends with the browser.
SESSION_COOKIE_AGE = 8 * 3600  # seconds
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
PASSWORD_RULES = ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
VALIDATOR = "django.contrib.auth.password_validation.{}Validator"
AUTH_PASSWORD_VALIDATORS = [{"NAME": VALIDATOR.format(rule)} for rule in PASSWORD_RULES]

# Accounts, by django-allauth; accounts.conf has its settings.
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account"
# Staff show a second factor before they see the admin or use the API in a session.
STAFF_REQUIRES_MFA = environment.flag("STAFF_REQUIRES_MFA", default=not DEBUG)

BRAND = brand.read(environment.text)
# Without a mail server nobody can register, since nobody could confirm an address.
MAIL = service_urls.mail("EMAIL_URL", "consolemail://" if DEBUG else "")
MAIL_ENABLED = bool(MAIL)
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
globals().update(PLAYS | MAIL | ALLAUTH | BRAND.accounts)
EMAIL_TIMEOUT = 10  # seconds; a player waits
DEFAULT_FROM_EMAIL = environment.text("DEFAULT_FROM_EMAIL", "ESP mail <noreply@localhost>")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ru", "Русский")]
LANGUAGE_COOKIE_AGE = 31_536_000  # seconds: a year
LANGUAGE_COOKIE_SAMESITE = "Lax"
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "accounts" / "allauth_words"]
FORMAT_MODULE_PATH = "esp_mail.formats"  # dates are written in one way everywhere
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATIC_ROOT = HOME / "staticfiles"
STATICFILES_DIRS = [("site", OWN / "static")] if (OWN / "static").is_dir() else []
STATICFILES = "StaticFilesStorage" if DEBUG else "ManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": f"django.contrib.staticfiles.storage.{STATICFILES}"},
}

# TLS ends in front of the web process. nginx always sets this header.
HTTPS = environment.flag("HTTPS", default=not DEBUG)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# HSTS for subdomains and preloading would bind hosts of the operator that are not ours.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SILENCED_SYSTEM_CHECKS += [] if HTTPS else [f"security.W0{n}" for n in ("04", "08", "12", "16")]

CORS_ALLOWED_ORIGINS = environment.items("CORS_ALLOWED_ORIGINS")  # their pages may count plays
CORS_URLS_REGEX = r"^/api/(verification_mail|play_keys)/?$"
CORS_ALLOW_METHODS = ["POST"]
CORS_ALLOW_HEADERS = ["accept-language", "content-type", "idempotency-key"]
CORS_EXPOSE_HEADERS = ["Retry-After", "X-Request-ID"]
CONTENT_SECURITY_POLICIES = csp.policies(BRAND.image_origins)  # by app_name
CONSENT_URL = environment.text("CONSENT_URL")  # the form's consent line links to it

# The class that follows esp.backends.base.ESPBackend, and its keyword arguments.
ESP_BACKEND = environment.required("ESP_BACKEND", debug_value=MOCK_ESP, example=MOCK_ESP)
ESP_OPTIONS = environment.json_object("ESP_OPTIONS")
# Which of PLAY_FIELDS the ESP gets with a new contact, by its own name of each.
ESP_FIELDS = environment.json_object("ESP_FIELDS")
ESP_BUDGET = environment.number("ESP_BUDGET", 2.0, most=15.0)  # seconds that a play waits for it
# How many threads of a process may wait for the ESP at once. The rest serve returning players.
WAITING_THREADS = max(1, environment.number("WEB_THREADS", 16) * 3 // 4)
ESP_CONCURRENCY = environment.number("ESP_CONCURRENCY", WAITING_THREADS)
# Calls a second, of all processes together; None: what the backend knows of its vendor.
ESP_RATE = environment.optional_number("ESP_RATE", float)
ESP_DELIVERY_THREADS = environment.number("ESP_DELIVERY_THREADS", 8)  # contacts settled at once
# A contact that fails so often and for so long, while others get through, is given up.
ESP_GIVE_UP_ATTEMPTS = environment.number("ESP_GIVE_UP_ATTEMPTS", 20)
ESP_GIVE_UP_DAYS = environment.number("ESP_GIVE_UP_DAYS", 3.0)

LOG_LEVEL = environment.log_level("LOG_LEVEL", "INFO")
LOGGING = logs.configuration(LOG_LEVEL, plain=DEBUG)
LOG_REQUESTS = LOG_LEVEL in ("DEBUG", "INFO") and not DEBUG  # runserver has lines of its own
if SENTRY_DSN := environment.text("SENTRY_DSN"):
    from serving import error_reports  # sentry_sdk is loaded only if it is used

    error_reports.start(SENTRY_DSN)
DELIVERY_METRICS_PORT = environment.optional_number("DELIVERY_METRICS_PORT", int, most=65_535)

REST_FRAMEWORK = conf.REST_FRAMEWORK
SPECTACULAR_SETTINGS = conf.SPECTACULAR_SETTINGS
UNFOLD = theme.UNFOLD
