"""The command `python -m rehearsal --seed 1 --minutes 5`; see docs/reliability.md."""

import argparse
import os
import random
import sys
from pathlib import Path

import django

FAILED = 3  # not 1, the exit code of a rehearsal that crashed

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "esp_mail.settings")
    os.environ["DEBUG"] = "1"
    django.setup()

    from rehearsal.failover import rehearse_failover
    from rehearsal.rehearse import rehearse

    parser = argparse.ArgumentParser(prog="python -m rehearsal")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--append", type=Path, help="a file to append the table to")
    parser.add_argument("--broken", default="", help="a build of rehearsal/broken.py to serve")
    parser.add_argument("--failover", action="store_true", help="of a primary and its standby")
    parser.add_argument("--asynchronous", action="store_true", help="of one that may lose plays")
    arguments = parser.parse_args()
    if arguments.failover:
        result = rehearse_failover(arguments.seed, synchronous=not arguments.asynchronous)
    else:
        result = rehearse(arguments.seed, arguments.minutes, broken=arguments.broken)
    print(result.text)  # noqa: T201
    if arguments.append:
        with arguments.append.open("a", encoding="utf-8") as file:
            file.write(f"\n{result.text}\n")
    sys.exit(FAILED if result.problems else 0)
