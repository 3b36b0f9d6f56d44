"""Measures sizes, and walks through the code: python -m testing.measure.

Served lines are all lines of Python but tests, migrations, rehearsal, benchmarks and testing. A
walk lists which of the project's files are entered, in order: a stay is a run of calls in one file.
"""

import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NOT_SERVED = {"tests", "migrations", "rehearsal", "benchmarks", "testing", "conftest.py"}
MAX_FILE = 200  # lines
MAX_SHARE = 0.2  # of all served lines, for one package
MAX_FOLDER = 20  # files


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True)
    return [Path(line) for line in listed.stdout.decode().splitlines()]


def served_files() -> list[Path]:
    return [
        path
        for path in tracked_files()
        if path.suffix == ".py" and not NOT_SERVED & set(path.parts)
    ]


def count_lines(path: Path) -> int:
    return len((ROOT / path).read_text().splitlines())


def function_lengths(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the length in lines and the name of each function."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.FunctionDef) and node.end_lineno:
            yield node.end_lineno - node.lineno + 1, f"{path}:{node.name}"


def print_sizes() -> None:
    lines = {path: count_lines(path) for path in served_files()}
    total = sum(lines.values())
    packages: Counter[str] = Counter()
    for path, number in lines.items():
        packages[path.parts[0] if len(path.parts) > 1 else "(top level)"] += number
    print(f"served lines: {total}")
    for name, number in packages.most_common():
        mark = "  too large" if number > MAX_SHARE * total else ""
        print(f"  {name:12} {number:6} {number / total:6.1%}{mark}")
    print(f"files above {MAX_FILE} lines:", [str(p) for p, n in lines.items() if n > MAX_FILE])
    folders = Counter(str(p.parent) for p in tracked_files() if p.suffix == ".py")
    full = {name: n for name, n in folders.items() if n > MAX_FOLDER}
    print(f"folders above {MAX_FOLDER} files:", full)
    longest = sorted((f for path in lines for f in function_lengths(path)), reverse=True)
    print("longest functions:", ", ".join(f"{name} {n}" for n, name in longest[:5]))


class Walk:
    """The project's own functions in the order of their calls."""

    def __init__(self) -> None:
        self.files: list[str] = []

    def note(self, frame: FrameType, event: str, _argument: Any) -> None:
        path = frame.f_code.co_filename
        if event == "call" and path.startswith(str(ROOT)) and "/.venv/" not in path:
            self.files.append(os.path.relpath(path, ROOT))

    @contextmanager
    def recorded(self) -> Iterator[None]:
        sys.setprofile(self.note)
        try:
            yield
        finally:
            sys.setprofile(None)
        # This tool's own frames, and what a test client does around the call.
        self.files = [name for name in self.files if not name.startswith("testing/")]

    @property
    def stays(self) -> list[str]:
        return [name for n, name in enumerate(self.files) if n == 0 or self.files[n - 1] != name]

    def __str__(self) -> str:
        stays, files = self.stays, set(self.stays)
        return (
            f"{len(self.files)} calls, {len(stays)} stays, {len(files)} files, "
            f"{len(stays) - len(files)} returns to a file already left\n    {' > '.join(stays)}"
        )


def walk(journey: Callable[[], Any]) -> Walk:
    """Return the walk of a journey."""
    recorded = Walk()
    with recorded.recorded():
        journey()
    return recorded


def print_walks() -> None:
    """Walk on a PostgreSQL of its own, as a deployed process does."""
    from testing.postgres import ThrowawayPostgres  # noqa: PLC0415 - Django is set up first

    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "esp_mail.settings",
        "DEBUG": "1",
        "DATABASE_URL": ThrowawayPostgres().url,
    }
    import django  # noqa: PLC0415

    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    settings.LOG_REQUESTS, settings.ALLOWED_HOSTS = True, ["*"]
    call_command("migrate", verbosity=0)
    from testing import walks  # noqa: PLC0415

    for journey in (walks.returning_play, walks.first_play, walks.delivery):
        print(f"{journey.__name__}: {journey()}")


if __name__ == "__main__":
    print_sizes()
    print_walks()
