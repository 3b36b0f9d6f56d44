"""Whether each migration lets the version before it go on serving; on a PostgreSQL of its own."""

import os
import sys

from django.core.management import execute_from_command_line

from esp_mail.tests.postgres import ThrowawayPostgres

# A name that is a matter of taste: what ours do not need of (apps, schema_editor) begins with _.
NOT_CHECKED = "RUNPYTHON_ARGS_NAMING_CONVENTION"

if __name__ == "__main__":
    os.environ |= {"DEBUG": "1", "DATABASE_URL": ThrowawayPostgres().url, "LOG_LEVEL": "WARNING"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "esp_mail.settings"
    from esp_mail import settings

    settings.INSTALLED_APPS.append("django_migration_linter")
    options = ["--include-apps", "games", "esp", "--warnings-as-errors", "--no-cache", "--quiet"]
    options += ["ok", "ignore", "--exclude-migration-tests", NOT_CHECKED]
    execute_from_command_line([sys.argv[0], "lintmigrations", *options])
