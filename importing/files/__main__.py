"""Read a file from standard input, and write its rows to standard output as lines of JSON.

First comes an object that describes the file, then for each sheet an object with its name, followed
by its rows: [number, hidden, cells]. The last line is {"end": true} or {"refused": code}; without
one of them the process has died.
"""

import json
import os
import resource
import sys
from collections.abc import Iterable
from typing import Any

from importing.files.limits import CPU_SECONDS, MAX_LINE, MAX_ROWS, MEMORY, Refused
from importing.files.recognise import read


def main() -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)  # plays come first
    last: dict[str, Any] = {"end": True}
    try:
        write(read(sys.stdin.buffer.read()))
    except Refused as refusal:
        last = {"refused": str(refusal)}
    except MemoryError:  # pragma: no cover - a library may also end the process
        last = {"refused": "large"}
    except Exception:  # noqa: BLE001 - libraries have many errors for a broken file
        last = {"refused": "broken"}
    write([last])
    sys.stdout.flush()


def write(items: Iterable[Any]) -> None:
    rows = 0
    for item in items:
        rows += isinstance(item, list)
        if rows > MAX_ROWS:
            raise Refused("rows")
        line = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
        if len(line) > MAX_LINE:
            raise Refused("line")
        # Half a surrogate pair cannot be encoded, and the database takes no NUL.
        line = line.replace("\\u0000", "\\ufffd")
        sys.stdout.buffer.write(line.encode(errors="replace") + b"\n")


if __name__ == "__main__":
    main()
