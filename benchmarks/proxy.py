"""nginx with the project's configuration in front of a server: `python -m benchmarks.proxy PORT`.

It prints its own port, and runs until its input ends. It needs the project's packages.
"""

import os
import sys
import tempfile
from pathlib import Path

import django

os.environ |= {"DJANGO_SETTINGS_MODULE": "esp_mail.settings", "DEBUG": "1"}
django.setup()

from testing.nginx import proxy  # noqa: E402 - needs Django's settings

# The load has one address; the limits of one client would be all that is measured.
NO_LIMITS = {"PLAY_RATE": "100000r/s", "PLAY_BURST": "100000", "PLAY_CONNECTIONS": "10000"}
NO_LIMITS["PLAYS_AT_ONCE"] = "10000"
# The requests say that they came by HTTPS to a balancer in front of nginx.
TRUSTED = {"TRUSTED_PROXIES": "127.0.0.1"}


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        proxy(Path(folder), int(sys.argv[1]), **NO_LIMITS, **TRUSTED) as started,
    ):
        print(started.port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
