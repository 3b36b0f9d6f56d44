"""Gunicorn and delivery as the container runs them, outside DEBUG, with all that they say."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from prometheus_client.parser import text_string_to_metric_families

from testing.server import answers, database_url, free_port, start, wait_for

PRODUCTION = {
    "DEBUG": "0",
    "HTTPS": "0",
    "SECRET_KEY": "canary-secret-key-0123456789-0123456789-0123456789",
    "PRIVACY_KEY": "canary-privacy-key-0123456789-0123456789-0123456789",
    "ALLOWED_HOSTS": "localhost,127.0.0.1",
    "ESP_BACKEND": "esp.backends.mock.MockBackend",
    "WEB_CONCURRENCY": "2",
}


class Deployment:
    """One web server of two workers, and deliveries; their logs in one file."""

    gunicorn: subprocess.Popen[bytes]

    def __init__(self, folder: Path, **environment: str) -> None:
        self.site = f"http://127.0.0.1:{free_port()}"
        self.path = folder / "log"
        metrics = folder / "metrics"
        metrics.mkdir()
        self.environment = PRODUCTION | {
            "DATABASE_URL": database_url(),
            "BIND": self.site.removeprefix("http://"),
            "PROMETHEUS_MULTIPROC_DIR": str(metrics),
        }
        self.environment |= environment

    def run(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self.path.open("ab") as log:
            return start(module, *arguments, environment=self.environment, output=log)

    @property
    def log(self) -> str:
        return self.path.read_text()

    def lines(self, event: str = "") -> list[dict[str, Any]]:
        """Return the log's lines, each of which must be JSON; of one event, if it is named."""
        lines = [json.loads(line) for line in self.log.splitlines()]
        return [line for line in lines if event in ("", line["event"])]

    def metrics(self) -> dict[tuple[str, tuple[str, ...]], float]:
        """Return each number by its name and its labels' values, in the order of the labels."""
        text = requests.get(f"{self.site}/metrics", timeout=10).text
        families = text_string_to_metric_families(text)
        samples = [sample for family in families for sample in family.samples]
        return {(s.name, tuple(dict(sorted(s.labels.items())).values())): s.value for s in samples}

    def play(self, email: object, **headers: str) -> requests.Response:
        url = f"{self.site}/api/verification_mail/"
        return requests.post(url, json={"email": email}, headers=headers, timeout=30)


@contextmanager
def deployment(folder: Path, **environment: str) -> Iterator[Deployment]:
    running = Deployment(folder, **environment)
    gunicorn = running.gunicorn = running.run("gunicorn")
    try:
        wait_for(lambda: answers(f"{running.site}/healthz"))
        yield running
    finally:
        gunicorn.terminate()
        gunicorn.wait(30)
