"""Staff pages read a replica of the database, where there is one and it keeps up.

Only games and plays, outside of transactions, on the admin's pages that change nothing. What
counts, locks, or says who may do what knows nothing of it. See docs/scaling.md.
"""

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError, connections, models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase

from games.models import Game, Play

logger = logging.getLogger(__name__)

REPLICA = "replica"
MOST_BEHIND = 5  # seconds
LOOK_EVERY = 2.0  # seconds
# Whoever changed something reads the primary until the replica has the change for certain.
PINNED = "read_primary"
PINNED_FOR = 15  # seconds; longer than the two above

reads_replica = ContextVar("reads_replica", default=False)


class ReplicaRouter:
    """Says where each query goes."""

    def db_for_read(self, model: type[models.Model], **_hints: Any) -> str:
        # In a transaction something is written, or locked, by what is read.
        inside = connections[DEFAULT_DB_ALIAS].in_atomic_block
        may = reads_replica.get() and model in {Game, Play} and not inside
        return REPLICA if may else DEFAULT_DB_ALIAS

    def db_for_write(self, _model: type[models.Model], **_hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, *_objects: models.Model, **_hints: Any) -> bool:
        return True  # they are the same rows

    def allow_migrate(self, db: str, _app: str, **_hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


class ReplicaMiddleware:
    """Says which requests may read the replica."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.fresh, self.look_at = False, 0.0

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        reads_replica.set(False)
        if request.method == "POST" and _is_staff_page(request):
            secure = settings.SESSION_COOKIE_SECURE
            response.set_cookie(
                PINNED, "1", PINNED_FOR, httponly=True, samesite="Lax", secure=secure
            )
        return response

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        reads_replica.set(
            _is_staff_page(request)
            and (request.method in {"GET", "HEAD"} or request.path.endswith("/export/"))
            and PINNED not in request.COOKIES
            and self._keeps_up()
        )

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Have the page asked for again, of the primary, where the replica failed at it."""
        if not reads_replica.get() or not isinstance(error, (DatabaseError, InterfaceError)):
            return None
        self._found(fresh=False)
        return HttpResponseRedirect(request.get_full_path(), preserve_request=True)

    def _keeps_up(self) -> bool:
        if time.monotonic() >= self.look_at:
            self._found(fresh=keeps_up())
        return self.fresh

    def _found(self, *, fresh: bool) -> None:
        if self.fresh and not fresh:
            logger.warning("the replica is down or behind: staff pages read the primary")
        self.fresh, self.look_at = fresh, time.monotonic() + LOOK_EVERY


def _is_staff_page(request: HttpRequest) -> bool:
    return request.resolver_match is not None and request.resolver_match.app_name == "admin"


def keeps_up() -> bool:
    """Return whether the replica has all that is committed now, or was until `MOST_BEHIND` ago.

    By position first: where nobody plays, its last commit is old and yet the newest.
    """
    with connections[DEFAULT_DB_ALIAS].cursor() as primary:
        primary.execute("SELECT pg_current_wal_insert_lsn()::text")
        (position,) = primary.fetchone()
    try:
        with connections[REPLICA].cursor() as replica:
            replica.execute(
                "SELECT pg_is_in_recovery() AND (pg_last_wal_replay_lsn() >= %s::pg_lsn"
                " OR now() - pg_last_xact_replay_timestamp() < %s * interval '1 second')",
                [position, MOST_BEHIND],
            )
            return bool(replica.fetchone()[0])
    except (DatabaseError, InterfaceError):
        connections[REPLICA].close()
        return False
