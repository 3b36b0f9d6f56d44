"""One rehearsal from beginning to end, and what came of it."""

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from .broken import BROKEN
from .deployment import Deployment
from .players import Players
from .report import failed_requests, table
from .script import Script
from .upgrade import previous_version, reload, roll, upgrade
from .verdict import Verdict

RATE = 40  # plays a second
LONG = 120  # seconds, from which restarts are rehearsed besides the upgrade, which has them too
FINISH = 120  # seconds until every play is acknowledged


class Result(NamedTuple):
    """`text` is what a reader sees, in Markdown; with `problems` the rehearsal has failed."""

    text: str
    problems: list[str]


def rehearse(seed: int, minutes: float, *, broken: str = "") -> Result:
    """Rehearse for about so long; a broken build only until it is found out."""
    with ExitStack() as stack:
        old = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-")))
        commit = None if broken else previous_version(old)
        deployment = Deployment(broken=broken, code=old if commit else None)
        stack.callback(deployment.stop)
        deployment.start()
        players = Players(deployment.site, rate=RATE, seed=seed)
        stack.callback(players.finish, 0)
        players.start()
        script = Script(deployment, players, seed=seed)
        if broken:
            script.each_fault(3, [BROKEN[broken]])
        else:
            perform(script, commit, seconds=60 * minutes)
        players.finish(FINISH)
        length = f'build "{broken}"' if broken else f"{minutes:g} minutes"
        return judge(script, f"### Seed {seed}, {length}")


def perform(script: Script, commit: str | None, *, seconds: float) -> None:
    end = time.monotonic() + 0.75 * seconds  # the rest is for what is still owed then
    if commit:
        with script.stage(f"upgrade from {commit}", flawless=True):
            upgrade(script.deployment)
    else:
        script.skipped.append("Not rehearsed: an upgrade. This clone has no earlier version.")
    if not commit or seconds >= LONG:
        with script.stage("rolling restart", flawless=True):
            roll(script.deployment)
        with script.stage("gunicorn reloaded (HUP)", flawless=True):
            reload(script.deployment)
    script.each_fault(seconds / 60)
    script.mixed(end)


def judge(script: Script, title: str) -> Result:
    verdict = Verdict(script.deployment, script.players)
    problems = verdict.problems() + failed_requests(script.stages, script.players)
    said = [f"**Failed:** {problem}." for problem in problems] or ["Nothing lost, nothing double."]
    drawn = [f"Mixed: {'; '.join(script.drawn)}."] if script.drawn else []
    parts = [title, table(script.stages, script.players, verdict), *drawn, *script.skipped, *said]
    return Result("\n\n".join(parts), problems)
