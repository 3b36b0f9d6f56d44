"""Django's PostgreSQL backend with a cheaper health check, prepared statements, and safe forks."""

import os
import select
from contextlib import suppress
from itertools import count
from time import monotonic
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql import base
from psycopg2 import InterfaceError

from serving.postgresql import waiting

# A plan suits the size that the tables had when it was made: a plan for an empty table reads all of
# it, and in its first minute a campaign gets thousands of players.
PLAN_SECONDS = 10.0

_plan_numbers = count()


class limited:  # noqa: N801 - read as a verb: "with limited()"
    """Yield the thread's connection; cut it off if the block takes longer than ANSWER_SECONDS.

    The statement under way then raises OperationalError. statement_timeout does not limit how long
    a commit waits for a synchronous standby; this does. A class, since a generator takes twice as
    many calls of each play.
    """

    def __enter__(self) -> Any:
        connection = connections[DEFAULT_DB_ALIAS]
        waiting.start_watching(os.getpid())
        self._limit = monotonic() + waiting.ANSWER_SECONDS, connection
        waiting.under_way.add(self._limit)
        return connection

    def __exit__(self, *_error: object) -> None:
        waiting.under_way.discard(self._limit)


class Statement:
    """An SQL statement that every connection prepares once for many executions.

    Parameters are named, and given with their types. A "%" may stand only before a parameter. The
    first execution prepares the statement in the same round trip. A returning play takes 0.28 ms of
    PostgreSQL's CPU instead of 0.51 (docs/performance.md). SQLite, and a pool that lends another
    connection for each transaction (DATABASE_POOLED), execute the statement as it is written.
    """

    def __init__(self, name: str, sql: str, **types: str) -> None:
        self._name, self._sql = name, sql
        parameters = {parameter: f"${number}" for number, parameter in enumerate(types, 1)}
        self._prepare = f"({', '.join(types.values())}) AS {sql % parameters}"
        self._values = f"({', '.join(f'%({parameter})s' for parameter in types)})"

    def execute(self, **values: Any) -> Any:
        """Execute the statement; return its first row, or None.

        Raise OperationalError if PostgreSQL does not answer within ANSWER_SECONDS.
        """
        with limited() as connection, connection.cursor() as cursor:
            plans = getattr(connection, "plans", None)
            if plans is None:
                cursor.execute(self._sql, values)
            else:
                self._execute_prepared(cursor, plans, values)
            return cursor.fetchone() if cursor.description else None

    def _execute_prepared(self, cursor: Any, plans: dict[str, Any], values: Any) -> None:
        plan, expires_at = plans.get(self._name, ("", 0.0))
        sql = f"EXECUTE {plan} {self._values}"
        if monotonic() >= expires_at:
            drop_old = f"DEALLOCATE {plan};" if plan else "" if plans else "DEALLOCATE ALL;"
            plan, expires_at = f"{self._name}_{next(_plan_numbers)}", monotonic() + PLAN_SECONDS
            sql = f"{drop_old} PREPARE {plan} {self._prepare}; EXECUTE {plan} {self._values}"
        try:
            cursor.execute(sql, values)
        except Exception:
            # It is unknown whether the plan was made. The next execution drops all plans.
            plans.clear()
            raise
        plans[self._name] = plan, expires_at


# For health checks: limited in time, unlike a cursor.
PING = Statement("ping", "SELECT %(number)s", number="int")


class DatabaseWrapper(base.DatabaseWrapper):
    """Looks at the socket where Django's health check would ask the server: one round trip less.

    A server that restarts or ends a session closes the connection, so that an idle one becomes
    readable. One that was cut off in silence is found by TCP's keepalive (see the settings).
    """

    # Plans of this connection by statement. None if the connection comes from a pool.
    plans: dict[str, Any] | None = None
    opened_by = 0  # id of the process that opened the connection

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        self.opened_by = os.getpid()
        pooled = self.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")
        self.plans = None if pooled else {}
        return super().get_new_connection(conn_params)

    def is_usable(self) -> bool:
        if self.errors_occurred or self.connection is None or self.connection.closed:
            return super().is_usable() and not self._refuses_writes()
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0)

    def _refuses_writes(self) -> bool:
        """Return whether the server is read-only, as a standby is: another one may take writes."""
        with self.connection.cursor() as cursor:
            cursor.execute("SHOW transaction_read_only")
            (read_only,) = cursor.fetchone()
        return bool(read_only == "on")

    def ensure_connection(self) -> None:
        self._leave_to_parent()
        super().ensure_connection()

    def close(self) -> None:
        self._leave_to_parent()
        super().close()

    def _leave_to_parent(self) -> None:
        """Let go of a connection that was open when this process was forked.

        Two processes on one connection read each other's rows. Only the socket is closed here:
        closing the connection would end the parent's session too. uWSGI calls no fork handlers, so
        the process's id is compared.
        """
        if self.connection is not None and self.opened_by != os.getpid():
            with suppress(InterfaceError):  # it may be closed
                os.close(self.connection.fileno())
            self.connection = None
