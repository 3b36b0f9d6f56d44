from typing import Any

import pytest

# Models are imported where they are needed: this file may be read before the settings are.


@pytest.fixture
def game(db: None) -> Any:
    """Make one of everything that has a page, and return the player."""
    from allauth.mfa.models import Authenticator  # noqa: PLC0415
    from django.contrib.admin.models import CHANGE, LogEntry  # noqa: PLC0415
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.contrib.contenttypes.models import ContentType  # noqa: PLC0415

    from console.draw.models import Draw  # noqa: PLC0415
    from esp.models import MockContact  # noqa: PLC0415
    from games.consent import ConsentProof  # noqa: PLC0415
    from importing.models import ImportJob  # noqa: PLC0415
    from privacy.models import Erasure  # noqa: PLC0415
    from testing.campaign import make_game  # noqa: PLC0415
    from testing.consents import agree, make_text  # noqa: PLC0415
    from testing.factories import PLAYED_AT  # noqa: PLC0415
    from testing.people import make_player, make_token  # noqa: PLC0415

    game = make_game("cem@test.ru", PLAYED_AT)
    user = make_player("ada@test.ru")
    make_token(User.objects.create_superuser("other"))
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})
    MockContact.objects.create(email="cem@test.ru")
    Erasure.objects.create(digest="x", reason="x", esp_state="done")
    ImportJob.objects.create(pk=game.pk, file_name="x.csv", language="en", state="done")
    agree(game, make_text())
    ConsentProof.objects.create(
        digest="x", text=make_text("prizes"), act="given", at=PLAYED_AT, source="play"
    )
    Draw.objects.create(winners=1, plays_until=PLAYED_AT, candidates=1)
    kind = ContentType.objects.get_for_model(type(game))
    LogEntry.objects.create(
        user=user, content_type=kind, object_id=str(game.pk), action_flag=CHANGE
    )
    return game
