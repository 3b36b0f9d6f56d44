"""Compare this program with two FastAPI peers: `make bench`, or `make bench QUICK=1`."""

import argparse
import json
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from typing import Any, NamedTuple

import psutil

from benchmarks.load import Result, run
from benchmarks.report import write
from benchmarks.servers import COMMANDS, KNOWN, Database, Server, cpu, server, spent
from benchmarks.statements import LIMIT_NEW, LIMIT_RETURNING

numbers = count()


def returning() -> Iterator[str]:
    while True:
        yield f"player{random.randrange(KNOWN)}@example.com"


def new() -> Iterator[str]:
    while True:
        yield f"new{next(numbers)}@example.com"


def hot() -> Iterator[str]:
    while True:
        yield "player0@example.com"


def mixed() -> Iterator[str]:
    known, unknown = returning(), new()
    while True:
        yield next(known if random.random() < 0.9 else unknown)


MIXES: dict[str, Callable[[], Iterator[str]]] = {
    "returning": returning, "new": new, "hot": hot, "90/10": mixed
}  # fmt: skip
# The scripts of pgbench: the same statements, without a web server and without validation.
LIMITS = {
    "returning": rf"\set n random(0, {KNOWN - 1})" + f"\n{LIMIT_RETURNING};\n",
    "hot": rf"\set n 0{chr(10)}{LIMIT_RETURNING};{chr(10)}",
    "new": r"\set n random(1000000, 1000000000000)" + f"\n{LIMIT_NEW};\n",
}


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] * 1000


class Door(NamedTuple):
    """A way in to a contender."""

    name: str
    server: Server
    port: int
    keys: bool = False  # whether its plays have an Idempotency-Key


def measure(database: Database, door: Door, mix: str, clients: int, seconds: float) -> Any:
    """Return the figures of one round, and its answers."""
    database.sql("postgres", "CHECKPOINT")
    pid = door.server.process.pid
    before = cpu(pid), cpu(database.pid)
    result = run(door.port, MIXES[mix](), clients=clients, seconds=seconds, keys=door.keys)
    after = cpu(pid), cpu(database.pid)
    return figures(result, spent(before[0], after[0]), spent(before[1], after[1])), result.answers


def figures(result: Result, server_cpu: float, database_cpu: float) -> dict[str, float]:
    done = len(result.answers)
    return {
        "requests/s": done / result.seconds,
        "p50 ms": percentile(result.latencies, 0.5),
        "p99 ms": percentile(result.latencies, 0.99),
        "errors": result.errors,
        "CPU ms": server_cpu / done * 1000,
        "PostgreSQL CPU ms": database_cpu / done * 1000,
    }


def limit(database: Database, mix: str, clients: int, seconds: float) -> dict[str, float]:
    """Return the figures of PostgreSQL alone, measured by pgbench."""
    script = database.postgres.folder / "limit.sql"
    script.write_text(LIMITS[mix])
    command = [str(database.binaries / "pgbench"), "-n", "-h", database.host, "-U", "postgres"]
    # PostgreSQL allows 100 connections, and the web servers use fewer than their clients.
    command += ["-M", "prepared", "-c", str(min(clients, 64)), "-j", "2"]
    command += ["-T", str(max(1, round(seconds)))]
    before = psutil.Process(database.pid).cpu_times()
    done = subprocess.run(
        [*command, "-f", str(script), "limit"], capture_output=True, text=True, check=True
    ).stdout
    number = int(done.partition("actually processed: ")[2].split("\n")[0].split("/")[0])
    tps = float(done.partition("tps = ")[2].split()[0])
    time.sleep(0.3)  # the postmaster adds a session's CPU time when the session has ended
    after = psutil.Process(database.pid).cpu_times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    return {"requests/s": tps, "errors": 0, "PostgreSQL CPU ms": used / number * 1000}


def wrong(database: Database, name: str, answers: list[tuple[str, int]]) -> str:
    """Return how the counts of a contender are wrong after all rounds; "" if they are exact."""
    miscounted = database.sql(
        name,
        "SELECT count(*) FROM games_game g WHERE play_count <>"
        " (SELECT count(*) FROM games_play WHERE game_id = g.id)",
    )[0][0]
    plays = database.sql(name, "SELECT count(*) FROM games_play")[0][0] - KNOWN
    repeated = len(answers) - len(set(answers))
    if miscounted or repeated or plays != len(answers):
        return f"{miscounted} miscounted, {repeated} answers twice, {plays} plays of {len(answers)}"
    return ""


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Run all rounds; return the figures by mix, clients and contender."""
    database = Database()
    answers: dict[str, list[tuple[str, int]]] = {name: [] for name in options.contenders}
    with ExitStack() as stack:
        servers = [stack.enter_context(server(n, database)) for n in options.contenders]
        doors = [Door(running.name, running, running.port) for running in servers]
        for door in doors:  # warm up threads, connections and tables
            answers[door.name] += [("player0@example.com", 2)]
            answers[door.name] += measure(database, door, "90/10", 64, 2)[1]
            answers[door.name] += door.server.check_waits_for_nothing()
        if options.nginx:
            doors += [
                # nginx keeps its connections only for plays with a key.
                Door(f"{running.name}, nginx", running, running.start_proxy(), keys=True)
                for running in servers
                if running.name != "project, limits"
            ]
        rounds = take_turns(options, database, doors, answers)
        servers_figures: dict[str, dict[str, Any]] = {
            contender.name: {"memory MB": contender.memory(), "cold start s": contender.cold_start}
            for contender in servers
        }
    for contender in servers:
        inexact = wrong(database, contender.database, answers[contender.name])
        servers_figures[contender.name]["exact"] = inexact or "yes"
    return {"rounds": rounds, "servers": servers_figures}


def take_turns(
    options: argparse.Namespace,
    database: Database,
    doors: list[Door],
    answers: dict[str, list[tuple[str, int]]],
) -> dict[str, dict[str, list[Any]]]:
    """Let the contenders take turns; return the figures of all rounds, and add to `answers`."""
    rounds: dict[str, dict[str, list[Any]]] = {}
    for mix in options.mixes:
        database.create("limit")
        for clients in options.clients:
            cell = rounds[f"{mix}, {clients}"] = {door.name: [] for door in doors}
            for _ in range(options.rounds):
                for door in doors:
                    got, answered = measure(database, door, mix, clients, options.seconds)
                    cell[door.name].append(got)
                    answers[door.server.name] += answered
                if mix in LIMITS:
                    got = limit(database, mix, clients, options.seconds)
                    cell.setdefault("limit", []).append(got)
            print(f"{mix}, {clients} clients: done", flush=True)
    return rounds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two mixes, short rounds")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--clients", type=int, nargs="+", default=[8, 32, 128])
    parser.add_argument("--mixes", nargs="+", default=list(MIXES), choices=MIXES)
    parser.add_argument("--contenders", nargs="+", default=list(COMMANDS), choices=COMMANDS)
    parser.add_argument("--nginx", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--name", default="bench", help="name of the files in benchmarks/results/")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.clients = 5, 1, [8, 32]
        options.mixes = ["returning", "new"]
    random.seed(1)
    begin = datetime.now(UTC)
    results = {"begin": begin.isoformat(" ", "minutes"), "options": vars(options)}
    results |= compare(options)
    print(write(json.loads(json.dumps(results))))


if __name__ == "__main__":
    main()
