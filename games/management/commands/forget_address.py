"""Erasing a person, and erasing again what a restored backup brought back."""

import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from games.erasures import Erasure, RemovalState
from games.forgetting import checked_reason, forget, preview, reapply
from games.management.commands.export_address import ADDRESS_HELP, read_address

LINE = re.compile(r"[0-9a-f]{32} \S+[+-]\d\d:\d\d")  # with its zone


class Command(BaseCommand):
    help = "Erase an address with its plays, and have the ESP forget it. Without --yes: say what."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("address", nargs="?", help=ADDRESS_HELP)
        what.add_argument("--tombstones", action="store_true", help="print whom it has erased")
        what.add_argument(
            "--reapply",
            nargs="?",
            const="",
            metavar="FILE",
            help="erase again after a restore; FILE is what --tombstones printed, - is stdin",
        )
        parser.add_argument("--reason", default="", help="why, without an address; it is kept")
        parser.add_argument("--yes", action="store_true", help="do it")

    def handle(
        self, *, address: str | None, tombstones: bool, reapply: str | None, **options: Any
    ) -> None:
        if tombstones:
            rows = Erasure.objects.order_by("erased_at").values_list("digest", "erased_at")
            for digest, at in rows.iterator():
                self.stdout.write(f"{digest} {at.isoformat()}")
        elif address is not None:
            self._forget(read_address(address), options["reason"], sure=options["yes"])
        else:
            self._reapply(reapply or "")

    def _forget(self, email: str, reason: str, *, sure: bool) -> None:
        found = preview(email)
        self.stdout.write(
            f"Games: {found.games}, plays: {found.plays}, contacts still owed: {found.pending}, "
            f"accounts: {found.accounts}, accounts of staff, which stay: {found.staff}. "
            + ("The ESP will be asked to forget." if found.esp_forgets else BY_HAND)
        )
        if not sure:
            self.stdout.write("Nothing was done; --yes does it.")
            return
        try:
            forget(email, reason=checked_reason(reason))
        except ValidationError as error:
            raise CommandError(f"--reason: {' '.join(error.messages)}") from None
        self.stdout.write("Erased.")

    def _reapply(self, name: str) -> None:
        erased = list(reapply(_read(name)))
        self.stdout.write(f"Erased again: {len(erased)}.")
        if any(erasure.esp_state == RemovalState.BY_HAND for erasure in erased):
            self.stdout.write(BY_HAND)


BY_HAND = "The ESP has no call for it: delete the contact there by hand."


def _read(name: str) -> dict[str, datetime]:
    if not name:
        return {}
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text()
        lines = [line for line in text.splitlines() if line]
        if not all(LINE.fullmatch(line) for line in lines):
            raise ValueError("not what --tombstones prints")  # noqa: TRY301
        # In the order of their times: the last of a hash counts.
        return {digest: datetime.fromisoformat(at) for digest, at in map(str.split, lines)}
    except (OSError, ValueError) as error:
        raise CommandError(f"--reapply: {error}") from None
