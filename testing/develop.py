"""Run the site on a developer's machine: `make run`, `make demo` and `make admin`."""

import os
import secrets
import signal
import socket
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C prints no traceback, from here on

import django  # noqa: E402
from django.core.exceptions import ImproperlyConfigured  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import OperationalError  # noqa: E402

ADMIN = "admin"
SITE = f"http://127.0.0.1:{os.environ['PORT']}"
PLAY = """curl -H "Content-Type: application/json" -d '{"email": "cem@test.ru"}'"""


def port_is_free() -> bool:
    try:
        socket.create_server(("127.0.0.1", int(os.environ["PORT"]))).close()
    except OSError:
        return False
    return True


def make_admin() -> str:
    """Give the superuser, made if there is none, a new password; return how to sign in."""
    from django.contrib.auth.models import User  # noqa: PLC0415 - django.setup() comes first

    password = secrets.token_urlsafe(9)
    user, _created = User.objects.get_or_create(username=ADMIN)
    user.is_active = user.is_staff = user.is_superuser = True
    user.set_password(password)
    user.save()
    return f"sign in as {ADMIN} with the password {password}"


def seed() -> None:
    """Add a made-up campaign, unless there are players already."""
    from games.models import Game  # noqa: PLC0415 - django.setup() comes first

    if not Game.objects.exists():
        call_command("seed_demo")


def main(action: str) -> None:
    if action != "admin" and not port_is_free():
        print(f"Port {os.environ['PORT']} is not free. Name another one: make {action} PORT=8001")
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "esp_mail.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    if action == "demo":
        seed()
    account = "make admin makes an account" if action == "run" else make_admin()
    if action == "admin":
        print(f"{SITE}/admin/: {account}")
        return
    lines = {
        "The game": f"{SITE}/",
        "A play": f"{PLAY} {SITE}/api/verification_mail/",
        "The API": f"{SITE}/api/docs/",
        "The console": f"{SITE}/admin/  ({account})",
        "The tests": "make test",
    }
    print(
        "", *(f"{name + ':':14} {line}" for name, line in lines.items()), "", sep="\n", flush=True
    )
    command = [sys.executable, "supervise.py", "runserver", "delivery"]
    os.execv(sys.executable, command)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except ImproperlyConfigured as error:
        sys.exit(f"Not configured: {error}")
    except OperationalError as error:
        sys.exit(f"The database is not available: {error}")
