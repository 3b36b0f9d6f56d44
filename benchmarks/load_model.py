"""Calculate the machines for a load: python -m benchmarks.load_model [--help].

It prints the table of docs/scaling.md. Each cost names the command that measured it; the other
values are assumptions.
"""

import argparse
import math

PLAYS = (100, 1_000, 10_000)  # a second, at the peak
# name, default, meaning
COSTS = (
    ("web-ms", 0.8, "CPU of the web process per returning play (python -m benchmarks)"),
    ("web-first-ms", 3.3, "the same per first play, the two calls to the ESP included"),
    ("postgres-ms", 0.4, "CPU of PostgreSQL per play (python -m benchmarks)"),
    ("nginx-ms", 0.1, "CPU of nginx per play; assumed"),
    ("play-bytes", 247, "a row of games_play with its indexes (python -m benchmarks.sizes)"),
    ("game-bytes", 258, "a row of games_game with its indexes (python -m benchmarks.sizes)"),
    ("wal-bytes", 910, "write-ahead log per play of the mix (python -m benchmarks.sizes)"),
    ("new", 0.1, "share of plays that are an address's first"),
    ("hours", 4.0, "hours of a day at the peak's rate; nothing else that day"),
    ("busy", 0.6, "share of a core that may be used; above it, waits grow"),
    ("threads", 32, "threads of a web container: WEB_CONCURRENCY times WEB_THREADS"),
    ("replica-cores", 1.5, "cores that a web container's two workers use at most"),
    ("esp-seconds", 0.3, "one call to the ESP; a first play makes two"),
    ("esp-calls", 10.0, "calls a second that the ESP allows, as Brevo's 10"),
    ("pool", 20, "connections of PgBouncer to PostgreSQL"),
)


def needs(rate: float, given: dict[str, float]) -> list[str]:
    """Return a row of the table."""
    first = rate * given["new"]
    web = (rate - first) * given["web-ms"] + first * given["web-first-ms"]
    web_cores = web / 1000 / given["busy"]
    # Plays do not settle more contacts than the ESP takes: the rest is left to delivery.
    asked = min(first, given["esp-calls"] / 2)
    threads = asked * 2 * given["esp-seconds"] + web / 1000
    replicas = max(
        2, math.ceil(web_cores / given["replica-cores"]), math.ceil(threads / given["threads"])
    )
    seconds = given["hours"] * 3600
    rows = given["play-bytes"] + given["new"] * given["game-bytes"]
    backlog = (first - asked) * seconds
    drain = backlog / (given["esp-calls"] / 2) / 3600
    return [
        f"{rate:,.0f}",
        f"{web_cores:.1f}",
        f"{replicas}",
        f"{rate * given['nginx-ms'] / 1000 / given['busy']:.1f}",
        f"{rate * given['postgres-ms'] / 1000 / given['busy']:.1f}",
        f"{replicas * given['threads']:,.0f}",
        f"{given['pool']:.0f}",
        f"{rate * seconds * rows / 1e9:.1f}",
        f"{rate * seconds * given['wal-bytes'] / 1e9:.1f}",
        f"{first * 2:,.0f}",
        f"{backlog:,.0f}",
        f"{drain:,.1f}",
        f"{math.ceil(given['esp-calls'] * given['esp-seconds'])}",
    ]


HEAD = (
    "plays/s",
    "cores for web",
    "web containers",
    "cores for nginx",
    "cores for PostgreSQL",
    "connections without a pool",
    "with one",
    "GB of rows a day",
    "GB of write-ahead log a day",
    "ESP calls/s wanted",
    "pending contacts after the peak",
    "hours until they are delivered",
    "delivery processes",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default, meaning in COSTS:
        parser.add_argument(f"--{name}", type=float, default=default, help=f"{meaning}: {default}")
    parsed = vars(parser.parse_args())
    given = {name: parsed[name.replace("-", "_")] for name, _, _ in COSTS}
    columns = [HEAD, *(needs(rate, given) for rate in PLAYS)]
    for number, cells in enumerate(zip(*columns, strict=True)):
        print("|", " | ".join(cells), "|")
        if number == 0:
            print("|---|", "--:|" * len(PLAYS), sep="")


if __name__ == "__main__":
    main()
