"""PgBouncer with our configuration, in front of a server of the tests."""

import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from testing.postgres import OWNER, give_to_owner
from testing.server import free_port, wait_for

PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")


class PgBouncer:
    """A pool of `size` connections; `environment` leads a web process to it."""

    def __init__(self, folder: Path, database: str, *, size: int) -> None:
        self.port, self.size = free_port(), size
        self.path = folder / "pgbouncer.ini"
        url = f"postgres://esp_mail:secret@127.0.0.1:{self.port}/esp_mail"
        self.environment = {"DATABASE_URL": url, "DATABASE_POOLED": "1"}
        self.configure(database)
        (folder / "users").write_text('"esp_mail" "secret"\n')
        self.process = subprocess.Popen([str(PROGRAM), "--quiet", self.path], user=OWNER)
        wait_for(self._listens)

    def configure(self, database: str) -> None:
        """Write the configuration with the server that this connection string names."""
        config = (settings.BASE_DIR / "pgbouncer" / "pgbouncer.ini").read_text()
        for ours, here in {
            "host=db port=5432 dbname=esp_mail": database,
            "listen_addr = 0.0.0.0": "listen_addr = 127.0.0.1",
            "listen_port = 6432": f"listen_port = {self.port}",
            "default_pool_size = 20": f"default_pool_size = {self.size}",
            "/run/pgbouncer/users": f"{self.path.parent}/users",
        }.items():
            assert ours in config
            config = config.replace(ours, here)
        self.path.write_text(config)

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def _listens(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def pgbouncer(database: str, *, size: int) -> Iterator[PgBouncer]:
    with tempfile.TemporaryDirectory(prefix="esp-mail-") as folder:
        give_to_owner(Path(folder))
        running = PgBouncer(Path(folder), database, size=size)
        try:
            yield running
        finally:
            running.process.terminate()  # PgBouncer ends at once, with its connections
            running.process.wait(10)
