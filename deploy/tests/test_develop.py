"""What `make run`, `make demo` and `make admin` do, but for the server itself."""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User

from testing.server import database_url, free_port


def develop(action: str, port: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = os.environ | {"DEBUG": "1", "PORT": str(port or free_port())} | environment
    command = [sys.executable, "-m", "testing.develop", action]
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=variables, capture_output=True, text=True, check=False
    )


def test_admin_gets_the_password_that_is_printed(transactional_db: None) -> None:
    for _ in range(2):  # the second time it is a new password of the same account
        process = develop("admin", DATABASE_URL=database_url())
        assert process.returncode == 0, process.stderr
        password = process.stdout.split()[-1]
        admin = User.objects.get()
        assert admin.is_superuser
        assert PBKDF2PasswordHasher().verify(password, admin.password)  # tests have a faster hasher


@pytest.mark.parametrize("action", ["run", "demo"])
def test_taken_port_is_one_line(action: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        process = develop(action, port)
    line = f"Port {port} is not free. Name another one: make {action} PORT=8001\n"
    assert (process.returncode, process.stdout, process.stderr) == (0, line, "")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "Not configured: DATABASE_URL is not the URL of a database"),
        ("postgres://127.0.0.1:1/none", "The database is not available"),
    ],
)
def test_wrong_database_is_one_message(url: str, message: str) -> None:
    process = develop("run", DATABASE_URL=url)
    assert process.returncode == 1
    assert process.stderr.startswith(message)
    assert "Traceback" not in process.stderr


def test_old_python_is_one_line(tmp_path: Path) -> None:
    old = tmp_path / "python3.9"
    old.write_text("#!/bin/sh\n")  # prints nothing, as a Python that is too old
    old.chmod(0o755)
    command = ["make", "--silent", "run", f"PYTHON={old}", f"VENV={tmp_path}/venv"]
    process = subprocess.run(
        command, cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    assert re.fullmatch(
        r"Makefile:\d+: \*\*\* ESP mail needs Python 3.11 or later, .*\n", process.stderr
    )
