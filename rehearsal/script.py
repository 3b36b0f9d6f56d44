"""The order of a rehearsal: an upgrade, restarts, every fault by itself, then several at random."""

import random
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager

from games.tests.server import wait_for

from .deployment import Deployment
from .faults import Fault, faults
from .players import Players
from .report import Stage

CALM = 30  # acknowledged in a row: the site is itself again
PATIENCE = 60  # seconds until it must be


class Script:
    """Runs stages under the load of `players`; `stages` tells when each was."""

    def __init__(self, deployment: Deployment, players: Players, *, seed: int) -> None:
        self.deployment, self.players = deployment, players
        self.stages: list[Stage] = []
        self.drawn: list[str] = []
        self.faults = faults(deployment)
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
        stage.mended = time.monotonic()
        self.players.streak = 0
        wait_for(lambda: self.players.streak >= CALM, seconds=PATIENCE)

    def each_fault(self, seconds: float, names: Collection[str] = ()) -> None:
        """Have these faults, or all, one after another, each for so long."""
        for name, fault in self.faults.items():
            if not names or name in names:
                with self.stage(name):
                    self._suffer([fault], seconds)

    def mixed(self, end: float) -> None:
        """Have one to three faults at once, again and again, with rests between them."""
        with self.stage("mixed at random"):
            while not self.drawn or time.monotonic() < end:
                names = self._random.sample(list(self.faults), k=self._random.randint(1, 3))
                self.drawn.append(" + ".join(names))
                self._suffer([self.faults[name] for name in names], self._random.uniform(0.5, 4))
                time.sleep(self._random.uniform(0, 2))

    def _suffer(self, together: list[Fault], seconds: float) -> None:
        with ExitStack() as stack:
            for fault in together:
                stack.enter_context(fault(self.deployment))
            time.sleep(seconds)
        self.deployment.mend_postgres()
