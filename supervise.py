"""honcho, as this project runs it: the processes of a Procfile, which live and end together."""

import os
import sys
import tempfile
from typing import Any

import honcho.command
import honcho.manager
from honcho.printer import Printer

from esp_mail import environment, logs

# Seconds from the first signal until what still runs is killed: longer than delivery takes for the
# contact that it holds; honcho's own 5 are not.
honcho.manager.KILL_WAIT = 20


class JSONPrinter(Printer):  # type: ignore[misc]  # honcho has no types
    """Prints what honcho itself has to say as the processes print theirs."""

    def write(self, message: Any) -> None:
        if message.name == honcho.manager.SYSTEM_PRINTER_NAME:
            told = logs.line(event=message.data.strip(), logger="supervise")
            print(told, end="", flush=True)  # noqa: T201 - where the processes' lines go
        else:
            super().write(message)


if not environment.flag("DEBUG", default=False):
    honcho.command.Printer = JSONPrinter

# Not ./.env, which honcho would read by itself: it is the containers', and names the real ESP.
sys.argv[1:1] = ["--env", "/dev/null"]
# Where the processes keep their metrics: a folder that is new each time, and all share.
with tempfile.TemporaryDirectory(prefix="metrics-") as folder:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    honcho.command.main()
