"""Where the marks of the charts stand. The templates draw them; no script is needed to see them."""

import math
from typing import Any, NamedTuple

from games.dashboard.plays_by_hour import Day

WIDTH, HEIGHT = 900, 240  # of the drawing, in its own units
GAP = 0.25  # of a bar's place


class Bar(NamedTuple):
    """One day: the new plays below, the returning on top of them."""

    day: Day
    x: float
    width: float
    new_y: float
    new_height: float
    returning_y: float
    returning_height: float
    label: bool  # whether there is room to write the day under it

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


class Line(NamedTuple):
    """A line across, and the number that it stands for."""

    y: float
    value: int


class DayChart(NamedTuple):
    bars: list[Bar]
    lines: list[Line]
    width: int
    height: int


def day_chart(days: list[Day]) -> DayChart:
    top = _round_up(max(day.new + day.returning for day in days))
    place = WIDTH / len(days)
    every = math.ceil(len(days) / 8)
    bars = []
    for number, day in enumerate(days):
        new, both = (HEIGHT * n / top for n in (day.new, day.new + day.returning))
        bars.append(
            Bar(
                day=day,
                x=round(place * (number + GAP / 2), 1),
                width=round(place * (1 - GAP), 1),
                new_y=round(HEIGHT - new, 1),
                new_height=round(new, 1),
                returning_y=round(HEIGHT - both, 1),
                returning_height=round(both - new, 1),
                label=(len(days) - 1 - number) % every == 0,
            )
        )
    lines = [Line(HEIGHT * (4 - n) / 4, top * n // 4) for n in range(5)]
    return DayChart(bars, lines, WIDTH, HEIGHT)


def _round_up(value: int) -> int:
    """Return the next number whose quarters are easy to read."""
    step: int = 10 ** max(0, math.floor(math.log10(max(value, 1))) - 1)
    return next(step * n for n in (4, 8, 12, 16, 20, 24, 32, 40, 60, 80, 100) if step * n >= value)


def shades(grid: list[list[int]]) -> list[list[dict[str, Any]]]:
    """Return each number with how dark to show it, from 0 to 1."""
    most = max(map(max, grid)) or 1
    return [[{"plays": n, "shade": round(n / most, 2)} for n in row] for row in grid]
