"""Answers of vendors that were once misread, as files in a folder beside the project.

The tests are skipped where the folder is not there.
"""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from esp.errors import ContactRejected, ESPMisconfigured
from testing.esp.brevo import FakeBrevo
from testing.esp.listmonk import FakeListmonk
from testing.esp.mailchimp import FakeMailchimp
from testing.esp.server import FakeESP, Reply

FOLDER = Path(settings.BASE_DIR).parent / "shared/cases/esp"
VENDORS: dict[str, type[FakeESP]] = {
    "brevo": FakeBrevo,
    "listmonk": FakeListmonk,
    "mailchimp": FakeMailchimp,
}
CASES = {
    path.stem: case
    for path in sorted(FOLDER.glob("*.json"))
    if (case := json.loads(path.read_text())).get("vendor") in VENDORS
}
MEANINGS = {
    "brevo_gzip_uninvited": True,
    "listmonk_41_search_ignored_removal": ESPMisconfigured,
    "listmonk_created_on_no_list": ESPMisconfigured,
    "listmonk_ru_invalid": ContactRejected,
    "mailchimp_username_portion": ContactRejected,
}


@pytest.mark.skipif(not CASES, reason="there is no folder of cases beside the project")
@pytest.mark.parametrize("name", MEANINGS)
def test_an_answer_that_was_misread(name: str) -> None:
    case = CASES[name]
    body = base64.b64decode(case["body_base64"]) if "body_base64" in case else case["body"]
    esp = VENDORS[case["vendor"]]()
    esp.always = Reply(case["status"], body, case.get("headers", {}))
    with esp.running():
        ask = getattr(esp.backend(**esp.options()), case["method"])
        meaning: Any = MEANINGS[name]
        if isinstance(meaning, type):
            with pytest.raises(meaning):
                ask(case["address"])
        else:
            assert ask(case["address"]) is meaning
