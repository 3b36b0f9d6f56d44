from django.contrib.auth.management import create_permissions
from django.db import migrations

RIGHTS = {
    "managers": ["view_consenttext", "view_consent"],
    "data protection": [
        "view_consenttext",
        "add_consenttext",
        "change_consenttext",
        "view_consent",
        "withdraw_consent",
    ],
}


def make_rights(apps, _schema_editor):
    config = apps.get_app_config("games")
    config.models_module = True  # as in migration 0003
    create_permissions(config, apps=apps, verbosity=0)
    config.models_module = None
    give_rights(apps)


def give_rights(apps):
    """Let data protection keep the texts, where the groups still have their names."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, codenames in RIGHTS.items():
        rights = Permission.objects.filter(content_type__app_label="games", codename__in=codenames)
        for group in Group.objects.filter(name=name):
            group.permissions.add(*rights)


class Migration(migrations.Migration):
    dependencies = [("games", "0013_check_states")]

    operations = [migrations.RunPython(make_rights, migrations.RunPython.noop)]
