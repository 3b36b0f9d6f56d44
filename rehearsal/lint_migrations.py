"""Check that the previous release can serve after each migration, on a throwaway PostgreSQL."""

import os
import sys

from django.core.management import execute_from_command_line

from testing.postgres import ThrowawayPostgres

# This rule demands (apps, schema_editor); our unused arguments begin with an underscore.
NOT_CHECKED = "RUNPYTHON_ARGS_NAMING_CONVENTION"

if __name__ == "__main__":
    os.environ |= {"DEBUG": "1", "DATABASE_URL": ThrowawayPostgres().url, "LOG_LEVEL": "WARNING"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "esp_mail.settings"
    from esp_mail import settings

    settings.INSTALLED_APPS.append("django_migration_linter")
    apps = ["accounts", "esp", "games", "privacy", "serving", "stats"]
    options = ["--include-apps", *apps, "--warnings-as-errors", "--no-cache", "--quiet"]
    options += ["ok", "ignore", "--exclude-migration-tests", NOT_CHECKED]
    execute_from_command_line([sys.argv[0], "lintmigrations", *options])
