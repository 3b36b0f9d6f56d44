import time
from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from esp_mail import environment, service_urls

# Any number, as long as nothing else that uses this database takes the same.
LOCK = 7_733_001
TRY_LOCK = "SELECT pg_try_advisory_lock(%s)"


class Command(migrate.Command):
    help = "Migrate as `migrate` does, one process at a time: the others wait for it."

    def execute(self, *args: Any, **options: Any) -> Any:
        # The lock belongs to a connection, so it must not go through a pool of connections.
        if environment.text("DATABASE_DIRECT_URL"):
            direct = service_urls.database("DATABASE_DIRECT_URL", debug_value="")
            connections[options["database"]].settings_dict.update(direct)
        return super().execute(*args, **options)

    def handle(self, *args: Any, **options: Any) -> None:
        connection = connections[options["database"]]
        if connection.vendor != "postgresql":  # SQLite serves one machine, which starts one process
            super().handle(*args, **options)
            return
        with connection.cursor() as cursor:
            # Not pg_advisory_lock: CREATE INDEX CONCURRENTLY would wait for whoever waits there.
            cursor.execute(TRY_LOCK, [LOCK])
            while not cursor.fetchone()[0]:
                time.sleep(0.5)
                cursor.execute(TRY_LOCK, [LOCK])
            try:
                super().handle(*args, **options)
            finally:  # the lock of a process that dies is freed too
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
