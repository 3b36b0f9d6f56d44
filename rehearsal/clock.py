"""A clock that the rehearsal can set, for the processes that preload it."""

import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).parent / "clock.c"


class Clock:
    """A process uses this clock with `environment`, which is empty without a C compiler."""

    def __init__(self, folder: Path) -> None:
        self._offset, library = folder / "clock", folder / "clock.so"
        self.environment: dict[str, str] = {}
        self.step(0)
        compiler = shutil.which("cc")
        if compiler and sys.platform == "linux":
            command = [compiler, "-shared", "-fPIC", "-o", str(library), str(SOURCE)]
            subprocess.run(command, check=True)
            self.environment = {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(self._offset)}

    def step(self, seconds: int) -> None:
        """Set the clock this many seconds ahead of the machine's clock."""
        self._offset.write_text(f"{seconds:+d}")
