"""The stages of a rehearsal: an upgrade, restarts, each fault by itself, then several at once."""

import random
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress

from rehearsal.crowd import Crowd
from rehearsal.deployment import Deployment
from rehearsal.faults import DISK_FULL, MENDS_ITSELF, faults, impossible
from rehearsal.players import Players
from rehearsal.report import Stage
from testing.server import wait_for

RECOVERED_PLAYS = 30  # acknowledged in a row: the site has recovered
RECOVERY_SECONDS = 60  # in which the site must recover
MIN_DRAWS = 3  # of faults at random; one if it is hurried


class Script:
    """Runs the stages while `players` play, and records when each began and ended.

    `hurried`: keep each wait as short as the stage allows, and do not wait for leases to end.
    """

    def __init__(
        self, deployment: Deployment, players: Players, *, seed: int, hurried: bool = False
    ) -> None:
        self.deployment, self.players, self.hurried = deployment, players, hurried
        self.stages: list[Stage] = []
        self.drawn: list[str] = []
        self.crowd = Crowd(deployment.site, seed=seed)
        self.notes: list[str] = []
        self.faults = faults(deployment)
        self.skipped = [f"Not rehearsed: {what}." for what in impossible(deployment)]
        self._random = random.Random(seed)

    @contextmanager
    def stage(self, name: str, *, flawless: bool = False) -> Iterator[None]:
        """Record this block as a stage; return when the site has recovered.

        In a `flawless` stage no request may fail.
        """
        stage = Stage(name, time.monotonic(), flawless)
        if self.stages:
            self.stages[-1].end = stage.began
        self.stages.append(stage)
        print(f"{time.strftime('%H:%M:%S')} {name}", flush=True)  # noqa: T201
        yield
        stage.mended = stage.mended or time.monotonic()
        self.players.streak = 0
        wait_for(lambda: self.players.streak >= RECOVERED_PLAYS, seconds=RECOVERY_SECONDS)

    def each_fault(self, seconds: float, names: Collection[str] = ()) -> None:
        """Cause these faults, or all, one after another for `seconds` each; kill once a second."""
        for name in names or self.faults:
            rounds = max(1, round(seconds)) if name.startswith("kill") else 1
            with self.stage(name):
                for _ in range(rounds):
                    self._cause([name], seconds / rounds)

    def overload(self, seconds: float) -> None:
        """Let a crowd play for `seconds`, beside the players."""
        with self.stage("overload"):
            before = self.deployment.web_megabytes()
            said = self.crowd.overload(seconds)
            self.stages[-1].mended = time.monotonic()
            after = self.deployment.web_megabytes()
            self.notes.append(f"{said} The web processes grew from {before:.0f} to {after:.0f} MB.")

    def mixed(self, end: float) -> None:
        """Cause one to three random faults at once, with pauses between, until `end`."""
        with self.stage("mixed at random"):
            draws = 1 if self.hurried else MIN_DRAWS
            while len(self.drawn) < draws or time.monotonic() < end:
                names = self._random.sample(list(self.faults), k=self._random.randint(1, 3))
                self.drawn.append(" + ".join(names))
                self._cause(names, self._random.uniform(0.5, 4))
                time.sleep(self._random.uniform(0, 2))

    def _cause(self, names: Collection[str], seconds: float) -> None:
        began = time.monotonic()
        with ExitStack() as stack:
            for name in names:
                stack.enter_context(self.faults[name](self.deployment))
            self.stages[-1].mended = time.monotonic()
            time.sleep(seconds)
            if DISK_FULL in names:  # a full disk fails requests only once a table has to grow
                with suppress(AssertionError):
                    wait_for(lambda: self.players.failed_since(began), seconds=15)
        if not all(name.startswith(MENDS_ITSELF) for name in names):
            self.stages[-1].mended = time.monotonic()
        self.deployment.database.mend()
