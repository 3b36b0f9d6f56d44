"""The failover of a primary to its standby, under load; see docs/high-availability.md."""

import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg2

from rehearsal.database import Database
from rehearsal.deployment import Deployment
from rehearsal.players import Players
from rehearsal.rehearse import FINISH_SECONDS, RATE, Result, judge
from rehearsal.script import RECOVERED_PLAYS, Script
from testing.replication import Pair, pair
from testing.server import wait_for

NOTICE_SECONDS = 3  # until the standby is promoted, as if a watcher had to notice; 1 if hurried
ALONE_SECONDS = 8  # longer than a play waits for the database
QUIET_SECONDS = 3  # 1 if hurried


class TwoServers(Database):
    """A primary and a standby in place of one server; `sql` asks the present primary."""

    synchronous = True

    def __init__(self, _folder: Path, stack: ExitStack) -> None:
        self.disk = None
        self.pair = stack.enter_context(pair(synchronous=self.synchronous))
        self.url = self.pair.url

    def connect(self) -> Any:
        return psycopg2.connect(self.pair.primary.dsn)


class TwoAsynchronousServers(TwoServers):
    synchronous = False


def rehearse_failover(seed: int, *, synchronous: bool = True, hurried: bool = False) -> Result:
    """Rehearse each case with a synchronous standby; without one only the case that loses plays."""
    with ExitStack() as stack:
        servers = TwoServers if synchronous else TwoAsynchronousServers
        deployment = Deployment(database=servers)
        stack.callback(deployment.stop)
        deployment.start()
        players = Players(deployment.site, rate=RATE, seed=seed)
        stack.callback(players.finish, 0)
        players.start()
        script = Script(deployment, players, seed=seed, hurried=hurried)
        script.skipped.clear()
        with script.stage("both servers run", flawless=True):
            _watch(script)
        if synchronous:
            fenced(script)
        unfenced(script)
        players.finish(FINISH_SECONDS)
        script.notes += [_gaps(script), f"{len(players.acknowledged)} answers with 200."]
        kind = "synchronous" if synchronous else "asynchronous"
        title = f"### Failover, seed {seed}, {kind} standby"
        return judge(script, title, to_fail=not synchronous)


def fenced(script: Script) -> None:
    """Let each server take over from the other; the old primary comes back as the standby.

    If hurried, only one does here. The other does in `unfenced`.
    """
    pair = servers(script)
    for _ in pair.nodes[: 1 if script.hurried else 2]:
        with script.stage(f"kill -9 of the primary, promotion after {_notice(script)} s"):
            _take_over(script)
        with script.stage("old primary back as the standby", flawless=True):
            pair.rejoin()
            _watch(script)
    with script.stage("kill -9 of the standby, back after 8 s"):
        pair.standby.kill()
        time.sleep(ALONE_SECONDS)
        pair.standby.start()


def unfenced(script: Script) -> None:
    """Let the first server come back as a second primary, and a web process connect to it."""
    pair = servers(script)
    with script.stage("kill -9 of the primary, back as a second primary"):
        _take_over(script)
        wait_for(lambda: script.players.streak >= RECOVERED_PLAYS)
        pair.standby.start()  # nobody has made it a standby
        script.deployment.webs[0].leader.kill()
        time.sleep(ALONE_SECONDS)
        pair.standby.kill()
    with script.stage("second primary back as the standby", flawless=True):
        pair.rejoin()
        _watch(script)


def servers(script: Script) -> Pair:
    database = script.deployment.database
    assert isinstance(database, TwoServers)
    return database.pair


def _take_over(script: Script) -> None:
    pair = servers(script)
    pair.primary.kill()
    time.sleep(_notice(script))
    pair.promote()


def _notice(script: Script) -> int:
    return 1 if script.hurried else NOTICE_SECONDS


def _watch(script: Script) -> None:
    time.sleep(1 if script.hurried else QUIET_SECONDS)


def _gaps(script: Script) -> str:
    """Return the longest time without an answered play, for each stage in which requests failed."""
    times = script.players.acknowledged
    said = []
    for stage in script.stages:
        if stage.failures(script.players):
            during = [each for each in pairwise(times) if stage.began < each[1] < stage.end]
            said.append(f"{max(after - before for before, after in during):.1f} s ({stage.name})")
    return f"Longest time without an answered play: {'; '.join(said)}."
