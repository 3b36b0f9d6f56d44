"""Changes by the API in the log that the admin shows, without the address."""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from rest_framework.request import Request

from games.models import Game


def log_change(request: Request, game: Game, flag: int, what: str) -> None:
    """Note who changed the game, and by which token; a token's name is its `auth`'s text."""
    token = getattr(request.auth, "name", "")
    LogEntry.objects.create(
        user_id=request.user.pk or 0,  # staff are signed in
        content_type=ContentType.objects.get_for_model(Game),
        object_id=str(game.pk),
        object_repr=f"{Game._meta.verbose_name} {game.pk}",  # noqa: SLF001 - Django's own API
        action_flag=flag,
        change_message=" ".join(part for part in ("API", token, what) if part),
    )
