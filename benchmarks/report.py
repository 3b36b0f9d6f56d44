"""The report of `make bench`: a table, a plot, and the figures of every round."""

import json
import os
import platform
import statistics
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

RESULTS = Path(__file__).parent / "results"
PEERS = ("peer A", "peer B")
COLUMNS = ("requests/s", "p50 ms", "p99 ms", "CPU ms", "PostgreSQL CPU ms")


def write(results: dict[str, Any]) -> str:
    """Write `results/NAME.json`, `.md` and `.png`; return the table."""
    RESULTS.mkdir(exist_ok=True)
    name = results["options"]["name"]
    text = "\n".join([*heading(results), *table(results["rounds"]), "", *servers(results)]) + "\n"
    (RESULTS / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n")
    (RESULTS / f"{name}.md").write_text(text)
    plot(results["rounds"], RESULTS / f"{name}.png")
    return text


def heading(results: dict[str, Any]) -> list[str]:
    options = results["options"]
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    cores = f"{os.cpu_count()} cores, {processor()}, {platform.system()} {platform.release()}"
    text = (
        f"{results['begin']} UTC, {cores}, Python {platform.python_version()}; load average after"
        f" it {load}. {options['rounds']} alternating rounds of {options['seconds']} s; medians,"
        " the least and the most in brackets. CPU is that of the server's processes per request."
    )
    return [text, ""]


def processor() -> str:
    names = [
        line.partition(": ")[2]
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return names[0] if names else platform.machine()


def table(rounds: dict[str, Any]) -> list[str]:
    against = [f"× {peer[-1]}: {what}" for peer in PEERS for what in ("req/s", "CPU")]
    lines = [f"| mix, clients | who | {' | '.join([*COLUMNS, 'errors', *against])} |"]
    lines.append("|---" * (len(COLUMNS) + len(against) + 3) + "|")
    for cell, contenders in rounds.items():
        for name, runs in contenders.items():
            figures = " | ".join(spread([run[c] for run in runs if c in run]) for c in COLUMNS)
            errors = sum(run["errors"] for run in runs)
            ratios = []
            door = ", nginx" if name.endswith(", nginx") else ""
            for peer in (contenders.get(peer + door) for peer in PEERS):
                ratios.append(ratio(runs, peer, "requests/s"))
                ratios.append(ratio(peer, runs, "CPU ms"))
            lines.append(f"| {cell} | {name} | {figures} | {errors} | {' | '.join(ratios)} |")
    return lines


def spread(values: list[float]) -> str:
    if not values:
        return ""
    digits = 0 if min(values) >= 100 else 2
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:.{digits}f} ({least:.{digits}f}–{most:.{digits}f})"


def ratio(these: Any, those: Any, column: str) -> str:
    """Return the median ratio of the rounds; a slow machine slows both contenders of a round."""
    if not these or not those or column not in these[0] or column not in those[0]:
        return ""
    both = zip(these, those, strict=False)
    return f"{statistics.median(a[column] / b[column] for a, b in both):.2f}"


def servers(results: dict[str, Any]) -> list[str]:
    lines = ["| who | memory MB | first answer after s | exact |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {got['memory MB']:.0f} | {got['cold start s']:.2f} | {got['exact']} |"
        for name, got in results["servers"].items()
    ]
    return lines


def plot(rounds: dict[str, Any], path: Path) -> None:
    """Plot requests/s and CPU per request, by mix and contender."""
    figure, axes = plt.subplots(2, 1, figsize=(12, 8), layout="constrained")
    for axis, column in zip(axes, ("requests/s", "CPU ms"), strict=True):
        names = [n for n in next(iter(rounds.values())) if n != "limit" or column == "requests/s"]
        width = 0.8 / len(names)
        for place, name in enumerate(names):
            runs = [contenders.get(name, []) for contenders in rounds.values()]
            heights = [statistics.median(r[column] for r in run) if run else 0 for run in runs]
            axis.bar([n + place * width for n in range(len(runs))], heights, width, label=name)
        axis.set_xticks([n + 0.4 - width / 2 for n in range(len(rounds))], list(rounds))
        axis.tick_params(axis="x", labelrotation=30)
        axis.set_ylabel(column)
    axes[0].legend()
    figure.savefig(path, dpi=100)
