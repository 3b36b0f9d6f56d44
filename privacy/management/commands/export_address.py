import json
from typing import Any

from django.core.management.base import LabelCommand
from django.core.serializers.json import DjangoJSONEncoder

from privacy.management.address_argument import HELP, read_address
from privacy.own_data import personal_data


class Command(LabelCommand):
    help = f"Print all data about an address, as JSON. {HELP}"
    label = "address"

    def handle_label(self, label: str, **_options: Any) -> str:
        data = personal_data(read_address(label))
        return json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
