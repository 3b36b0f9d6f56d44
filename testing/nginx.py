"""A real nginx with the project's configuration, in front of a server that echoes."""

import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from django.conf import settings

from testing.server import free_port, wait_for

# NGINX_PROGRAM names another nginx than Debian's, which is older than the image's.
PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
NGINX = os.environ.get("NGINX_PROGRAM") or shutil.which("nginx", path=PLACES)
SOURCES = settings.BASE_DIR / "nginx"
API = "/api/verification_mail/"
SCRIPT = f"set -e; . {SOURCES}/19-variables.envsh; env -0"


class Echo(BaseHTTPRequestHandler):
    """Answers what it was asked, with headers that Django and the logs set too."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps(dict(self.headers.items())).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Request-ID", "of-the-web-process")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", "default-src 'self'")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_OPTIONS = do_GET  # noqa: N815

    def log_message(self, *args: object) -> None: ...


@contextmanager
def web_process() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


class Proxy:
    """Where a started nginx listens, by HTTP and (with TLS=1) by HTTPS, and what it has logged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.tls_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def logged(self, number: int = 1) -> list[dict[str, Any]]:
        """Return the log as soon as it has so many lines; they are written after the answer."""
        wait_for(lambda: len(self.log()) >= number)
        return self.log()


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def variables(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run what the container runs before it fills in the template."""
    path = {"PATH": f"{Path(NGINX or '').parent}:{os.environ['PATH']}"}
    return subprocess.run(
        ["sh", "-c", SCRIPT], env=path | environment, capture_output=True, text=True, check=False
    )


def rendered(text: str, environment: dict[str, str]) -> str:
    """Fill in a template as envsubst does."""
    for line in variables(**environment).stdout.split("\0"):
        name, _, value = line.partition("=")
        text = text.replace(f"${{{name}}}", value)
    assert "${" not in text
    return text


def configure(started: Proxy, environment: dict[str, str]) -> list[str]:
    """Write the configuration into nginx's folder; return the command that runs it."""
    folder = started.folder
    static = folder / "srv" / "static"
    static.mkdir(parents=True)
    for name in ("plain.css", "hashed.0123456789ab.css"):
        (static / name).write_text("body {}")
    here = {
        "/tmp/": f"{folder}/",  # first: the folder's own name may hold it
        "/etc/nginx/esp_mail": str(folder),
        "/srv": str(folder / "srv"),
        "/run/tls": str(folder),
        "/dev/stdout": str(folder / "log"),
        "/dev/stderr": str(folder / "errors"),
        "listen [::]:8080 default_server;": "",
        "listen [::]:8443 ssl default_server;": "",
        "listen 8080": f"listen 127.0.0.1:{started.port}",
        # As an nginx before 1.25 says it.
        "listen 8443 ssl": f"listen 127.0.0.1:{started.tls_port} ssl http2",
        "http2 on;": "",
    }
    for source in SOURCES.glob("*.conf*"):
        text = rendered(source.read_text(), environment)
        for name, value in here.items():
            text = text.replace(name, value)
        target = "site" if source.suffix == ".template" else source.name
        (folder / target).write_text(text)
    main = (folder / "nginx.conf").read_text().replace(f"{folder}/*.conf", f"{folder}/site")
    (folder / "nginx.conf").write_text(main)
    user = " user root;" if os.getuid() == 0 else ""
    files = ["-c", str(folder / "nginx.conf"), "-p", str(folder)]
    return [str(NGINX), *files, "-g", f"daemon off;{user}"]


@contextmanager
def proxy(folder: Path, web_port: int, **environment: str) -> Iterator[Proxy]:
    started = Proxy(folder)
    command = configure(started, {"WEB": f"127.0.0.1:{web_port}"} | environment)
    process = subprocess.Popen(command)
    try:
        wait_for(lambda: process.poll() is not None or listens(started.port))
        assert process.poll() is None
        yield started
    finally:
        process.terminate()
        process.wait(10)
