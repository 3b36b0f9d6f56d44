"""What a fresh process loads before it serves."""

import json
import os
import subprocess
import sys

from django.conf import settings

LOADED = "import esp_mail.wsgi, json, sys; print(json.dumps(sorted(sys.modules)))"


def test_libraries_that_are_not_used_are_not_loaded() -> None:
    result = subprocess.run(
        [sys.executable, "-c", LOADED],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DEBUG": "1"},
        stdout=subprocess.PIPE,
        check=True,
    )
    assert not set(json.loads(result.stdout)) & {"boto3", "redis", "sentry_sdk"}
