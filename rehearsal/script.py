"""The order of a rehearsal: an upgrade, restarts, every fault by itself, then several at random."""

import random
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress

from games.tests.server import wait_for

from .deployment import Deployment
from .faults import DISK_FULL, MENDS_ITSELF, faults, impossible
from .players import Players
from .report import Stage

CALM = 30  # acknowledged in a row: the site is itself again
FEWEST = 3  # draws of faults at random
PATIENCE = 60  # seconds until it must be


class Script:
    """Runs stages under the load of `players`; `stages` tells when each was."""

    def __init__(self, deployment: Deployment, players: Players, *, seed: int) -> None:
        self.deployment, self.players = deployment, players
        self.stages: list[Stage] = []
        self.drawn: list[str] = []
        self.faults = faults(deployment)
        self.skipped = [f"Not rehearsed: {what}." for what in impossible(deployment)]
        self._random = random.Random(seed)

    @contextmanager
    def stage(self, name: str, *, flawless: bool = False) -> Iterator[None]:
        """Note when this block began and ended; return when the site is itself again.

        `flawless`: the verdict is that no request may fail in it.
        """
        stage = Stage(name, time.monotonic(), flawless)
        if self.stages:
            self.stages[-1].end = stage.began
        self.stages.append(stage)
        print(f"{time.strftime('%H:%M:%S')} {name}", flush=True)  # noqa: T201
        yield
        stage.mended = stage.mended or time.monotonic()
        self.players.streak = 0
        wait_for(lambda: self.players.streak >= CALM, seconds=PATIENCE)

    def each_fault(self, seconds: float, names: Collection[str] = ()) -> None:
        """Have these faults, or all, one after another, each for so long; kills every second."""
        for name in names or self.faults:
            rounds = max(1, round(seconds)) if name.startswith("kill") else 1
            with self.stage(name):
                for _ in range(rounds):
                    self._suffer([name], seconds / rounds)

    def mixed(self, end: float) -> None:
        """Have one to three faults at once, again and again, with rests between them."""
        with self.stage("mixed at random"):
            while len(self.drawn) < FEWEST or time.monotonic() < end:
                names = self._random.sample(list(self.faults), k=self._random.randint(1, 3))
                self.drawn.append(" + ".join(names))
                self._suffer(names, self._random.uniform(0.5, 4))
                time.sleep(self._random.uniform(0, 2))

    def _suffer(self, names: Collection[str], seconds: float) -> None:
        began = time.monotonic()
        with ExitStack() as stack:
            for name in names:
                stack.enter_context(self.faults[name](self.deployment))
            self.stages[-1].mended = time.monotonic()
            time.sleep(seconds)
            if DISK_FULL in names:  # felt when the tables have to grow
                with suppress(AssertionError):
                    wait_for(lambda: self.players.failed_since(began), seconds=15)
        if not all(name.startswith(MENDS_ITSELF) for name in names):
            self.stages[-1].mended = time.monotonic()
        self.deployment.database.mend()
