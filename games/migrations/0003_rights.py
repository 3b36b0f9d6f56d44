from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUPS = {
    "viewers": ["games.view_game", "games.view_play"],
    "managers": [
        "games.view_game",
        "games.view_play",
        "games.view_address",
        "games.export_game",
        "games.import_game",
        "games.deliver_game",
    ],
    "data protection": [
        "games.view_game",
        "games.view_play",
        "games.view_address",
        "games.view_person",
        "games.erase_game",
        "admin.view_logentry",
    ],
}


def make_groups(apps, _schema_editor):
    """Make the groups that are missing; what a superuser made of the others stays."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name in ("games", "admin"):
        # Django makes permissions after the last migration, which is too late for us.
        config = apps.get_app_config(name)
        config.models_module = True
        create_permissions(config, apps=apps, verbosity=0)
        config.models_module = None
    for name, rights in GROUPS.items():
        group, made = Group.objects.get_or_create(name=name)
        if made:
            for app, codename in (right.split(".") for right in rights):
                group.permissions.add(
                    Permission.objects.get(content_type__app_label=app, codename=codename)
                )


class Migration(migrations.Migration):
    dependencies = [
        ("games", "0002_kept_days"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="game",
            options={
                "ordering": ["-pk"],
                "permissions": [
                    ("view_address", "Can see addresses"),
                    ("export_game", "Can export games and plays"),
                    ("import_game", "Can import addresses"),
                    ("deliver_game", "Can deliver contacts now or again"),
                    ("view_person", "Can see everything about one person"),
                    ("erase_game", "Can erase a person"),
                ],
                "verbose_name": "game",
                "verbose_name_plural": "games",
            },
        ),
        migrations.RunPython(make_groups, migrations.RunPython.noop),
    ]
