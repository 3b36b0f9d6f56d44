"""The comparison: `make bench`, or `make bench QUICK=1`. Alternating rounds, medians, ratios."""

import argparse
import json
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from typing import Any

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
# What pgbench does: the same statements, without a server and without looking at an address.
LIMITS = {
    "returning": rf"\set n random(0, {KNOWN - 1})" + f"\n{LIMIT_RETURNING};\n",
    "hot": rf"\set n 0{chr(10)}{LIMIT_RETURNING};{chr(10)}",
    "new": r"\set n random(1000000, 1000000000000)" + f"\n{LIMIT_NEW};\n",
}


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] * 1000


def measure(database: Database, contender: Server, mix: str, clients: int, seconds: float) -> Any:
    """Return one round's figures, and what was answered."""
    database.sql("postgres", "CHECKPOINT")
    before = cpu(contender.process.pid), cpu(database.pid)
    result = run(contender.port, MIXES[mix](), clients=clients, seconds=seconds)
    after = cpu(contender.process.pid), cpu(database.pid)
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
    """Return what PostgreSQL alone does, as pgbench measures it."""
    script = database.postgres.folder / "limit.sql"
    script.write_text(LIMITS[mix])
    command = [str(database.binaries / "pgbench"), "-n", "-h", database.host, "-U", "postgres"]
    # PostgreSQL takes 100 connections; more than that many clients share a server's anyway.
    command += ["-M", "prepared", "-c", str(min(clients, 64)), "-j", "2"]
    command += ["-T", str(max(1, round(seconds)))]
    before = psutil.Process(database.pid).cpu_times()
    done = subprocess.run(
        [*command, "-f", str(script), "limit"], capture_output=True, text=True, check=True
    ).stdout
    number = int(done.partition("actually processed: ")[2].split("\n")[0].split("/")[0])
    tps = float(done.partition("tps = ")[2].split()[0])
    time.sleep(0.3)  # what the sessions used, the postmaster knows once it has buried them
    after = psutil.Process(database.pid).cpu_times()
    used = after.children_user + after.children_system
    used -= before.children_user + before.children_system
    return {"requests/s": tps, "errors": 0, "PostgreSQL CPU ms": used / number * 1000}


def wrong(database: Database, name: str, answers: list[tuple[str, int]]) -> str:
    """Return what is not exact after all rounds of a contender; empty if nothing is."""
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
    """Run all rounds; return their figures by mix, clients and contender."""
    database = Database()
    rounds: dict[str, dict[str, list[Any]]] = {}
    answers: dict[str, list[tuple[str, int]]] = {name: [] for name in options.contenders}
    with ExitStack() as stack:
        servers = [stack.enter_context(server(n, database)) for n in options.contenders]
        for contender in servers:  # each thread, connection and page of the tables once
            answers[contender.name] += [("player0@example.com", 2)]
            answers[contender.name] += measure(database, contender, "90/10", 64, 2)[1]
        for mix in options.mixes:
            for clients in options.clients:
                cell = rounds[f"{mix}, {clients}"] = {name: [] for name in options.contenders}
                for _ in range(options.rounds):
                    for contender in servers:
                        got, said = measure(database, contender, mix, clients, options.seconds)
                        cell[contender.name].append(got)
                        answers[contender.name] += said
                print(f"{mix}, {clients} clients: done", flush=True)
        servers_figures: dict[str, dict[str, Any]] = {
            contender.name: {"memory MB": contender.memory(), "cold start s": contender.cold_start}
            for contender in servers
        }
    for contender in servers:
        inexact = wrong(database, contender.database, answers[contender.name])
        servers_figures[contender.name]["exact"] = inexact or "yes"
    database.create("limit")
    for name, by_contender in rounds.items():
        mix, clients = name.split(", ")
        if mix in LIMITS:
            runs = range(options.rounds if mix == "returning" else 1)
            by_contender["limit"] = [
                limit(database, mix, int(clients), options.seconds) for _ in runs
            ]
    return {"rounds": rounds, "servers": servers_figures}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two mixes, short rounds")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.5)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32, 128])
    parser.add_argument("--mixes", nargs="+", default=list(MIXES), choices=MIXES)
    parser.add_argument("--contenders", nargs="+", default=list(COMMANDS), choices=COMMANDS)
    parser.add_argument("--name", default="bench", help="of the files in benchmarks/results/")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.clients = 3, 1, [8, 32]
        options.mixes = ["returning", "new"]
    random.seed(1)
    begin = datetime.now(UTC)
    results = {"begin": begin.isoformat(" ", "minutes"), "options": vars(options)}
    results |= compare(options)
    print(write(json.loads(json.dumps(results))))


if __name__ == "__main__":
    main()
