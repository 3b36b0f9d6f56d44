from django.core.management import call_command
from django.db import migrations


def create_cache_table(_apps, schema_editor):
    """Make the table of the cache, unless it is there."""
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = []

    operations = [
        migrations.RunPython(create_cache_table, migrations.RunPython.noop),
    ]
