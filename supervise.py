"""Run the web process and delivery side by side, and end both when one ends.

Both are forked from one process that has loaded the program. That saves memory against two separate
starts, and each writes its log itself: honcho (a Procfile's runner, which passes on each line) took
90 MB more and a tenth of a play's CPU.
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
from pathlib import Path

from setproctitle import setproctitle

logger = logging.getLogger("supervise")

# Seconds from the first signal until processes that still run are killed. Delivery needs less to
# finish the contact it works on, and gunicorn's graceful_timeout is shorter too.
STOP_SECONDS = 20
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)


def web() -> None:
    """Run gunicorn, which reads gunicorn.conf.py."""
    from gunicorn.app.wsgiapp import run  # noqa: PLC0415 - only this process needs gunicorn

    sys.argv = ["gunicorn", "--config", str(Path(__file__).with_name("gunicorn.conf.py"))]
    run()


def runserver() -> None:
    """Run Django's development server as a new program, since it restarts itself."""
    command = [sys.executable, "manage.py", "runserver", os.environ["PORT"]]
    os.execv(sys.executable, command)  # noqa: S606 - no shell is wanted


def delivery() -> None:
    """Run the delivery of pending contacts."""
    from django.core.management import call_command  # noqa: PLC0415

    call_command("deliver_contacts")


PROCESSES: dict[str, Callable[[], None]] = {
    "web": web, "delivery": delivery, "runserver": runserver
}  # fmt: skip


class Supervisor:
    """Runs processes until it gets a signal to stop, or until one of them ends."""

    def __init__(self) -> None:
        self.running: dict[int, str] = {}  # name by process id; each process leads a group
        self.stopping = False
        self.signal: int | None = None

    def run(self, names: list[str]) -> int:
        """Run these processes; return the exit code: 128 + signal, or 1 if a process ended."""
        for number in SIGNALS:
            signal.signal(number, self._handle)
        for name in names:
            if not self.stopping:
                self._start(name)
        while self.running:
            pid, status = os.wait()
            if name := self.running.pop(pid, ""):  # "" for an orphan that was passed to us
                logger.info("%s ended (code %d)", name, os.waitstatus_to_exitcode(status))
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGTERM)  # its own child processes
                if not self.stopping:
                    self._stop(signal.SIGTERM)
        return 1 if self.signal is None else 128 + self.signal

    def _start(self, name: str) -> None:
        # Block signals: the child must not run the supervisor's handlers between fork and reset.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        pid = os.fork()
        if pid == 0:
            os.setsid()
            for number in SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            setproctitle(name)
            PROCESSES[name]()
            sys.exit()
        self.running[pid] = name
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        logger.info("%s started (pid %d)", name, pid)

    def _handle(self, number: int, _frame: object) -> None:
        if number == signal.SIGALRM:
            self._stop(signal.SIGKILL)
            return
        self.signal = number
        self._stop(signal.SIGTERM)

    def _stop(self, number: signal.Signals) -> None:
        for pid in self.running:
            try:
                os.killpg(pid, number)
            except ProcessLookupError:  # it has no group yet, or has just ended
                with suppress(ProcessLookupError):
                    os.kill(pid, number)
        if not self.stopping:
            signal.alarm(STOP_SECONDS)
        self.stopping = True


def main() -> int:
    # Until the supervisor sets its handlers, Ctrl-C must print no traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # All processes keep their metrics in this folder. Not in a `with` block: the forked processes
    # would leave it too, and remove the folder.
    folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="metrics-")
    import_module("esp_mail.wsgi")
    gc.freeze()  # garbage collection would write to shared memory, and so copy it
    code = Supervisor().run(sys.argv[1:] or ["web", "delivery"])
    shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
