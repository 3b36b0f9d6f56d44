import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from games.consent import Consent, ConsentAct
from privacy.erasing import checked_reason, erase_person, erase_restored, preview
from privacy.management.address_argument import HELP, read_address
from privacy.models import Erasure, RemovalState
from privacy.withdrawing import withdraw_restored
from serving.keyed_hash import keyed_hash

# An erasure: hash and time, with its zone. A withdrawn consent: also purpose and source.
LINE = re.compile(r"[0-9a-f]{32} \S+[+-]\d\d:\d\d( [\w-]+ [a-z]+)?")


class Command(BaseCommand):
    help = "Erase an address with its plays, here and at the ESP. Without --yes: print what."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("address", nargs="?", help=HELP)
        what.add_argument(
            "--tombstones", action="store_true", help="print who was erased or withdrew"
        )
        what.add_argument(
            "--reapply",
            nargs="?",
            const="",
            metavar="FILE",
            help="repeat that after a restore; FILE is what --tombstones printed, - is stdin",
        )
        parser.add_argument("--reason", default="", help="why, without an address; it is kept")
        parser.add_argument("--yes", action="store_true", help="do it")

    def handle(
        self, *, address: str | None, tombstones: bool, reapply: str | None, **options: Any
    ) -> None:
        if tombstones:
            rows = (
                Erasure.objects.persons().order_by("erased_at").values_list("digest", "erased_at")
            )
            for digest, at in rows.iterator():
                self.stdout.write(f"{digest} {at.isoformat()}")
            acts = Consent.objects.filter(act=ConsentAct.WITHDRAWN).order_by("at")
            columns = acts.values_list("game__email", "at", "text__purpose", "source")
            for email, at, purpose, source in columns.iterator():
                self.stdout.write(f"{keyed_hash(email)} {at.isoformat()} {purpose} {source}")
        elif address is not None:
            self._forget(read_address(address), options["reason"], sure=options["yes"])
        else:
            self._reapply(reapply or "")

    def _forget(self, email: str, reason: str, *, sure: bool) -> None:
        found = preview(email)
        self.stdout.write(
            f"Players: {found.games}, plays: {found.plays}, pending contacts: {found.pending}, "
            f"accounts: {found.accounts}, accounts of staff, which stay: {found.staff}. "
            + ("The ESP will be asked to forget." if found.esp_forgets else BY_HAND)
        )
        if not sure:
            self.stdout.write("Nothing was done; --yes does it.")
            return
        try:
            erase_person(email, reason=checked_reason(reason))
        except ValidationError as error:
            raise CommandError(f"--reason: {' '.join(error.messages)}") from None
        self.stdout.write("Erased.")

    def _reapply(self, name: str) -> None:
        lines, started = _read(name), timezone.now()
        tombstones = {digest: at for digest, at, consent in lines if not consent}
        erased = list(erase_restored(tombstones))
        self.stdout.write(f"Erased again: {len(erased)}.")
        consents = {
            (digest, consent[0]): (at, consent[1]) for digest, at, consent in lines if consent
        }
        if withdrawn := withdraw_restored(consents):
            self.stdout.write(f"Withdrawn again: {withdrawn}.")
        if Erasure.objects.filter(erased_at__gte=started, esp_state=RemovalState.BY_HAND).exists():
            self.stdout.write(BY_HAND)


BY_HAND = "The ESP has no call for it: delete the contact there by hand."


def _read(name: str) -> list[tuple[str, datetime, list[str]]]:
    """Return hash, time, and the withdrawn consent's [purpose, source] or [], of each line.

    The lines of a hash are ordered by time, so the last one counts.
    """
    if not name:
        return []
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text()
        lines = [line for line in text.splitlines() if line]
        if not all(LINE.fullmatch(line) for line in lines):
            raise ValueError("not what --tombstones prints")  # noqa: TRY301
        parts = [line.split() for line in lines]
        return [(digest, datetime.fromisoformat(at), consent) for digest, at, *consent in parts]
    except (OSError, ValueError) as error:
        raise CommandError(f"--reapply: {error}") from None
