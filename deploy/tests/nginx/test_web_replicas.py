"""Several web containers behind a real nginx, which finds them by name and skips dead ones."""

import socketserver
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests

from testing.nginx import API, NGINX, Proxy, proxy
from testing.server import free_port, wait_for

pytestmark = pytest.mark.skipif(not NGINX, reason="nginx is not installed (apt install nginx)")

PORT = free_port()
ADDRESSES = ("127.0.1.1", "127.0.1.2", "127.0.1.3")


class Names(socketserver.BaseRequestHandler):
    """A stand-in for Docker's name server: the addresses of the containers of `web`."""

    addresses: list[str] = []

    def handle(self) -> None:
        data, outlet = self.request
        question = data[12:]
        answers = [
            struct.pack("!HHHIH4s", 0xC00C, 1, 1, 0, 4, ip_address(address).packed)
            for address in self.addresses
        ]
        head = data[:2] + struct.pack("!HHHHH", 0x8180, 1, len(answers), 0, 0)
        outlet.sendto(head + question + b"".join(answers), self.client_address)


class Container(ThreadingHTTPServer):
    """Answers with its own address, or closes the connection after the request."""

    daemon_threads = True

    def __init__(self, address: str) -> None:
        super().__init__((address, PORT), Answer)
        self.breaks = False
        self.asked = 0
        threading.Thread(target=self.serve_forever, args=(0.05,)).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Answer(BaseHTTPRequestHandler):
    server: Container

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked += 1
        if self.server.breaks:
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(self.server.server_address[0]).encode())

    do_POST = do_GET  # noqa: N815

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def names() -> Iterator[int]:
    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), Names) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


@pytest.fixture
def containers() -> Iterator[dict[str, Container]]:
    running: dict[str, Container] = {}
    for address in ADDRESSES[:2]:
        running[address] = Container(address)
    yield running
    for container in running.values():
        container.stop()


@pytest.fixture
def nginx(names: int, containers: dict[str, Container], tmp_path: Path) -> Iterator[Proxy]:
    Names.addresses = list(containers)
    places = {"RESOLVER": f"127.0.0.1:{names}", "WEB": f"web:{PORT}"}
    with proxy(tmp_path, PORT, PLAY_RATE="1000r/s", **places) as started:
        wait_for(lambda: requests.get(started.url, timeout=5).ok)  # it has looked up the name
        for container in containers.values():
            container.asked = 0
        yield started


def played_at(nginx: Proxy, times: int = 30) -> Counter[str]:
    """Send plays; return how many each container answered."""
    answers = [requests.post(nginx.url + API, b"{}", timeout=5) for _ in range(times)]
    assert {answer.status_code for answer in answers} == {200}
    return Counter(answer.text for answer in answers)


def test_nginx_uses_all_containers(nginx: Proxy) -> None:
    assert set(played_at(nginx)) == set(ADDRESSES[:2])


def test_nginx_finds_a_new_container_without_a_restart(
    nginx: Proxy, containers: dict[str, Container]
) -> None:
    containers[ADDRESSES[2]] = Container(ADDRESSES[2])
    Names.addresses = list(ADDRESSES)
    wait_for(lambda: ADDRESSES[2] in played_at(nginx))


def test_dead_container_costs_no_play(nginx: Proxy, containers: dict[str, Container]) -> None:
    played_at(nginx)
    containers.pop(ADDRESSES[0]).stop()
    assert played_at(nginx) == {ADDRESSES[1]: 30}  # though the name still resolves to both
    Names.addresses = list(containers)
    wait_for(lambda: played_at(nginx) == {ADDRESSES[1]: 30})


def test_nginx_repeats_a_get_but_never_a_post(
    nginx: Proxy, containers: dict[str, Container]
) -> None:
    for container in containers.values():
        container.breaks = True
    assert requests.post(nginx.url + API, b"{}", timeout=5).status_code == 503
    assert sum(container.asked for container in containers.values()) == 1
    assert requests.get(nginx.url, timeout=5).status_code == 503
    assert sum(container.asked for container in containers.values()) == 3
