"""Registration, signing in and guessing. No answer reveals whether an account exists."""

import re
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client

from testing.people import JSON, body, make_player, make_staff

PASSWORD = "correct horse battery"
APP = "/api/auth/app/v1/auth/"
NO_MAIL = {
    "message": "This site sends no mail. Ask your administrator for an account or a new password.",
    "code": "no_mail",
    "param": "email",
}


@pytest.fixture(autouse=True)
def _fast(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def sign_up(client: Client, address: str) -> Any:
    return client.post("/accounts/signup/", {"email": address, "password1": PASSWORD})


def sign_in(client: Client, address: str, password: str = PASSWORD) -> Any:
    return client.post("/accounts/login/", {"login": address, "password": password})


def link() -> str:
    return re.findall(r"http://testserver(/\S+)", str(mail.outbox[-1].body))[0]


def test_registration_confirmation_and_own_data(db: None) -> None:
    client = Client()
    assert sign_up(client, " Cem@ПРИМЕР.рф").headers["Location"] == "/accounts/confirm-email/"
    assert client.get("/api/me/").status_code == 401
    assert sign_in(client, "cem@xn--e1afmkfd.xn--p1ai").status_code == 302
    assert client.get("/api/me/").status_code == 401
    user = User.objects.get()
    assert not re.search("cem", user.username)
    confirm = link()
    client.get(confirm)
    assert not EmailAddress.objects.get().verified  # a mail scanner's GET confirms nothing
    client.post(confirm)
    sign_in(client, "CEM@xn--e1afmkfd.xn--p1ai")
    assert body(client.get("/api/me/")) == {
        "email": "cem@xn--e1afmkfd.xn--p1ai",
        "game": None,
        "consents": [],
    }


def test_mails_are_plain_text_in_the_language_of_the_page(db: None) -> None:
    client = Client(headers={"Accept-Language": "ru"})
    sign_up(client, "cem@test.ru")
    message: Any = mail.outbox[0]
    assert message.alternatives == []
    assert re.search("[а-я]", message.body)


def answers(client: Client, address: str) -> list[Any]:
    """Return the answers of all forms and endpoints that take an address."""
    pages = [
        sign_up(client, address),
        sign_in(client, address, "wrong"),
        client.post("/accounts/password/reset/", {"email": address}),
    ]
    app = [
        client.post(f"{APP}signup", {"email": address, "password": PASSWORD}, JSON),
        client.post(f"{APP}login", {"email": address, "password": "wrong"}, JSON),
        client.post(f"{APP}password/request", {"email": address}, JSON),
    ]
    return [
        (answer.status_code, answer.headers.get("Location"), _plain(answer, address))
        for answer in pages + app
    ]


def _plain(response: Any, address: str) -> str:
    text = response.content.decode().replace(address, "ADDRESS")
    return re.sub(r'csrfmiddlewaretoken" value="\w+"|"session_token": "\w+"', "", text)


def test_no_answer_tells_whether_an_account_exists(db: None) -> None:
    make_player("cem@test.ru", PASSWORD)
    known = answers(Client(), "cem@test.ru")
    assert known == answers(Client(), "eva@test.ru")
    assert {message.to[0] for message in mail.outbox} == {"cem@test.ru", "eva@test.ru"}


def test_reset_changes_the_password_once(db: None) -> None:
    make_player("cem@test.ru", PASSWORD)
    client = Client()
    client.post("/accounts/password/reset/", {"email": "Cem@Test.ru"})
    reset = link()
    form = client.get(reset).headers["Location"]
    client.post(form, {"password1": "another horse battery", "password2": "another horse battery"})
    assert sign_in(Client(), "cem@test.ru").status_code == 200
    assert sign_in(Client(), "cem@test.ru", "another horse battery").status_code == 302
    assert Client().get(reset).status_code == 200  # says that the link is used
    assert b"password1" not in Client().get(reset).content


@pytest.mark.parametrize("way", ["page", "app"])
def test_right_password_is_refused_after_too_many_guesses(db: None, way: str) -> None:
    make_player("cem@test.ru", PASSWORD)

    def guess(password: str) -> int:
        client = Client()  # a new client each time: the limit does not depend on cookies
        if way == "page":
            return int(sign_in(client, "cem@test.ru", password).status_code)
        sent = {"email": "cem@test.ru", "password": password}
        return int(client.post(f"{APP}login", sent, JSON).status_code)

    for number in range(5):
        assert guess(f"guess {number}") in {200, 400}
    assert guess(PASSWORD) == 429
    assert sign_in(Client(), "nobody@test.ru").status_code == 200


def test_one_client_cannot_try_many_accounts(db: None) -> None:
    statuses = [sign_in(Client(), f"p{n}@test.ru", "x").status_code for n in range(35)]
    assert statuses[-1] == 429
    page = sign_in(Client(), "p@test.ru").content.decode()
    assert "Too many attempts" in page


def test_staff_need_no_address(db: None) -> None:
    clerk = make_staff("clerk", "viewers")
    clerk.set_password(PASSWORD)
    clerk.save()
    client = Client()
    assert sign_in(client, "clerk").headers["Location"] == "/accounts/"
    assert b"without a confirmed address" in client.get("/accounts/").content
    assert client.post("/accounts/").status_code == 403
    assert client.get("/admin/").status_code == 200


def test_without_a_mail_server_registration_is_closed(db: None, settings: Any) -> None:
    settings.MAIL_ENABLED = False
    client = Client()
    assert b"password1" not in client.get("/accounts/signup/").content
    sign_up(client, "cem@test.ru")
    sent = {"email": "cem@test.ru", "password": PASSWORD}
    answer = client.post(f"{APP}signup", sent, JSON)
    assert (answer.status_code, body(answer)) == (400, {"status": 400, "errors": [NO_MAIL]})
    assert not User.objects.exists()


def test_without_a_mail_server_no_new_password_is_promised(db: None, settings: Any) -> None:
    settings.MAIL_ENABLED = False
    make_player("cem@test.ru", PASSWORD)
    page = Client().post("/accounts/password/reset/", {"email": "cem@test.ru"})
    assert (page.status_code, b"This site sends no mail." in page.content) == (200, True)
    assert 'name="email"' not in Client().get("/accounts/password/reset/").content.decode()
    answer = Client().post(f"{APP}password/request", {"email": "cem@test.ru"}, JSON)
    assert (answer.status_code, body(answer)) == (400, {"status": 400, "errors": [NO_MAIL]})
    assert mail.outbox == []


def test_mail_that_cannot_be_sent_is_logged_without_the_address(
    db: None, monkeypatch: Any, caplog: Any
) -> None:
    def refuse(*_args: Any, **_kwargs: Any) -> None:
        raise SMTPRecipientsRefused({"cem@test.ru": (550, b"no such user cem@test.ru")})

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    assert sign_up(Client(), "cem@test.ru").status_code == 302
    assert "mail not sent: SMTPRecipientsRefused" in caplog.text
    assert "cem@" not in caplog.text


def test_account_has_one_address(db: None) -> None:
    player = make_player("cem@test.ru", PASSWORD)
    client = Client()
    sign_in(client, "cem@test.ru")
    client.post("/accounts/email/", {"action_add": "", "email": "eva@test.ru"})
    assert [each.email for each in EmailAddress.objects.filter(user=player)] == ["cem@test.ru"]
