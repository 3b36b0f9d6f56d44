"""What the pages and mails of accounts say in Russian: no English sentence."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from esp_mail.tests.matrix import expected
from esp_mail.tests.test_console_words import LATIN, Text
from esp_mail.tests.test_matrix import address
from games.models import Game
from testing.people import make_player

PASSWORD = "horse battery 9"
RUSSIAN = {"Accept-Language": "ru"}
NAMES = re.compile(
    rf"{LATIN.pattern}|English|E-mail|JavaScript|testserver|player-zoe|IP\b|Unspecified|https?://\S+|JBSWY3DPEHPK3PXP",
    re.IGNORECASE,
)
FORMS = [
    ("signup/", {"email": "new@test.ru", "password1": PASSWORD}),
    ("signup/", {"email": "zoe@test.ru", "password1": PASSWORD}),
    ("signup/", {"email": "x", "password1": "1"}),
    ("login/", {"login": "zoe@test.ru", "password": "x"}),
    ("password/reset/", {"email": "zoe@test.ru"}),
    ("password/reset/", {"email": "no@test.ru"}),
]


@pytest.fixture
def player(db: None) -> User:
    return make_player("zoe@test.ru", PASSWORD)


def english(text: str) -> bool:
    return bool(re.search(r"[A-Za-z]{3,}", NAMES.sub("", text)))


def english_texts(answer: Any) -> set[str]:
    if "text/html" not in answer.headers["Content-Type"]:
        return set()
    return {text for text in Text(answer.content.decode()).found if english(text)}


def signed_in(player: User) -> Client:
    client = Client(headers=RUSSIAN)
    client.post("/accounts/login/", {"login": player.email, "password": PASSWORD})
    return client


def test_pages_are_russian(player: User, game: Game) -> None:
    found = set()
    for client in (Client(headers=RUSSIAN), signed_in(player)):
        for pattern in expected():
            if pattern.startswith("accounts/") and "logout" not in pattern:
                found |= english_texts(client.get(address(pattern, game), follow=True))
    assert found == set()


def test_pages_of_a_second_factor_are_russian(player: User) -> None:
    client = signed_in(player)
    TOTP.activate(player, "JBSWY3DPEHPK3PXP")
    RecoveryCodes.activate(player)
    key = Authenticator.objects.create(user=player, type="webauthn", data={"name": "Ключ"})
    pages = ["", "totp/deactivate/", "recovery-codes/", "recovery-codes/generate/", "webauthn/"]
    pages += [f"webauthn/keys/{key.pk}/{name}/" for name in ("remove", "edit")]
    found = [client.get(f"/accounts/2fa/{page}", follow=True) for page in pages]
    key.delete()
    stranger = signed_in(player)  # who has yet to show the second factor
    found += [stranger.get("/accounts/2fa/authenticate/")]
    found += [stranger.post("/accounts/2fa/authenticate/", {"code": "000000"})]
    assert [answer.status_code for answer in found] == [200] * len(found)
    assert set().union(*map(english_texts, found)) == set()


def test_answers_and_mails_are_russian(player: User) -> None:
    stranger, client = Client(headers=RUSSIAN), signed_in(player)
    found = [stranger.post(f"/accounts/{path}", form, follow=True) for path, form in FORMS]
    for new in ("1", "horse battery 10"):
        form = {"oldpassword": PASSWORD, "password1": new, "password2": new}
        found.append(client.post("/accounts/password/change/", form, follow=True))
    found.append(client.post("/accounts/", follow=True))
    assert set().union(*map(english_texts, found)) == set()
    lines = [
        line for sent in mail.outbox for line in (str(sent.subject), *str(sent.body).split("\n"))
    ]
    assert len(mail.outbox) == 6
    assert [line for line in lines if english(line)] == []
    # django-allauth's own Russian has neither.
    assert {sent.subject for sent in mail.outbox} >= {"Пароль изменён", "Новый пароль"}
