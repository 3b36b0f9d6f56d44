from typing import Any

from django.core.management.base import LabelCommand

from privacy.management.address_argument import HELP, read_address
from serving.keyed_hash import keyed_hash


class Command(LabelCommand):
    help = f"Print the address_hash that stands for an address in the log. {HELP}"
    label = "address"

    def handle_label(self, label: str, **_options: Any) -> str:
        return keyed_hash(read_address(label))
