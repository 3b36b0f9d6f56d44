"""The console: where staff look at the campaign. Counting is the program's business."""

from games.admin import accounts, erasures, games, log, plays, theme_words  # noqa: F401 - registers all
