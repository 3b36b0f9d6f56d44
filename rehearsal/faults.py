"""The faults: context managers that cause a fault, and repair it at the end of the block."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial

import psutil
import psycopg2

from rehearsal.deployment import Deployment

Fault = Callable[[Deployment], AbstractContextManager[None]]
HOUR = 3600
DISK_FULL = "disk of PostgreSQL full"
MENDS_ITSELF = ("kill", "PostgreSQL restarted")


@contextmanager
def killed(pick: Callable[[Deployment], psutil.Process], deployment: Deployment) -> Iterator[None]:
    with suppress(psutil.NoSuchProcess, IndexError):  # another fault may have killed it
        pick(deployment).kill()
    yield


@contextmanager
def restarted(mode: str, deployment: Deployment) -> Iterator[None]:
    with suppress(subprocess.SubprocessError):  # its disk may be full
        deployment.database.restart(mode)
    yield


@contextmanager
def esp_is(mode: str, deployment: Deployment) -> Iterator[None]:
    deployment.esp_mode(mode)
    try:
        yield
    finally:
        deployment.esp_mode("ok")


@contextmanager
def connections_taken(deployment: Deployment) -> Iterator[None]:
    """Take all connections that PostgreSQL allows, also those of the web processes."""
    held = []
    for _ in range(3):  # the web processes reconnect meanwhile
        with suppress(psycopg2.Error):
            while True:
                held.append(deployment.database.connect())
        with suppress(psycopg2.Error, IndexError), held[0].cursor() as cursor:
            mine = [other.info.backend_pid for other in held]
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE backend_type = 'client backend' AND pid <> ALL(%s)",
                [mine],
            )
    try:
        yield
    finally:
        for other in held:
            other.close()


@contextmanager
def disk_full(deployment: Deployment) -> Iterator[None]:
    assert deployment.database.disk
    filler = deployment.database.disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def backends_stopped(deployment: Deployment) -> Iterator[None]:
    """Stop all processes of PostgreSQL that serve a connection; new ones are not stopped."""
    backends = deployment.database.backends()
    try:
        for backend in backends:
            with suppress(psutil.NoSuchProcess):
                backend.suspend()
        yield
    finally:
        for backend in backends:
            with suppress(psutil.NoSuchProcess):
                backend.resume()


@contextmanager
def clock_off(seconds: int, deployment: Deployment) -> Iterator[None]:
    deployment.clock.step(seconds)
    try:
        yield
    finally:
        deployment.clock.step(0)


def service(name: str, deployment: Deployment) -> psutil.Process:
    return deployment.services[name].leader


def worker(deployment: Deployment) -> psutil.Process:
    return deployment.webs[0].leader.children()[0]


def backend(deployment: Deployment) -> psutil.Process:
    return deployment.database.backends()[0]


def faults(deployment: Deployment) -> dict[str, Fault]:
    """Return the faults that are possible on this machine, by name, in their order.

    The ESP's faults are not adjacent: after one the breaker skips the ESP for 30 seconds.
    """
    every: dict[str, Fault] = {
        "ESP down": partial(esp_is, "down"),
        "kill -9 of a gunicorn worker": partial(killed, worker),
        "kill -9 of delivery": partial(killed, partial(service, "delivery 1")),
        "kill -9 of nginx": partial(killed, partial(service, "nginx")),
        "kill -9 of a gunicorn master": partial(killed, partial(service, "web 1")),
        "ESP slow": partial(esp_is, "slow"),
        "kill -9 of a PostgreSQL backend": partial(killed, backend),
        "PostgreSQL hanging": backends_stopped,
        "PostgreSQL restarted": partial(restarted, "fast"),
        "PostgreSQL restarted, mode immediate": partial(restarted, "immediate"),
        "connections exhausted": connections_taken,
        "ESP dripping": partial(esp_is, "drip"),
    }
    if deployment.database.disk:
        every[DISK_FULL] = disk_full
    if deployment.clock.environment:
        every["clock an hour back"] = partial(clock_off, -HOUR)
        every["clock an hour forward"] = partial(clock_off, HOUR)
    every["ESP answering garbage"] = partial(esp_is, "garbage")
    return every


def impossible(deployment: Deployment) -> list[str]:
    """Return the faults that this machine cannot rehearse, and why."""
    reasons = {
        "a full disk. This user may mount none": deployment.database.disk is None,
        "a clock step. There is no C compiler": not deployment.clock.environment,
    }
    return [name for name, missing in reasons.items() if missing]
