"""The proxy's configuration, in a real nginx in front of a server that says what it was asked."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from django.conf import settings

from games.tests.server import answers, free_port, wait_for

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
API = "/api/verification_mail/"

pytestmark = pytest.mark.skipif(not NGINX, reason="nginx is not installed (apt install nginx)")


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps(dict(self.headers.items())).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *args: object) -> None: ...


@pytest.fixture(scope="module")
def web() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nginx") / "log"


@pytest.fixture(scope="module")
def proxy(web: ThreadingHTTPServer, log: Path) -> Iterator[str]:
    yield from running(web_at(web.server_port), log)


@pytest.fixture(scope="module")
def proxy_of_nothing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from running(web_at(free_port()), tmp_path_factory.mktemp("nginx") / "log")


def web_at(port: int) -> dict[str, str]:
    return {"set $web web:8000": f"set $web 127.0.0.1:{port}"}


def running(changes: dict[str, str], log: Path) -> Iterator[str]:
    """Run nginx with our configuration, changed in these places; yield its address."""
    folder, port = log.parent, free_port()
    static = folder / "static"
    static.mkdir()
    for name in ("plain.css", "hashed.0123456789ab.css"):
        (static / name).write_text("body {}")
    config = (settings.BASE_DIR / "nginx" / "default.conf.template").read_text()
    for name, value in {
        **changes,
        "listen 80": f"listen 127.0.0.1:{port}",
        "root /srv": f"root {folder}",
        "/dev/stdout": str(log),
        "/dev/stderr": str(folder / "errors"),
    }.items():
        assert name in config
        config = config.replace(name, value)
    (folder / "site.conf").write_text(config)
    (folder / "nginx.conf").write_text(
        f"daemon off; user root; pid {folder}/pid; events {{}}"
        f" http {{ include {folder}/site.conf; types {{ text/css css; }} }}"
    )
    process = subprocess.Popen([str(NGINX), "-c", folder / "nginx.conf", "-p", folder])
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/static/plain.css"))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def test_host_and_clients_address_are_passed_on(proxy: str) -> None:
    headers = requests.get(f"{proxy}/", headers={"Host": "play.example.com:81"}, timeout=5).json()
    assert headers["Host"] == "play.example.com:81"
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "http"


def test_https_in_front_is_passed_on(proxy: str) -> None:
    for sent, passed in (("https", "https"), ("ftp", "http")):
        headers = requests.get(f"{proxy}/", headers={"X-Forwarded-Proto": sent}, timeout=5).json()
        assert headers["X-Forwarded-Proto"] == passed


@pytest.mark.parametrize(
    ("language", "detail"),
    [("en", "The request is too large."), ("ru-RU, en", "Запрос слишком велик.")],
)
def test_too_large_a_body(proxy: str, language: str, detail: str) -> None:
    headers = {"Accept-Language": language}
    response = requests.post(proxy + API, b"a" * 16_385, headers=headers, timeout=5)
    assert (response.status_code, response.json()) == (413, {"detail": detail})
    assert response.headers["Content-Type"] == "application/json"
    assert requests.post(proxy + API, b"a" * 16_384, timeout=5).status_code == 200


def test_admin_takes_files(proxy: str) -> None:
    assert requests.post(f"{proxy}/admin/", b"a" * 1_000_000, timeout=5).status_code == 200


@pytest.mark.parametrize(
    ("language", "detail"),
    [
        ("en", "The service is not available at the moment. Try again in a few seconds."),
        ("ru", "Сервис сейчас недоступен. Повторите через несколько секунд."),
    ],
)
def test_web_process_that_is_away(proxy_of_nothing: str, language: str, detail: str) -> None:
    headers = {"Accept-Language": language}
    response = requests.post(proxy_of_nothing + API, b"{}", headers=headers, timeout=10)
    assert (response.status_code, response.json()) == (503, {"detail": detail})
    assert response.headers["Retry-After"] == "5"


def test_static_files_are_kept_by_browsers(proxy: str) -> None:
    plain = requests.get(f"{proxy}/static/plain.css", timeout=5)
    hashed = requests.get(f"{proxy}/static/hashed.0123456789ab.css", timeout=5)
    assert plain.headers["Cache-Control"] == "max-age=3600"
    assert "immutable" in hashed.headers["Cache-Control"]
    assert "nginx/" not in plain.headers["Server"]


def test_no_address_in_the_log(proxy: str, log: Path) -> None:
    requests.get(f"{proxy}/admin/?q=canary@test.ru", headers={"Referer": "canary"}, timeout=5)
    wait_for(lambda: "/admin/" in log.read_text())
    assert "canary" not in log.read_text()
