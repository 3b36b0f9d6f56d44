"""The check that every count is the number of its plays."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from stats.counts import find_mismatches, repair


class Command(BaseCommand):
    help = "Compare each game's count with its plays; say where they differ, and fail if they do."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fix", action="store_true", help="make the counts those of the plays")

    def handle(self, *, fix: bool, **_options: Any) -> None:
        found = 0
        for wrong in find_mismatches(self._show_progress):
            found += 1
            self.stdout.write(
                f"game {wrong.pk}: counted {wrong.play_count}, plays {wrong.plays_found}, "
                f"highest number {wrong.highest}"
            )
            if fix:
                repair(wrong.pk)
        if found and not fix:
            raise CommandError(f"{found} counts are wrong; --fix makes them those of the plays.")
        self.stdout.write(f"{found} counts fixed." if found else "All counts are right.")

    def _show_progress(self, done: int, newest: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"checked up to player {done} of {newest}", style_func=str)
