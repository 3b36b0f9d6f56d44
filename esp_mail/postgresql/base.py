"""Django's PostgreSQL, with a look at the socket where Django's health check asks the server."""

import select
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Saves a play the second of its two round trips, and a tenth of its CPU.

    A server that restarts or ends a session closes the connection: something is to be read from one
    that is idle. One that is cut off in silence is found by TCP's keepalive (see the settings).
    """

    # What the connection has prepared: see `prepared.Statement`. None where that is of no use.
    prepared: dict[str, Any] | None = None

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        pooled = self.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")
        self.prepared = None if pooled else {}
        return super().get_new_connection(conn_params)

    def is_usable(self) -> bool:
        if self.errors_occurred or self.connection is None or self.connection.closed:
            return super().is_usable()
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN)
        return not poll.poll(0)
