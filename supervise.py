"""The web process and delivery, forked from one that has loaded the program; they end together.

So they share what the program is made of, and write their lines themselves: honcho, which starts a
Procfile's commands and passes on each line, took 90 MB more, and a tenth of a play's CPU.
"""

import gc
import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module

from setproctitle import setproctitle

logger = logging.getLogger("supervise")

# Seconds from the first signal until what still runs is killed: longer than delivery takes for the
# contact that it holds.
PATIENCE = 20
HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)


def web() -> None:
    from gunicorn.app.wsgiapp import run  # noqa: PLC0415 - each process loads what it alone needs

    sys.argv = ["gunicorn"]  # it takes the rest from gunicorn.conf.py
    run()


def runserver() -> None:
    """Run Django's own server, for a developer: it restarts itself, as a program of its own."""
    command = [sys.executable, "manage.py", "runserver", os.environ["PORT"]]
    os.execv(sys.executable, command)  # noqa: S606 - no shell is wanted


def delivery() -> None:
    from django.core.management import call_command  # noqa: PLC0415

    call_command("deliver_contacts")


PROCESSES: dict[str, Callable[[], None]] = {
    "web": web, "delivery": delivery, "runserver": runserver
}  # fmt: skip


class Supervisor:
    """Runs processes until it is told to stop, or until one of them ends."""

    def __init__(self) -> None:
        self.running: dict[int, str] = {}  # each is the leader of a group
        self.stopping = False
        self.told: int | None = None

    def run(self, names: list[str]) -> int:
        """Return the exit code: never 0, since what runs here runs for good."""
        for number in HANDLED:
            signal.signal(number, self._handle)
        for name in names:
            if not self.stopping:
                self._start(name)
        while self.running:
            pid, status = os.wait()
            if name := self.running.pop(pid, ""):  # else one that lost its parent
                logger.info("%s ended (code %d)", name, os.waitstatus_to_exitcode(status))
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGTERM)  # what it may have left behind
                if not self.stopping:
                    self._stop(signal.SIGTERM)
        return 1 if self.told is None else 128 + self.told

    def _start(self, name: str) -> None:
        # A signal that comes between must not be the supervisor's in what is not the supervisor.
        signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
        pid = os.fork()
        if pid == 0:
            os.setsid()
            for number in HANDLED:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
            setproctitle(name)
            PROCESSES[name]()
            sys.exit()
        self.running[pid] = name
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
        logger.info("%s started (pid %d)", name, pid)

    def _handle(self, number: int, _frame: object) -> None:
        if number == signal.SIGALRM:
            self._stop(signal.SIGKILL)
            return
        self.told = number
        self._stop(signal.SIGTERM)

    def _stop(self, number: signal.Signals) -> None:
        for pid in self.running:
            try:
                os.killpg(pid, number)
            except ProcessLookupError:  # it has yet to begin its group, or has just ended
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
        if not self.stopping:
            signal.alarm(PATIENCE)
        self.stopping = True


def main() -> int:
    # Where the processes keep their metrics: a folder that is new each time, and all share. No
    # `with`: the forked processes leave it too, and would remove the folder.
    folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="metrics-")
    import_module("esp_mail.wsgi")
    gc.freeze()  # or the collector writes to what is shared, and so copies it
    code = Supervisor().run(sys.argv[1:] or ["web", "delivery"])
    shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
