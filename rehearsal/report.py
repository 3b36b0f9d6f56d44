"""The table of a rehearsal, with a row for each stage."""

from dataclasses import dataclass

from rehearsal.players import Play, Players
from rehearsal.verdict import Verdict

HEAD = (
    "| what happened | plays | at first try | retried | lost | double | longest answer, s"
    " | answers again after, s |\n|---|--:|--:|--:|--:|--:|--:|--:|"
)


@dataclass
class Stage:
    """A fault, from its beginning until the site has recovered."""

    name: str
    began: float
    flawless: bool
    mended: float = 0
    end: float = float("inf")  # when the next stage began

    def plays(self, players: Players) -> list[Play]:
        return [play for play in players.plays if self.began <= play.counts_at < self.end]

    def failures(self, players: Players) -> list[tuple[float, str]]:
        return [failed for failed in players.failures if self.began <= failed[0] < self.end]


def table(stages: list[Stage], players: Players, verdict: Verdict) -> str:
    return "\n".join([HEAD, *(_row(stage, players, verdict) for stage in stages)])


def _row(stage: Stage, players: Players, verdict: Verdict) -> str:
    plays = stage.plays(players)
    first = sum(not play.failures for play in plays)
    last_failure = max((when for when, _ in stage.failures(players)), default=0)
    cells = (
        stage.name,
        len(plays),
        first,
        len(plays) - first,
        sum(map(verdict.is_lost, plays)),
        sum(map(verdict.is_double, plays)),
        f"{max((play.longest for play in plays), default=0):.2f}",
        f"{max(0, last_failure - stage.mended):.1f}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def failed_requests(stages: list[Stage], players: Players) -> list[str]:
    """Return a problem for each flawless stage in which requests failed."""
    failed = {stage.name: stage.failures(players) for stage in stages if stage.flawless}
    return [
        f"{len(some)} requests failed ({', '.join({how for _, how in some})}) in: {name}"
        for name, some in failed.items()
        if some
    ]
