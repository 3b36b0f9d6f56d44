"""Play keys, the bot shield: a game asks for one when it starts, and sends it as Idempotency-Key.

A key is signed and names its time, its play and the Origin of its page. Nothing is stored before
the play is.
"""

import json
import math
from base64 import b64decode
from datetime import timedelta
from secrets import token_hex
from time import time

from altcha.v1 import ChallengeOptions, create_challenge, verify_solution
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException

from serving.keyed_hash import keyed_hash

KEY_SECONDS = 8 * 24 * 3600  # a browser keeps a play that cannot be sent for 7 days
CHALLENGE_LIFETIME = timedelta(minutes=10)
REASONS = {
    "play_key_missing": _("The play has no key. Ask for one when the game starts."),
    "play_key_invalid": _("The Idempotency-Key is not a play key of this site."),
    "play_key_early": _("The game was too short. Try again in a moment."),
    "play_key_expired": _("The play key is too old. Play again."),
    "play_key_origin": _("The play key was given to a page of another site."),
    "play_key_work": _("The work for the play key is missing, wrong or too old. Begin it again."),
}


class PlayKeyRefused(APIException):
    """The bot shield stops it; nothing is counted. `wait`: seconds until a key is old enough."""

    status_code = 403

    def __init__(self, code: str, wait: int | None = None) -> None:
        super().__init__({"detail": REASONS[code], "code": code})
        self.wait = wait


def shield_is_on() -> bool:
    return bool(settings.PLAY_SECONDS or settings.PLAY_KEY_WORK)


def new_play_key(origin: str, body: bytes) -> str:
    """Return a key for one play. Raise PlayKeyRefused if the work that it costs is not done."""
    # A solution names the play: given twice it makes no second one.
    play = _solved_challenge(body) if settings.PLAY_KEY_WORK else token_hex(16)
    return _signer("key").sign(f"{int(time() * 1000)}.{play}.{keyed_hash(origin)}")


def read_play_key(key: str | None, origin: str) -> tuple[str | None, PlayKeyRefused | None]:
    """Return the play that the key names, and why the key is not valid for it; None if it is."""
    if key is None:
        return None, PlayKeyRefused("play_key_missing")
    try:
        issued, play, whose = _signer("key").unsign(key).split(".")
    except BadSignature:
        return key, PlayKeyRefused("play_key_invalid")
    age = time() - int(issued) / 1000
    if whose != keyed_hash(origin):
        return play, PlayKeyRefused("play_key_origin")
    if age > KEY_SECONDS:
        return play, PlayKeyRefused("play_key_expired")
    if age < settings.PLAY_SECONDS:
        return play, PlayKeyRefused("play_key_early", math.ceil(settings.PLAY_SECONDS - age))
    return play, None


def new_challenge() -> dict[str, object]:
    """Return the work that a key costs: find the number that, after the salt, has this hash."""
    expires = timezone.now() + CHALLENGE_LIFETIME
    number = settings.PLAY_KEY_WORK
    options = ChallengeOptions(max_number=number, hmac_key=_work_key(), expires=expires)
    return create_challenge(options).to_dict()


def _solved_challenge(body: bytes) -> str:
    """Return the challenge that a request's body solves; raise PlayKeyRefused if it solves none."""
    try:
        payload = json.loads(b64decode(json.loads(body)["altcha"]))
        solved, _reason = verify_solution(payload, _work_key())
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        solved = False
    if not solved:
        raise PlayKeyRefused("play_key_work")
    return str(payload["challenge"])


def _work_key() -> str:
    return _signer("work").signature("")


def _signer(use: str) -> Signer:
    return Signer(salt=f"games.play_keys.{use}")
