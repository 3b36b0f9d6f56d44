"""The bars of the overview. Places and sizes are percentages, so that it fits any screen."""

import math
from typing import Any

from django.utils import timezone

from stats.days import Day

GAP = 0.25  # of a bar's place
LABELS = 8  # days that are written under their bars; on a phone, half as many


def day_chart(days: list[Day]) -> dict[str, Any]:
    """Return each day's bar, the new plays below and the returning on top, and the lines across."""
    top = _round_up(max(figures.plays for _, figures in days))
    place = 100 / len(days)
    every = math.ceil(len(days) / LABELS)
    bars = []
    for number, (day, figures) in enumerate(days):
        new, both = (100 * plays / top for plays in (figures.new, figures.plays))
        from_end = len(days) - 1 - number
        bars.append(
            {
                "day": day,
                "figures": figures,
                "is_today": day == timezone.localdate(),
                "x": round(place * (number + GAP / 2), 2),
                "middle": round(place * (number + 0.5), 2),
                "new_y": round(100 - new, 2),
                "new_height": round(new, 2),
                "returning_y": round(100 - both, 2),
                "returning_height": round(both - new, 2),
                # There is no room to write each day under its bar.
                "label": from_end % every == 0,
                "is_minor": from_end // every % 2 == 1,
            }
        )
    lines = [{"y": 25 * (4 - n), "value": top * n // 4} for n in reversed(range(5))]
    return {"bars": bars, "bar_width": round(place * (1 - GAP), 2), "lines": lines}


def _round_up(value: int) -> int:
    """Return the next number whose quarters are easy to read."""
    step: int = 10 ** max(0, math.floor(math.log10(max(value, 1))) - 1)
    return next(step * n for n in (4, 8, 12, 16, 20, 24, 32, 40, 60, 80, 100) if step * n >= value)
