"""One rehearsal from start to end, and its result."""

import tempfile
import time
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from rehearsal.broken import BROKEN
from rehearsal.deployment import Deployment
from rehearsal.players import Players
from rehearsal.report import failed_requests, table
from rehearsal.script import Script
from rehearsal.upgrade import previous_version, reload, roll, upgrade
from rehearsal.verdict import Verdict

RATE = 40  # plays a second
MIN_SECONDS_FOR_RESTARTS = 120  # a shorter rehearsal restarts only in the upgrade
HURRIED_BELOW = 60  # seconds; a shorter rehearsal, as in the tests, still causes each fault
FINISH_SECONDS = 120  # in which every play must be acknowledged


class Result(NamedTuple):
    """`text` is the report in Markdown; the rehearsal failed if there are `problems`."""

    text: str
    problems: list[str]


def rehearse(seed: int, minutes: float, *, broken: str = "") -> Result:
    """Rehearse for about `minutes`; a broken build only with the fault that reveals it."""
    hurried = 60 * minutes < HURRIED_BELOW
    with ExitStack() as stack:
        old = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-")))
        commit = None if broken else previous_version(old)
        deployment = Deployment(broken=broken, code=old if commit else None)
        stack.callback(deployment.stop)
        deployment.start()
        players = Players(deployment.site, rate=RATE, seed=seed)
        stack.callback(players.finish, 0)
        players.start()
        script = Script(deployment, players, seed=seed, hurried=hurried)
        if broken:
            script.each_fault(3, [BROKEN[broken]])
        else:
            perform(script, commit, seconds=60 * minutes)
        players.finish(FINISH_SECONDS)
        length = f'build "{broken}"' if broken else f"{minutes:g} minutes"
        return judge(script, f"### Seed {seed}, {length}", to_fail=bool(broken))


def perform(script: Script, commit: str | None, *, seconds: float) -> None:
    end = time.monotonic() + 0.75 * seconds  # leaves time to deliver the contacts
    if commit:
        with script.stage(f"upgrade from {commit}", flawless=True):
            upgrade(script.deployment)
    else:
        script.skipped.append("Not rehearsed: an upgrade. This clone has no earlier version.")
    if not commit or seconds >= MIN_SECONDS_FOR_RESTARTS:
        with script.stage("rolling restart", flawless=True):
            roll(script.deployment)
        with script.stage("gunicorn reloaded (HUP)", flawless=True):
            reload(script.deployment)
    script.overload(seconds / 5)
    script.each_fault(seconds / 60)
    script.mixed(end)


def judge(script: Script, title: str, *, to_fail: bool = False) -> Result:
    """Check every promise; stop at the first problem if it is hurried and meant `to_fail`."""
    hurried = script.hurried
    verdict = Verdict(script.deployment, script.players, script.crowd, hurried=hurried)
    problems = list(islice(verdict.problems(), 1 if hurried and to_fail else None))
    problems += failed_requests(script.stages, script.players)
    said = [f"**Failed:** {problem}." for problem in problems] or ["Nothing lost, nothing double."]
    drawn = [f"Mixed: {'; '.join(script.drawn)}."] if script.drawn else []
    parts = [title, table(script.stages, script.players, verdict), *script.notes, *drawn]
    parts += [*script.skipped, *said]
    return Result("\n\n".join(parts), problems)
