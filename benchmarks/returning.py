"""Measure the CPU of a returning play with and without what a site may switch on.

`python -m benchmarks.returning --before COMMIT` also measures the program of a commit. Each
contender is a process with a database of its own. They take turns, so that other work on the
machine meets all of them.
"""

import argparse
import io
import json
import os
import statistics
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.servers import KNOWN, PROJECT, ROOT, SETTINGS, Database

PLAYS = 300  # in a round; short, so that a busy machine slows all contenders alike
CONSENT = {"MAILING_CONSENT": "required"}
FIELDS = {"PLAY_FIELDS": '{"name": "text:40", "utm_source": "text:40", "score": "integer"}'}
CONSENT_SENT = {"consent": {"mailing": True, "text": "1", "language": "en"}}
FIELDS_SENT = {"name": "Cem", "utm_source": "newsletter", "score": 42}
TEXT = """
INSERT INTO games_consenttext (purpose, language, version, text, digest, made_at)
VALUES ('mailing', 'en', '1', 'I agree.', '', now())
"""


class Contender:
    """A process that plays, and how many ms of CPU a play took in each round."""

    def __init__(
        self, database: Database, name: str, root: Path, settings: dict[str, str], sent: Any
    ) -> None:
        database.create(name)
        environment = os.environ | SETTINGS | settings
        environment |= {"DATABASE_URL": database.url(name), "PYTHONPATH": str(root)}
        # -P: the script's folder has names that the project has too.
        script = str(ROOT / "benchmarks/plays_in_process.py")
        self.process = subprocess.Popen(
            [str(PROJECT), "-P", script, json.dumps(sent), str(KNOWN)],
            cwd=root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a log line for each play
            text=True,
        )
        self.rounds: list[float] = []
        for _ in range(3):  # what is done once in a process is not measured
            self.play()
        self.rounds.clear()

    def play(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{PLAYS}\n")
        self.process.stdin.flush()
        self.rounds.append(float(self.process.stdout.readline()) / PLAYS * 1000)


def program_of(commit: str, folder: str) -> Path:
    """Put the program of a commit into the folder."""
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, capture_output=True, check=True)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(folder, filter="data")
    return Path(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", metavar="COMMIT", help="measure its program too")
    parser.add_argument("--rounds", type=int, default=50)
    options = parser.parse_args()
    database = Database()
    database.sql("template", TEXT)
    # Waiting for the disk takes time, and no CPU of the contenders.
    database.sql("postgres", "ALTER SYSTEM SET synchronous_commit = off")
    database.sql("postgres", "SELECT pg_reload_conf()")
    with tempfile.TemporaryDirectory() as folder:
        contenders = {
            "off": Contender(database, "off", ROOT, {}, {}),
            "consent": Contender(database, "consent", ROOT, CONSENT, CONSENT_SENT),
            "fields": Contender(database, "fields", ROOT, FIELDS, FIELDS_SENT),
            "both": Contender(database, "both", ROOT, CONSENT | FIELDS, CONSENT_SENT | FIELDS_SENT),
        }
        if options.before:
            root = program_of(options.before, folder)
            contenders["before"] = Contender(database, "before", root, {}, {})
        for _ in range(options.rounds):
            for contender in contenders.values():
                contender.play()
    off = contenders["off"].rounds
    for name, contender in contenders.items():
        ratios = [one / other for one, other in zip(contender.rounds, off, strict=True)]
        low, middle, high = statistics.quantiles(ratios)
        print(
            f"{name:8} {statistics.median(contender.rounds):.3f} ms a play, "
            f"{middle:.2f} x off (half of the rounds: {low:.2f} to {high:.2f})"
        )
        contender.process.kill()


if __name__ == "__main__":
    main()
