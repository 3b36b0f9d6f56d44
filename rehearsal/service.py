"""A process that is started again whenever it ends, as a container's restart policy has it."""

import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

FIRST_PAUSE = 0.1  # seconds, as Docker's


class Service:
    """A command, in a session of its own: with its leader dead, what it left is killed too."""

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

    def stop(self) -> None:
        """Ask the process to end, and wait until it has."""
        self._wanted.clear()
        self._stopped.set()
        while self._keeper.is_alive():
            self._process.terminate()
            self._keeper.join(20)

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
            self._stopped.wait(FIRST_PAUSE)
