"""What `manage.py doctor` asks beside Django's checks. Each part returns a line or raises Wrong."""

import smtplib
import time
from collections.abc import Callable
from io import StringIO

from django.conf import settings
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import Error, NotSupportedError, connection
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from redis import RedisError

from esp.checks import check_backend
from esp.management.commands.esp_check import NO_ANSWER
from games.limits import limiter
from stats.backlog import Backlog

CLOCK_SECONDS = 5.0
# Parts of what PostgreSQL and its library say, and what it means. Their own words name the host.
REASONS = {
    "password": gettext_lazy("it refuses the user or the password"),
    "Peer": gettext_lazy("run this as the system user whom DATABASE_URL names"),
    "does not exist": gettext_lazy("it has no such user or database"),
    "translate host name": gettext_lazy("its host name is not known"),
    "refused": gettext_lazy("nothing listens at its host and port"),
    "No such file": gettext_lazy("nothing listens at its socket"),
    "timeout": gettext_lazy("its host does not answer in time"),
    "read-only": gettext_lazy("it is a standby, which accepts no plays"),
}
UNKNOWN_REASON = gettext_lazy("the log of the database says why")


class Wrong(Exception):
    """What is wrong, and what to do."""

    def __init__(self, problem: str, advice: str) -> None:
        self.problem, self.advice = problem, advice


def database() -> str:
    try:
        connection.ensure_connection()
    except NotSupportedError as error:  # too old
        raise Wrong(str(error), _("Upgrade the database server.")) from None
    except Error as error:
        reason = next((REASONS[part] for part in REASONS if part in str(error)), UNKNOWN_REASON)
        problem = _("The database does not answer: %(reason)s.") % {"reason": reason}
        raise Wrong(problem, _("Correct DATABASE_URL, or start the database.")) from None
    if connection.vendor == "postgresql":
        _postgresql()
    version = ".".join(map(str, connection.get_database_version()))
    return f"{connection.display_name} {version}"


def _postgresql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        difference = abs(float(cursor.fetchone()[0]) - time.time())
    if difference > CLOCK_SECONDS:
        problem = _("The clocks of the database and of this machine differ by %(n)d seconds.")
        raise Wrong(problem % {"n": difference}, _("Set both by NTP."))


def esp() -> str:
    if any(each.is_serious() for each in check_backend()):  # then it cannot be asked
        raise Wrong(_("ESP_BACKEND or ESP_OPTIONS is wrong."), _("See “Settings” below."))
    try:
        call_command("esp_check", stdout=StringIO())
    except CommandError as error:
        advice = _("docs/esp-backends.md says what each ESP needs.")
        if error.returncode == NO_ANSWER:
            advice = _("Let this machine reach the ESP, and look at the ESP's status page.")
        raise Wrong(str(error), advice) from None
    return _("The ESP answers; key, rights and list are right.")


def delivery() -> str:
    backlog = Backlog.read()
    if backlog.pause:
        problem = _("Delivery is paused: %(reason)s") % {"reason": backlog.pause.reason}
        raise Wrong(problem, _("Correct ESP_BACKEND and ESP_OPTIONS; it continues by itself."))
    if backlog.late:
        problem = _("A contact has been waiting for %(n)d minutes.")
        advice = _("Start delivery, or read in its log why it gets nowhere.")
        raise Wrong(problem % {"n": backlog.oldest_seconds // 60}, advice)
    return _("No contact is late.")


def mail_server() -> str:
    if not settings.MAIL_ENABLED:
        return _("EMAIL_URL is not set: nobody can register or reset a password.")
    server = mail.get_connection()
    try:
        server.open()
        server.close()
    except smtplib.SMTPAuthenticationError:
        problem = _("The mail server refuses the user or the password.")
        raise Wrong(problem, _("Correct EMAIL_URL.")) from None
    except (OSError, smtplib.SMTPException) as error:
        problem = _("The mail server does not answer (%(error)s).")
        advice = _("Correct EMAIL_URL, or let this machine reach it.")
        raise Wrong(problem % {"error": type(error).__name__}, advice) from None
    return _("The mail server answers. Nothing was sent.")


def redis() -> str:
    if not settings.REDIS_URL:
        return _("REDIS_URL is not set: there are no limits in the application.")
    try:
        limiter.connect().ping()
    except RedisError:
        problem = _("Redis does not answer: plays pass without limits.")
        raise Wrong(problem, _("Correct REDIS_URL, or start Redis.")) from None
    return _("Redis answers.")


def clock() -> str:
    now = timezone.localtime()
    return _("%(zone)s: it is %(time)s.") % {"zone": settings.TIME_ZONE, "time": f"{now:%H:%M}"}


PARTS: list[tuple[Promise, Callable[[], str]]] = [
    (gettext_lazy("Database"), database),
    (gettext_lazy("ESP"), esp),
    (gettext_lazy("Delivery"), delivery),
    (gettext_lazy("Mail"), mail_server),
    (gettext_lazy("Redis"), redis),
    (gettext_lazy("Time zone"), clock),
]
