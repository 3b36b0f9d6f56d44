"""The commands of docs/without-docker.md, on PostgreSQL, gunicorn and nginx.

They run as they stand, but for the folders, which are in a temporary one, and for what belongs to
the whole machine: packages, users and systemd. The test starts what systemd would.
"""

import configparser
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
import requests
from django.conf import settings

from testing.nginx import NGINX
from testing.postgres import BIN, ThrowawayPostgres
from testing.server import answers, free_port, wait_for

DOCUMENT = settings.BASE_DIR / "docs" / "without-docker.md"
UNITS = settings.BASE_DIR / "deploy" / "systemd"
NOT_INSTALLED = shutil.ignore_patterns(
    ".*", "node_modules", "frontend", "staticfiles", "tests", "*.sqlite3*", "dist"
)
SITE_PACKAGES = sysconfig.get_path("purelib")
# In place of the machine's: they change nothing, or only this test's folder.
COMMANDS = {
    "apt-get": "",
    "useradd": "",
    "chown": "",
    "systemctl": 'echo "$@" >>{root}/systemctl.log',
    "runuser": 'shift 3; exec "$@"',
    "su": 'PATH={postgres}:$PATH PGHOST={socket} PGUSER=postgres exec sh -c "$3"',
    "nginx": 'exec {nginx} -e {root}/log/start -c {root}/etc/nginx/nginx.conf "$@"',
    # Finds the packages where the tests have them, pip too, so that pip has nothing to download.
    "python3": 'case "$*" in "-m venv .venv") ;; *) exec {python} "$@" ;; esac;'
    ' {python} "$@" --without-pip; cp "$0-pip" .venv/bin/pip;'
    " echo {packages} >$(echo .venv/lib/python*/site-packages)/tests.pth",
    "python3-pip": 'exec "$(dirname "$0")/python" -m pip "$@"',
}
MAIN = """{user} pid {root}/log/pid; error_log {root}/log/error;
events {{}}
http {{ include /etc/nginx/mime.types; access_log off; include {root}/etc/nginx/conf.d/*.conf;
client_body_temp_path {root}/log/body; proxy_temp_path {root}/log/proxy;
fastcgi_temp_path {root}/log/fastcgi; uwsgi_temp_path {root}/log/uwsgi;
scgi_temp_path {root}/log/scgi; }}
"""


def blocks(heading: str) -> list[str]:
    """Return the shell commands of a section, block by block."""
    pattern = rf"^## {heading}\n(.*?)(?=^## |\Z)"
    (section,) = re.findall(pattern, DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    return re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)


class Machine:
    """A folder that stands for a machine: commands, files, and the processes that run."""

    def __init__(self, root: Path, database: ThrowawayPostgres | None = None) -> None:
        self.root = root
        self.processes: list[subprocess.Popen[bytes]] = []
        socket_folder = str(database.socket) if database else ""
        folders = ["/opt/esp_mail", "/etc/systemd", "/etc/nginx/sites", "/srv", "/var/log/nginx"]
        folders += ["/var/backups"]
        self.places = {folder: f"{root}{folder}" for folder in folders}
        self.places |= {
            "py /etc/nginx": f"py {root}/etc/nginx",
            "/var/run/postgresql": socket_folder,
        }
        places = {"root": root, "nginx": NGINX, "postgres": BIN, "socket": socket_folder}
        places |= {"python": sys.executable, "packages": SITE_PACKAGES}
        for name, command in COMMANDS.items():
            (root / "bin").mkdir(exist_ok=True)
            (root / "bin" / name).write_text(f"#!/bin/sh\n{command.format(**places)}\n")
            (root / "bin" / name).chmod(0o755)
        for name in (
            "etc/systemd/system",
            "etc/nginx",
            "srv",
            "var/log/nginx",
            "var/backups",
            "log",
        ):
            (root / name).mkdir(parents=True, exist_ok=True)
        user = "user root;" if os.getuid() == 0 else ""
        (root / "etc/nginx/nginx.conf").write_text(MAIN.format(root=root, user=user))

    def here(self, text: str) -> str:
        for place, moved in self.places.items():
            text = text.replace(place, moved)
        return text

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": f"{self.root}/bin:/usr/sbin:/usr/bin:/bin", "HOME": str(self.root)}

    def run(self, commands: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-eu", "-c", self.here(commands)],
            cwd=folder or self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def do(self, commands: str, folder: Path | None = None) -> None:
        result = self.run(commands, folder)
        assert result.returncode == 0, result.stdout + result.stderr

    def start(self, *command: str, folder: Path, **environment: str) -> None:
        with (self.root / "log" / "processes").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=folder, env=self.environment | environment, stdout=log, stderr=log
            )
        self.processes.append(process)

    def start_unit(self, name: str) -> None:
        """Start a unit as systemd does; return when it reports that it is ready."""
        unit = configparser.ConfigParser(strict=False)
        unit.read(self.root / "etc/systemd/system" / f"{name}.service")
        service = unit["Service"]
        folder = Path(service["WorkingDirectory"])
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
            path = self.root / name
            notices.bind(str(path))
            notices.settimeout(120)
            command = service["ExecStart"].split()
            self.start(*command, folder=folder, NOTIFY_SOCKET=str(path))
            if service["Type"] == "notify":
                assert notices.recv(1000).startswith(b"READY=1")

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "m"  # short: a socket's path has a greatest length
    path.mkdir()
    return path


