#!/usr/bin/env python
"""Django's command line; a missing or wrong setting is one line, not a traceback."""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - Django's own error would be a traceback
    sys.exit("ESP mail needs Python 3.11 or later.")

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "esp_mail.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Not configured: {error}")
    except OperationalError as error:
        sys.exit(f"The database is not available: {error}")


if __name__ == "__main__":
    main()
