"""New code and a new schema while people play: no request may fail, not even once."""

import io
import shutil
import signal
import subprocess
import tarfile
from pathlib import Path

import psutil
from django.conf import settings

from .deployment import Deployment

# The version that is upgraded: raised with each release. It runs with the packages of this one.
PREVIOUS = "dd84e14"
WORKER = Path("esp_mail/worker.py")


def previous_version(folder: Path) -> str | None:
    """Unpack the code of the previous version; return its commit, None where it is not."""
    try:
        archive = _git("archive", PREVIOUS)
    except subprocess.CalledProcessError:  # a clone without history
        return None
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    # A version from before it could stop without leaving connections behind.
    shutil.copy(settings.BASE_DIR / WORKER, folder / WORKER)
    return PREVIOUS


def _git(*arguments: str) -> bytes:
    command = ["git", "-C", str(settings.BASE_DIR), *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout


def upgrade(deployment: Deployment) -> None:
    """Migrate under the old code, then start each process on the new."""
    deployment.manage("migrate_locked", "-v0", code=settings.BASE_DIR)
    roll(deployment)


def roll(deployment: Deployment) -> None:
    """Restart what runs our code, one by one, each once the one before is ready."""
    for service in (*deployment.deliveries, *deployment.webs):
        service.stop()
        service.folder = settings.BASE_DIR
        service.start()
        deployment.wait_until_ready(service)


def reload(deployment: Deployment) -> None:
    """Have gunicorn replace its workers (HUP), as after a changed setting."""
    for web in deployment.webs:
        old = web.leader.children()
        web.leader.send_signal(signal.SIGHUP)
        psutil.wait_procs(old, timeout=30)
        deployment.wait_until_ready(web)
