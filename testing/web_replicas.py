"""Plays against a running compose site with several web containers, while some of them die.

Started with `docker compose up --scale web=3` and PLAY_RATE=1000r/s in .env:

    BASE_URL=http://localhost python -m testing.web_replicas

It fails if a play is not answered, or not by all containers. Needs Docker's socket (DOCKER_HOST).
"""

import http.client
import json
import os
import socket
import threading
import time
import uuid
from typing import Any
from urllib.parse import quote

import requests

SITE = os.environ.get("BASE_URL", "http://localhost").rstrip("/")
SOCKET = os.environ.get("DOCKER_HOST", "/var/run/docker.sock").removeprefix("unix://")


class Docker(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(SOCKET)


def docker(method: str, path: str) -> Any:
    connection = Docker("docker", timeout=60)
    connection.request(method, path)
    response = connection.getresponse()
    text = response.read()
    assert response.status < 400, text
    return json.loads(text) if text else None


def containers(*, everyone: bool = False) -> list[str]:
    filters = quote(json.dumps({"label": ["com.docker.compose.service=web"]}))
    found = docker("GET", f"/containers/json?all={everyone:d}&filters={filters}")
    return sorted(container["Id"] for container in found)


def received(container: str) -> int:
    stats = docker("GET", f"/containers/{container}/stats?stream=false&one-shot=true")
    return sum(network["rx_packets"] for network in stats["networks"].values())


class Load:
    """Four clients that send plays with keys, and note every answer and how long it took."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, float]] = []
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self._play) for _ in range(4)]

    def __enter__(self) -> "Load":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def _play(self) -> None:
        while not self.ended.wait(0.02):
            started = time.monotonic()
            key = str(uuid.uuid4())
            response = requests.post(
                f"{SITE}/api/verification_mail/",
                json={"email": f"{key[0]}@test.ru"},
                headers={"Idempotency-Key": key},
                timeout=30,
            )
            self.answers.append((response.status_code, time.monotonic() - started))

    def report(self, title: str) -> None:
        failed = [status for status, _ in self.answers if status != 200]
        slowest = max(seconds for _, seconds in self.answers)
        noted = f"{title}: {len(self.answers)} plays, not answered {failed}"
        print(f"{noted}, slowest {slowest:.2f} s")


def main() -> None:
    web = containers()
    before = {container: received(container) for container in web}
    with Load() as load:
        time.sleep(5)
    load.report(f"{len(web)} containers")
    packets = {container: received(container) - before[container] for container in web}
    print("packets received by each:", list(packets.values()))
    assert len(web) > 1
    assert min(packets.values()) > max(packets.values()) / 3
    assert all(status == 200 for status, _ in load.answers)

    with Load() as load:
        time.sleep(2)
        docker("POST", f"/containers/{web[0]}/stop?t=25")
        time.sleep(5)
    load.report("one stopped")
    with Load() as load:
        docker("POST", f"/containers/{web[0]}/start")
        time.sleep(20)
    load.report("and started again")
    assert all(status == 200 for status, _ in load.answers)
    assert received(web[0]) > 100

    with Load() as killed:
        time.sleep(2)
        docker("POST", f"/containers/{web[1]}/kill")
        time.sleep(5)
    killed.report("one killed, with the plays that it held")


if __name__ == "__main__":
    main()
