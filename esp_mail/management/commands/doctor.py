import os
from typing import Any

from django.core.checks import WARNING, run_checks
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils.translation import gettext as _
from django.utils.translation import override

from esp_mail.doctor import PARTS, Wrong


class Command(BaseCommand):
    requires_system_checks = []  # it runs them itself
    help = (
        "Check database, ESP, delivery, mail, Redis, time zone, and what manage.py check does."
        " Changes and sends nothing. Exit code: 0 all is well, 1 something is wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        of_machine = "ru" if os.environ.get("LANG", "").startswith("ru") else "en"
        parser.add_argument("--language", choices=["en", "ru"], default=of_machine)

    def handle(self, *args: Any, language: str, **options: Any) -> None:
        with override(language):
            results = [self._examine(label, part) for label, part in PARTS]
            results += self._run_checks(with_database=results[0])
            if wrong := results.count(False):
                raise CommandError(_("Not in order: %(n)d.") % {"n": wrong})
            self.stdout.write(_("All is well."))

    def _examine(self, label: Any, part: Any) -> bool:
        try:
            self.stdout.write(f"{'ok':<7}{label}: {part()}")
        except Wrong as wrong:
            self._report(label, wrong.problem, wrong.advice)
        except Error:
            self._report(
                label, _("The database did not answer this question."), _("See “Database”.")
            )
        else:
            return True
        return False

    def _run_checks(self, *, with_database: bool) -> list[bool]:
        databases = ["default"] if with_database else []
        found = run_checks(include_deployment_checks=True, databases=databases)
        serious = [each for each in found if each.level >= WARNING and not each.is_silenced()]
        for each in serious:
            self._report(_("Settings"), each.msg, each.hint or "")
        return [False] * len(serious)

    def _report(self, label: Any, problem: str, advice: str) -> None:
        wrong = _("WRONG")
        self.stdout.write(f"{wrong:<7}{label}: {problem}")
        if advice:
            self.stdout.write(f"       → {advice}")
