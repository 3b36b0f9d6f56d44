"""New code and a new schema while people play: not one request may fail."""

import io
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import psutil
from django.conf import settings

from rehearsal.deployment import Deployment

# The release before this one, from which the upgrade starts. Raise it with each release.
PREVIOUS = "72e8454"


def previous_version(folder: Path) -> str | None:
    """Unpack the previous release and install its packages into `folder`/.venv.

    Return its commit, or None if the history of this clone does not contain it.
    """
    try:
        archive = _git("archive", PREVIOUS)
    except subprocess.CalledProcessError:
        return None
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    _uv("venv", str(folder / ".venv"))
    python = str(folder / ".venv" / "bin" / "python")
    _uv("pip", "install", "--python", python, "--requirement", str(folder / "requirements.txt"))
    return PREVIOUS


def _git(*arguments: str) -> bytes:
    command = ["git", "-C", str(settings.BASE_DIR), *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout


def _uv(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "uv", "--quiet", *arguments], check=True)


def upgrade(deployment: Deployment) -> None:
    """Migrate under the old code, then start each process on the new code."""
    deployment.manage("migrate_locked", "-v0", code=settings.BASE_DIR)
    roll(deployment)


def roll(deployment: Deployment) -> None:
    """Restart web and delivery processes one by one, each when the one before is ready."""
    for service in (*deployment.deliveries, *deployment.webs):
        service.stop()
        service.upgrade()
        service.start()
        deployment.wait_until_ready(service)


def reload(deployment: Deployment) -> None:
    """Have gunicorn replace its workers (HUP), as after a changed setting."""
    for web in deployment.webs:
        old = web.leader.children()
        web.leader.send_signal(signal.SIGHUP)
        psutil.wait_procs(old, timeout=30)
        deployment.wait_until_ready(web)
