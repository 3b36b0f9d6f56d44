"""A real Redis of the tests' own, where Debian's is installed."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from testing.server import free_port, wait_for

MISSING = shutil.which("redis-server") is None


class RedisServer:
    """Started and ended as a test needs it, always on the same port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--save", "", "--dir", str(self.folder)],
            stdout=subprocess.DEVNULL,
        )
        wait_for(self._answers)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def content(self) -> list[str]:
        """Return all that it keeps: names, and members of sets."""
        with redis.Redis.from_url(self.url, decode_responses=True) as client:
            names = [str(name) for name in client.scan_iter()]
            sets = [name for name in names if client.type(name) == "zset"]
            return names + [str(m) for name in sets for m in client.zrange(name, 0, -1)]

    def _answers(self) -> bool:
        with redis.Redis.from_url(self.url) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    server = RedisServer(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()
