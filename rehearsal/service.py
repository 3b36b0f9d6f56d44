"""A process that restarts whenever it ends, as a container does."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil
from django.conf import settings

RESTART_SECONDS = 0.1  # as long as Docker waits before its first restart


def python(folder: Path) -> str:
    """Return the Python for the code in this folder; a previous release has its own packages."""
    if folder == settings.BASE_DIR:
        return sys.executable
    return str(folder / ".venv" / "bin" / "python")


class Service:
    """A command in its own session; when its leader dies, the rest of the session is killed."""

    def __init__(
        self, command: Sequence[str], *, folder: Path, environment: dict[str, str], log: Path
    ) -> None:
        self.command, self.folder, self.log = command, folder, log
        self.environment = environment
        self._process: subprocess.Popen[bytes]
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._started = threading.Event()
        self._keeper = threading.Thread()

    def start(self) -> None:
        self._wanted.set()
        self._stopped.clear()
        self._started.clear()
        self._keeper = threading.Thread(target=self._keep)
        self._keeper.start()
        self._started.wait()

    def upgrade(self) -> None:
        """Run this checkout's code from the next start on."""
        self.folder = settings.BASE_DIR
        self.command = (sys.executable, *self.command[1:])

    def stop(self) -> None:
        """Tell the process to end, and wait for it; raise RuntimeError if it had to be killed."""
        self._wanted.clear()
        self._stopped.set()
        for _ in range(3):  # a signal that is sent while the process starts may be lost
            if not self._keeper.is_alive():
                return
            self._process.terminate()
            self._keeper.join(20)
        if self._keeper.is_alive():
            self._process.kill()
            self._keeper.join()
            raise RuntimeError(f"{self.command[0]} does not end when it is told to")

    @property
    def leader(self) -> psutil.Process:
        return psutil.Process(self._process.pid)

    def _keep(self) -> None:
        while self._wanted.is_set():
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    self.command,
                    cwd=self.folder,
                    env=os.environ | self.environment,
                    start_new_session=True,
                    stdout=log,
                    stderr=log,
                )
            self._started.set()
            self._process.wait()
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._stopped.wait(RESTART_SECONDS)
