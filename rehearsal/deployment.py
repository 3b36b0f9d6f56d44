"""All that serves a play, as real processes: nginx, web, delivery, PostgreSQL, a stand-in ESP."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import requests
from django.conf import settings

from rehearsal.clock import Clock
from rehearsal.database import Database
from rehearsal.service import Service, python
from testing.deployment import PRODUCTION
from testing.esp.server import KEY
from testing.nginx import Proxy, configure
from testing.server import answers, free_port, wait_for

# The players of a rehearsal have one IP address, which nginx would limit. A crowd has many.
NGINX = {"PLAY_RATE": "10000r/s", "PLAY_BURST": "10000", "PLAY_CONNECTIONS": "10000"}
NGINX |= {"TRUSTED_PROXIES": "127.0.0.1"}

# One of the players: the ESP always refuses this address in a way that nobody knows.
POISON = "canary9@test.ru"


class Deployment:
    """Two web processes of two workers behind nginx, two deliveries, PostgreSQL and an ESP.

    `code` is the folder of a previous release to start with; `broken` a build of broken.py.
    """

    def __init__(
        self, *, code: Path | None = None, broken: str = "", database: type[Database] = Database
    ) -> None:
        self.stack = ExitStack()
        self.folder = Path(tempfile.mkdtemp(prefix="rehearsal-"))
        self.stack.callback(shutil.rmtree, self.folder)
        (self.folder / "disk").mkdir()
        self.database = database(self.folder / "disk", self.stack)
        self.clock = Clock(self.folder)
        self.esp = f"http://127.0.0.1:{free_port()}"
        self.environment = PRODUCTION | {
            "DATABASE_URL": self.database.url,
            "WEB_THREADS": "8",
            "ESP_BACKEND": "esp.backends.brevo.BrevoBackend",
            "ESP_OPTIONS": json.dumps({"api_key": KEY, "list_id": "7", "base_url": self.esp}),
            "ESP_RATE": "1000",  # the stand-in has no limit
            "BREAK": broken,
        }
        self.services: dict[str, Service] = {}
        self.ports = [free_port(), free_port()]
        self._add_outside()
        self._add_ours(code or settings.BASE_DIR, ["rehearsal.broken"] if broken else [])
        self.webs = [self.services[name] for name in ("web 1", "web 2")]
        self.deliveries = [self.services[name] for name in ("delivery 1", "delivery 2")]

    def _add_outside(self) -> None:
        """Add nginx and the ESP; the faults of the clock do not reach them."""
        port = self.esp.rpartition(":")[2]
        esp = (sys.executable, "-m", "testing.esp.brevo", "--port", port, "--poison", POISON)
        self._add("esp", esp, settings.BASE_DIR)
        self.proxy = Proxy(self.folder / "nginx")
        self.site = self.proxy.url
        web = ",".join(f"127.0.0.1:{port}" for port in self.ports)
        self._add("nginx", configure(self.proxy, NGINX | {"WEB": web}), self.folder)

    def _add_ours(self, code: Path, app: Sequence[str]) -> None:
        self.environment |= self.clock.environment
        for number, port in enumerate(self.ports, start=1):
            web = (python(code), "-m", "gunicorn", *app)
            self._add(f"web {number}", web, code, BIND=f"127.0.0.1:{port}")
            delivery = (python(code), "-m", "manage", "deliver_contacts")
            self._add(f"delivery {number}", delivery, code)

    def _add(self, name: str, command: Sequence[str], code: Path, **environment: str) -> None:
        log = self.folder / "log"
        environment = self.environment | environment
        self.services[name] = Service(command, folder=code, environment=environment, log=log)

    def start(self) -> None:
        # Its commits do not wait for a standby.
        self.manage("migrate", "-v0", PGOPTIONS="-c synchronous_commit=local")
        self.manage("collectstatic", "--noinput", "-v0", code=settings.BASE_DIR)
        self.stack.callback(self._stop_services)
        for service in self.services.values():
            service.start()
        for web in self.webs:
            self.wait_until_ready(web)
        wait_for(lambda: answers(f"{self.site}/healthz"))

    def stop(self) -> None:
        self.stack.close()

    def _stop_services(self) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(Service.stop, self.services.values()))

    @staticmethod
    def wait_until_ready(service: Service) -> None:
        if address := service.environment.get("BIND"):
            wait_for(lambda: answers(f"http://{address}/healthz"))

    def manage(self, *arguments: str, code: Path | None = None, **environment: str) -> None:
        """Run a management command of this code, by default of the code that serves."""
        folder = code or self.webs[0].folder
        subprocess.run(
            [python(folder), "manage.py", *arguments],
            cwd=folder,
            env=os.environ | self.environment | environment,
            check=True,
            capture_output=True,
        )

    def esp_mode(self, mode: str) -> None:
        requests.post(f"{self.esp}/_mode", json={"mode": mode}, timeout=5).raise_for_status()

    def web_megabytes(self) -> float:
        """Return the memory of all web processes; shared memory counts once."""
        webs = [process for web in self.webs for process in (web.leader, *web.leader.children())]
        return sum(process.memory_full_info().pss for process in webs) / 2**20

    def log(self) -> str:
        """Return the logs of all processes except PostgreSQL, with nginx's access log."""
        names = ("log", "nginx/log", "nginx/errors")
        return "".join((self.folder / name).read_text() for name in names)