@pytest.fixture
def machine(folder: Path) -> Iterator[Machine]:
    if not NGINX:
        pytest.skip("nginx is not installed")
    machine = Machine(folder, ThrowawayPostgres())
    code = folder / "opt" / "esp_mail"
    shutil.copytree(settings.BASE_DIR, code, ignore=NOT_INSTALLED)
    for path in (*code.glob("deploy/systemd/*"), *code.glob("nginx/*")):
        path.write_text(machine.here(path.read_text()))
    yield machine
    machine.stop()


def test_commands_of_the_documentation_count_a_play(machine: Machine) -> None:
    code, port = machine.root / "opt" / "esp_mail", free_port()
    for block in blocks("Install") + blocks("Configure"):
        machine.do(block)
    assert (code / ".env").stat().st_mode & 0o777 == 0o640
    with (code / ".env").open("a") as file:  # of a site that this machine can serve
        file.write(
            f"ALLOWED_HOSTS=127.0.0.1\nHTTPS=0\nESP_BACKEND=esp.backends.mock.MockBackend\n"
            f"ESP_OPTIONS='{{}}'\nBIND=127.0.0.1:{free_port()}\nHTTP_BIND=127.0.0.1\n"
            f"HTTP_PORT={port}\nTLS_CERTIFICATE=\n"
        )
    services, proxy = blocks("Start")
    machine.do(services)
    for name in ("esp-mail-web", "esp-mail-delivery"):
        machine.start_unit(name)
    machine.do(proxy)
    assert (machine.root / "systemctl.log").read_text().splitlines() == [
        "daemon-reload",
        "enable --now esp-mail-web esp-mail-delivery",
        "reload nginx",
    ]
    nginx = str(machine.root / "bin" / "nginx")
    machine.start(nginx, "-g", "daemon off;", folder=machine.root)
    site = f"http://127.0.0.1:{port}"
    wait_for(lambda: answers(f"{site}/healthz"))

    played = requests.post(f"{site}/api/verification_mail/", {"email": "cem@test.ru"}, timeout=30)

    assert played.json() == {"esp_status": False, "games_status": False, "games_count": 1}
    page = requests.get(f"{site}/", timeout=30)
    (style,) = re.findall(r"/static/games/play\.[0-9a-f]{12}\.css", page.text)
    assert requests.get(f"{site}{style}", timeout=30).headers["Cache-Control"].endswith("immutable")
    assert requests.get(f"{site}/readyz", timeout=30).status_code == 404  # not from outside
    logged = (machine.root / "var/log/nginx/esp_mail.log").read_text().splitlines()
    (line,) = [line for line in map(json.loads, logged) if line["method"] == "POST"]
    assert (line["path"], line["client"]) == ("/api/verification_mail/", "")
    (look,) = blocks("Look")
    report = machine.run(look).stdout
    assert "ok     Database: PostgreSQL " in report
    assert "ok     Delivery: No contact is late." in report
    database = f"host={machine.places['/var/run/postgresql']} dbname=esp_mail user=esp_mail"
    assert_delivered_again(database)
    assert_backed_up_and_restored(machine, database)


