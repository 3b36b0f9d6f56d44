"""Everything that serves a play, as real processes: nginx, web, delivery, PostgreSQL, an ESP."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import requests
from django.conf import settings

from esp.tests.fakes.server import KEY
from esp_mail.tests.postgres import ThrowawayPostgres
from esp_mail.tests.proxy import Proxy, configure
from games.tests.server import answers, free_port, wait_for

from .service import Service

DISK = 320  # MB, for all of PostgreSQL
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
        self.disk = self._mount()
        self.postgres = ThrowawayPostgres(self.disk)
        self.stack.callback(self.postgres.server.cleanup)
        self.clock = self.folder / "clock"
        self.step_clock(0)
        library = self._compile_clock()
        self.has_clock = library is not None
        self.esp = f"http://127.0.0.1:{free_port()}"
        self.environment = {
            "DATABASE_URL": self.postgres.url,
            "DEBUG": "1",
            "WEB_CONCURRENCY": "2",
            "WEB_THREADS": "8",
            "GUNICORN_CMD_ARGS": "--worker-class esp_mail.worker.Worker",
            "ESP_BACKEND": "esp.backends.brevo.BrevoBackend",
            "ESP_OPTIONS": json.dumps({"api_key": KEY, "list_id": "7", "base_url": self.esp}),
        }
        if self.has_clock:
            self.environment |= {"LD_PRELOAD": str(library), "CLOCK_OFFSET": str(self.clock)}
        if broken:
            self.environment["BREAK"] = broken
        app = ["rehearsal.broken"] if broken else []
        self.upgrades = bool(code or broken)
        self.services = self._services(code or settings.BASE_DIR, app)
        self.webs = [self.services[name] for name in ("web 1", "web 2")]
        self.deliveries = [self.services[name] for name in ("delivery 1", "delivery 2")]

    def _mount(self) -> Path | None:
        """Return a small disk of PostgreSQL's own; None where this user may mount none."""
        disk = self.folder / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "rehearsal", str(disk)]
        if subprocess.run(mount, check=False, capture_output=True).returncode:
            return None
        self.stack.callback(subprocess.run, ["umount", str(disk)], check=True)
        return disk

    def _compile_clock(self) -> Path | None:
        """Return the library that gives a process our clock; None without a compiler."""
        compiler = shutil.which("cc")
        library = self.folder / "clock.so"
        source = str(Path(__file__).parent / "clock.c")
        if compiler is None or sys.platform != "linux":
            return None
        subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), source], check=True)
        return library

    def missing(self) -> list[str]:
        """Return what this machine does not let be rehearsed, and why."""
        reasons = {
            "a full disk, since this user may mount none": self.disk is None,
            "a clock step, since there is no C compiler": not self.has_clock,
            "an upgrade, since this clone has no earlier version": not self.upgrades,
        }
        return [name for name, missing in reasons.items() if missing]

    def _services(self, code: Path, app: Sequence[str]) -> dict[str, Service]:
        ports = [free_port(), free_port()]
        proxy = Proxy(self.folder / "nginx")
        self.site = proxy.url
        python = (sys.executable, "-m")
        esp = (*python, "esp.tests.fakes.brevo", "--port", self.esp.rpartition(":")[2])
        services = {
            "esp": self._service(esp, settings.BASE_DIR),
            "nginx": self._service(self._configure(proxy, ports), proxy.folder),
        }
        for number, port in enumerate(ports, start=1):
            web = self._service((*python, "gunicorn", *app), code)
            web.environment = self.environment | {"BIND": f"127.0.0.1:{port}"}
            services[f"web {number}"] = web
            services[f"delivery {number}"] = self._service(
                (sys.executable, "manage.py", "deliver_contacts"), code
            )
        return services

    @staticmethod
    def _configure(proxy: Proxy, ports: Sequence[int]) -> list[str]:
        command = configure(proxy, NO_LIMITS | {"WEB": "replicas"})
        # Docker's name server gives nginx the addresses of all; it remembers nothing of them.
        servers = "".join(f"server 127.0.0.1:{port} max_fails=0; " for port in ports)
        with (proxy.folder / "site").open("a") as site:
            site.write(f"upstream replicas {{ {servers}}}\n")
        return command

    def _service(self, command: Sequence[str], code: Path) -> Service:
        log = self.folder / "log"
        return Service(command, folder=code, environment=self.environment, log=log)

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

    def step_clock(self, seconds: int) -> None:
        """Set the clock of web and delivery, and of nothing else, this far off."""
        self.clock.write_text(f"{seconds:+d}")

    def esp_mode(self, mode: str) -> None:
        requests.post(f"{self.esp}/_mode", json={"mode": mode}, timeout=5).raise_for_status()

    def log(self) -> str:
        """Return what all processes wrote, nginx's access log too."""
        logs = (self.folder / "log", *(self.folder / "nginx").glob("[le]*o[gr]*"))
        return "".join(log.read_text() for log in logs)

    def connect(self) -> Any:
        host, _, name = self.postgres.url.partition("@/")[2].rpartition("/")
        return psycopg2.connect(host=host, dbname=name, user="postgres")

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        database = self.connect()
        try:
            with database, database.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            database.close()

    def backends(self) -> list[psutil.Process]:
        """Return PostgreSQL's processes that serve a connection."""
        postmaster = self._postmaster()
        children = postmaster.children() if postmaster else []
        return [child for child in children if "[local]" in " ".join(child.cmdline())]

    def _postmaster(self) -> psutil.Process | None:
        with suppress(OSError, psutil.NoSuchProcess):
            lock = (self.postgres.folder / "postmaster.pid").read_text()
            return psutil.Process(int(lock.split()[0]))
        return None

    def mend_postgres(self) -> None:
        """Wait until PostgreSQL serves; start it where it has ended, as its container would be."""
        wait_for(self._postgres_serves, seconds=60)

    def _postgres_serves(self) -> bool:
        try:
            return self.sql("SELECT 1") == [(1,)]
        except psycopg2.OperationalError:
            if not self._postmaster():
                with suppress(subprocess.SubprocessError):
                    self.postgres.restart()
            return False
