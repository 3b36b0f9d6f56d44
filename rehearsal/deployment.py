"""Everything that serves a play, as real processes: nginx, web, delivery, PostgreSQL, an ESP."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import requests
from django.conf import settings

from esp.tests.fakes.server import KEY
from esp_mail.tests.proxy import Proxy, configure
from games.tests.server import answers, free_port, wait_for

from .clock import Clock
from .database import Database
from .service import Service

PYTHON = (sys.executable, "-m")
# One machine plays all visitors.
NO_LIMITS = {"PLAY_RATE": "10000r/s", "PLAY_BURST": "10000", "PLAY_CONNECTIONS": "10000"}


class Deployment:
    """Two web processes of two workers behind nginx, two deliveries, PostgreSQL and an ESP.

    `code`: the folder of an earlier version, to begin with; `broken`: a build of broken.py.
    """

    def __init__(self, *, code: Path | None = None, broken: str = "") -> None:
        self.stack = ExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix="rehearsal-"))
        self.stack.callback(shutil.rmtree, self.folder)
        (self.folder / "disk").mkdir()
        self.database = Database(self.folder / "disk", self.stack)
        self.clock = Clock(self.folder)
        self.esp = f"http://127.0.0.1:{free_port()}"
        self.environment = {
            "DATABASE_URL": self.database.url,
            "DEBUG": "1",
            "WEB_CONCURRENCY": "2",
            "WEB_THREADS": "8",
            # For an earlier version too.
            "GUNICORN_CMD_ARGS": "--worker-class esp_mail.worker.Worker",
            "ESP_BACKEND": "esp.backends.brevo.BrevoBackend",
            "ESP_OPTIONS": json.dumps({"api_key": KEY, "list_id": "7", "base_url": self.esp}),
            "BREAK": broken,
        }
        self.services: dict[str, Service] = {}
        self._add_outside()
        self._add_ours(code or settings.BASE_DIR, ["rehearsal.broken"] if broken else [])
        self.webs = [self.services[name] for name in ("web 1", "web 2")]
        self.deliveries = [self.services[name] for name in ("delivery 1", "delivery 2")]

    def _add_outside(self) -> None:
        """Add nginx and the ESP, whose clocks are right."""
        port = self.esp.rpartition(":")[2]
        self._add("esp", (*PYTHON, "esp.tests.fakes.brevo", "--port", port), settings.BASE_DIR)
        self.proxy = Proxy(self.folder / "nginx")
        self.site = self.proxy.url
        self._add("nginx", configure(self.proxy, NO_LIMITS | {"WEB": "replicas"}), self.folder)

    def _add_ours(self, code: Path, app: Sequence[str]) -> None:
        self.environment |= self.clock.environment
        ports = [free_port(), free_port()]
        for number, port in enumerate(ports, start=1):
            self._add(f"web {number}", (*PYTHON, "gunicorn", *app), code, BIND=f"127.0.0.1:{port}")
            self._add(f"delivery {number}", (*PYTHON, "manage", "deliver_contacts"), code)
        # Docker's name server gives nginx the addresses of all; it remembers nothing of them.
        servers = "".join(f"server 127.0.0.1:{port} max_fails=0; " for port in ports)
        with (self.proxy.folder / "site").open("a") as site:
            site.write(f"upstream replicas {{ {servers}}}\n")

    def _add(self, name: str, command: Sequence[str], code: Path, **environment: str) -> None:
        log = self.folder / "log"
        environment = self.environment | environment
        self.services[name] = Service(command, folder=code, environment=environment, log=log)

    def start(self) -> None:
        self.manage("migrate", "-v0")
        for service in self.services.values():
            self.stack.callback(service.stop)
            service.start()
        for web in self.webs:
            self.wait_until_ready(web)
        wait_for(lambda: answers(f"{self.site}/healthz"))

    def stop(self) -> None:
        self.stack.close()

    @staticmethod
    def wait_until_ready(service: Service) -> None:
        if address := service.environment.get("BIND"):
            wait_for(lambda: answers(f"http://{address}/healthz"))

    def manage(self, *arguments: str, code: Path | None = None) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=code or self.webs[0].folder,
            env=os.environ | self.environment,
            check=True,
            capture_output=True,
        )

    def esp_mode(self, mode: str) -> None:
        requests.post(f"{self.esp}/_mode", json={"mode": mode}, timeout=5).raise_for_status()

    def log(self) -> str:
        """Return what all but PostgreSQL wrote, nginx's access log too."""
        names = ("log", "nginx/log", "nginx/errors")
        return "".join((self.folder / name).read_text() for name in names)