def assert_delivered_again(database: str) -> None:
    """Make the contact due, and wait for delivery to settle it."""
    with closing(psycopg2.connect(database)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("UPDATE games_game SET contact_state = 'pending', contact_due_at = now()")

        def delivered() -> bool:
            cursor.execute("SELECT 1 FROM games_game WHERE contact_state <> 'pending'")
            return cursor.fetchone() is not None

        wait_for(delivered)


def assert_backed_up_and_restored(machine: Machine, database: str) -> None:
    """Lose the play after the backup, restore, and find the play again."""
    save, restore = blocks("Back up")
    machine.do(save)
    with closing(psycopg2.connect(database)) as connection, connection:
        connection.cursor().execute("TRUNCATE games_game CASCADE")
    machine.stop()
    machine.do(f"dump=$(echo /var/backups/esp_mail/*.dump)\n{restore}")
    with closing(psycopg2.connect(database)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT email FROM games_game")
        assert cursor.fetchall() == [("cem@test.ru",)]


def test_wheel_counts_a_play_from_an_empty_folder(folder: Path) -> None:
    build = [sys.executable, "-m", "uv", "build", "--wheel", "--no-build-isolation", "--offline"]
    site = folder / "site"
    subprocess.run([*build, "--quiet", "--out-dir", str(site)], cwd=settings.BASE_DIR, check=True)
    shutil.copy(settings.BASE_DIR / "requirements.txt", site)
    address = f"127.0.0.1:{free_port()}"
    (site / ".env").write_text(
        f"SECRET_KEY='$a key of this test # {'0123456789' * 5}'\nPRIVACY_KEY=of-this-test\n"
        f"ALLOWED_HOSTS=127.0.0.1\nHTTPS=0\nESP_BACKEND=esp.backends.mock.MockBackend\n"
        f"DATABASE_URL=sqlite:///{site}/db.sqlite3\nBIND={address}\n"
    )
    machine = Machine(folder)
    (block,) = blocks("From a wheel")
    *commands, start = block.splitlines()
    machine.do("\n".join(commands), site)
    machine.start(str(site / start), folder=site)
    try:
        wait_for(lambda: answers(f"http://{address}/readyz"), seconds=120)  # it migrates first

        url, headers = f"http://{address}/api/verification_mail/", {"Accept-Language": "ru"}
        played = requests.post(url, {"email": "cem@test.ru"}, timeout=30)
        refused = requests.post(url, {"email": "cem"}, headers=headers, timeout=30)
        page = requests.get(f"http://{address}/", timeout=30)
    finally:
        machine.stop()
    assert played.json() == {"esp_status": False, "games_status": False, "games_count": 1}
    assert refused.json() == {"email": ["В адресе должен быть знак «@», как в name@example.com."]}
    assert page.status_code == 200
    assert re.search(r"/static/games/play\.[0-9a-f]{12}\.css", page.text)


def test_units_are_what_systemd_takes_and_confined(folder: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd is not installed")
    machine = Machine(folder)
    code = folder / "opt" / "esp_mail"
    shutil.copytree(UNITS, code / "deploy" / "systemd")
    for command in ("start", "manage.py"):
        shutil.copy2(settings.BASE_DIR / command, code)
    for unit in (code / "deploy" / "systemd").glob("*.service"):
        text = unit.read_text().replace("User=esp_mail", "User=daemon")
        unit.write_text(machine.here(text))
        path = f"/opt/esp_mail/deploy/systemd/{unit.name}"
        machine.do(f'said=$(systemd-analyze verify --man=no {path} 2>&1); test -z "$said"')
        machine.do(f"systemd-analyze security --offline=true --threshold=20 {path}")  # of 100
