"""Measure what a slow or dead ESP costs: `make bench-esp`. Plays arrive at a fixed rate."""

import statistics
from concurrent.futures import ThreadPoolExecutor

from benchmarks.__main__ import Door, measure, new, percentile, returning
from benchmarks.load import Result, run
from benchmarks.report import spread
from benchmarks.servers import Database, Server, server

RETURNING, NEW = 60, 15  # plays a second, few enough that the CPU does not limit them
SECONDS = 20.0
LATENCIES = ("0", "0.3", "5")  # seconds
ROUNDS = 5


def together(contender: Server) -> tuple[Result, Result]:
    """Send plays of returning and new players at once; return the result of each."""
    with ThreadPoolExecutor(2) as pool:
        known = pool.submit(
            run, contender.port, returning(), clients=16, seconds=SECONDS, rate=RETURNING
        )
        unknown = pool.submit(run, contender.port, new(), clients=64, seconds=SECONDS, rate=NEW)
        return known.result(), unknown.result()


def waits(database: Database, latency: str) -> list[float]:
    """Return the medians and 99th percentiles of returning and new players, in ms, and errors."""
    options = f'{{"latency": {latency}}}'
    with server("project", database, ESP_OPTIONS=options, LOG_LEVEL="ERROR") as contender:
        measure(database, Door("project", contender, contender.port), "returning", 64, 1)
        both = together(contender)
    errors = sum(result.errors for result in both)
    return [*(percentile(r.latencies, p) for r in both for p in (0.5, 0.99)), errors]


def main() -> None:
    database = Database()
    print(f"{RETURNING} returning and {NEW} new players a second, for {SECONDS:g} s; medians of")
    print(f"{ROUNDS} alternating rounds, the least and the most in brackets\n")
    by_round = [{latency: waits(database, latency) for latency in LATENCIES} for _ in range(ROUNDS)]
    print("| ESP's call takes | returning p50 ms | p99 ms | × 0 s | new p50 ms | p99 ms | errors |")
    print("|---|---|---|---|---|---|---|")
    for latency in LATENCIES:
        *cells, errors = zip(*(got[latency] for got in by_round), strict=True)
        columns = [spread(list(cell)) for cell in cells]
        slower = statistics.median(got[latency][1] / got["0"][1] for got in by_round)
        columns.insert(2, f"{slower:.2f}")
        print(f"| {latency} s | {' | '.join(columns)} | {sum(errors):.0f} |")
    print("\nAn ESP that is down, breaker open; one client, alternating rounds\n")
    with server("project", database, ESP_OPTIONS='{"failing": true}', LOG_LEVEL="ERROR") as failing:
        down = Door("project", failing, failing.port)
        measure(database, down, "new", 8, 1)  # opens the breaker
        rounds = [
            [measure(database, down, mix, 1, 2)[0] for mix in ("returning", "new")]
            for _ in range(5)
        ]
        for column in ("p50 ms", "CPU ms"):
            ratios = sorted(second[column] / first[column] for first, second in rounds)
            print(f"first play / returning play, {column}: {ratios[2]:.2f}")


if __name__ == "__main__":
    main()
