"""System checks of the database, of how the web process is reached, and of the accent colour."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import ManifestFilesMixin, staticfiles_storage
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from esp_mail import environment
from promo import colours

Databases = Sequence[str] | None
# The beginnings of what BIND may be if only this machine can connect.
PRIVATE = ("127.", "localhost", "[::1]", "unix:", "fd:")
# What is lost if PostgreSQL does not wait.
COSTS = {
    "fsync": gettext_lazy("fsync is off: a power cut may destroy the whole database"),
    "full_page_writes": gettext_lazy("full_page_writes is off: a power cut may destroy tables"),
    "synchronous_commit": gettext_lazy(
        "synchronous_commit is off: a crash loses the last answered plays"
    ),
    "standbys": gettext_lazy("no standby is synchronous: a failover loses the last answered plays"),
}
# Who may not read pg_stat_replication in full gets NULL, and so no warning of standbys.
RISKS = """
SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting = 'off'
UNION ALL
SELECT 'standbys' FROM pg_stat_replication WHERE state = 'streaming'
HAVING bool_and(sync_state = 'async' OR current_setting('synchronous_commit') = 'local')
"""


def has_unapplied_migrations() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def missing_tables() -> list[str]:
    """Return the tables of models and of the cache that the database does not have."""
    needed = set(connection.introspection.django_table_names())
    needed.add(str(settings.CACHES["default"]["LOCATION"]))
    return sorted(needed - set(connection.introspection.table_names()))


def missing_static_files() -> list[str]:
    """Return the static files of this code that are not collected, each of which fails a page."""
    if not isinstance(staticfiles_storage, ManifestFilesMixin):  # a developer's machine
        return []
    collected = staticfiles_storage.load_manifest()[0]
    found = {path for finder in get_finders() for path, _storage in finder.list([])}
    return sorted(found - collected.keys())


@register(Tags.database, deploy=True)
def check_migrations(*, databases: Databases = None, **_kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of unapplied migrations. Not in `migrate`, which leaves out the checks of deploy."""
    if databases and has_unapplied_migrations():
        message = _("The database does not have all migrations of this code.")
        yield Warning(message, hint=_("manage.py migrate applies them."), id="esp_mail.W001")


@register(Tags.database)
def check_tables(*, databases: Databases = None, **_kwargs: Any) -> Iterator[CheckMessage]:
    """Report tables that are missing although all migrations are applied."""
    if not databases or has_unapplied_migrations():
        return
    message = _("The database has no table “%(table)s”, though all migrations are applied.")
    hint = _("For “cache” run: manage.py createcachetable. For another, restore a backup.")
    for table in missing_tables():
        yield Error(message % {"table": table}, hint=hint, id="esp_mail.E001")


@register(Tags.database)
def check_durability(*, databases: Databases = None, **_kwargs: Any) -> Iterator[CheckMessage]:
    """Warn if an answered play could be lost with the server, or with its machine."""
    if not databases or connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(RISKS, [list(COSTS)])
        risks = sorted(name for (name,) in cursor.fetchall())
    hint = _("docs/high-availability.md says what each setting costs.")
    for risk in risks:
        yield Warning(f"PostgreSQL: {COSTS[risk]}.", hint=hint, id="esp_mail.W004")


@register(Tags.compatibility)
def check_accent(**_kwargs: Any) -> Iterator[CheckMessage]:
    """Warn if text in the accent colour could not be read on light pages, which then darken it."""
    accent: str = settings.BRAND.accent or "#000000"
    ratio, tone = colours.contrast(accent, colours.LIGHT), colours.readable(accent, colours.LIGHT)
    if tone != accent:
        message = _(
            "SITE_ACCENT %(accent)s has a contrast of %(ratio).1f to light pages; text needs"
            " %(least)s. They show %(tone)s instead."
        ) % {"accent": accent, "ratio": ratio, "least": colours.READABLE, "tone": tone}
        hint = _("Set a darker colour, such as SITE_ACCENT=%(tone)s.") % {"tone": tone}
        yield Warning(message, hint=hint, id="esp_mail.W003")


@register(Tags.staticfiles, deploy=True)
def check_static_files(**_kwargs: Any) -> Iterator[CheckMessage]:
    """Report static files that are not collected: the pages that link to them answer 500."""
    if missing := missing_static_files():
        message = _("Pages answer 500: %(n)d static files are not collected, such as %(path)s.")
        hint = _("Run: manage.py collectstatic --noinput")
        values = {"n": len(missing), "path": missing[0]}
        yield Error(message % values, hint=hint, id="esp_mail.E002")


@register(Tags.security, deploy=True)
def check_proxy(**_kwargs: Any) -> Iterator[CheckMessage]:
    """Warn if other machines reach gunicorn without a proxy, or if a proxy's header is not read."""
    if settings.CLIENT_IP_HEADER:
        return
    exposed = [bind for bind in environment.items("BIND") if not bind.startswith(PRIVATE)]
    if exposed:
        message = _("gunicorn listens on %(bind)s, and CLIENT_IP_HEADER names no proxy's header.")
        hint = _(
            "Each idle connection would occupy a thread. Let nginx take the connections, "
            "and set CLIENT_IP_HEADER; or set BIND=127.0.0.1:8000."
        )
        yield Warning(message % {"bind": exposed[0]}, hint=hint, id="esp_mail.W002")
    if environment.text("TRUSTED_PROXIES"):
        message = _("TRUSTED_PROXIES is set, but CLIENT_IP_HEADER is not: all clients are one.")
        hint = _("Set CLIENT_IP_HEADER=X-Real-IP, which nginx overwrites.")
        yield Warning(message, hint=hint, id="esp_mail.W005")


@register(Tags.security, deploy=True)
def check_not_a_trial(**_kwargs: Any) -> Iterator[CheckMessage]:
    """Warn of what only a trial may have: its secrets, and HTTP."""
    if settings.SECRET_KEY.startswith("trial-only"):  # it starts for this machine only
        message = _(
            "This is a trial for this machine, not for production: SECRET_KEY is the trial's."
        )
        yield Warning(message, hint=_(".env.example says how to make one."), id="esp_mail.W006")
    if not settings.HTTPS:  # once, in place of four checks that name Django's settings
        message = _("HTTPS=0: what visitors type and their cookies travel unencrypted.")
        hint = _("Set HTTPS=1, unless this is a trial.")
        yield Warning(message, hint=hint, id="esp_mail.W007")
