"""Each vendor's exact requests, and the meaning of its special answers."""

import re
from typing import Any
from unittest import mock

import pytest

from esp.backends import sendgrid
from esp.backends.answer import address_of
from esp.errors import ContactRejected, ESPError, ESPMisconfigured, ESPUnavailable
from serving.addresses import normalise_address
from testing.esp.brevo import FakeBrevo
from testing.esp.klaviyo import FakeKlaviyo
from testing.esp.listmonk import FakeListmonk
from testing.esp.mailchimp import FakeMailchimp
from testing.esp.sendgrid import FakeSendGrid
from testing.esp.server import KEY, FakeESP, Reply
from testing.esp.unisender import FakeUnisender

LIST = "0b6f4b4c-2a5e-4b46-9d6f-3a1b8f0c7d21"
LOOK_UPS: dict[type[FakeESP], tuple[str, str, Any]] = {
    FakeBrevo: ("GET", "/contacts/c%2Bm%40test.ru?identifierType=email_id", b""),
    FakeKlaviyo: ("GET", "/api/profiles?filter=equals%28email%2C%22c%2Bm%40test.ru%22%29", b""),
    FakeListmonk: ("GET", "/api/subscribers?search=%5Ec%5C%2Bm%40test%5C.ru%24", b""),
    FakeMailchimp: (
        "GET",
        "/lists/a1b2c3/members/bbf54a8c97515c26c3d75fb96b97c8da?fields=status%2Cemail_address",
        b"",
    ),
    FakeSendGrid: ("POST", "/v3/marketing/contacts/search/emails", b'{"emails": ["c+m@test.ru"]}'),
    FakeUnisender: (
        "POST",
        "/getContact?format=json",
        f"api_key={KEY}&email=c%2Bm%40test.ru".encode(),
    ),
}
ADDITIONS: dict[type[FakeESP], list[tuple[str, str, bytes]]] = {
    FakeBrevo: [
        (
            "POST",
            "/contacts",
            b'{"email": "c+m@test.ru", "listIds": [7], "updateEnabled": false}',
        )
    ],
    FakeKlaviyo: [
        (
            "POST",
            "/api/profiles",
            b'{"data": {"type": "profile", "attributes": {"email": "c+m@test.ru"}}}',
        ),
        (
            "POST",
            "/api/lists/Xy7Zq1/relationships/profiles",
            b'{"data": [{"type": "profile", "id": "id of c+m@test.ru"}]}',
        ),
    ],
    FakeListmonk: [
        (
            "POST",
            "/api/subscribers",
            b'{"email": "c+m@test.ru", "name": "", "status": "enabled", "lists": [7]}',
        )
    ],
    FakeMailchimp: [
        (
            "POST",
            "/lists/a1b2c3/members?skip_merge_validation=true",
            b'{"email_address": "c+m@test.ru", "status": "subscribed"}',
        )
    ],
    FakeSendGrid: [
        (
            "PUT",
            "/v3/marketing/contacts",
            f'{{"list_ids": ["{LIST}"], "contacts": [{{"email": "c+m@test.ru"}}]}}'.encode(),
        )
    ],
    FakeUnisender: [
        (
            "POST",
            "/subscribe?format=json",
            f"api_key={KEY}&list_ids=7&fields%5Bemail%5D=c%2Bm%40test.ru"
            "&double_optin=3&overwrite=0".encode(),
        )
    ],
}


REMOVALS: dict[type[FakeESP], list[tuple[str, str, bytes]]] = {
    FakeBrevo: [("DELETE", "/contacts/c%2Bm%40test.ru?identifierType=email_id", b"")],
    FakeKlaviyo: [
        (
            "POST",
            "/api/data-privacy-deletion-jobs",
            (
                b'{"data": {"type": "data-privacy-deletion-job", "attributes": {"profile": '
                b'{"data": {"type": "profile", "attributes": {"email": "c+m@test.ru"}}}}}}'
            ),
        )
    ],
    FakeListmonk: [
        ("GET", "/api/subscribers?search=%5Ec%5C%2Bm%40test%5C.ru%24", b""),
        ("DELETE", "/api/subscribers/100", b""),
    ],
    FakeMailchimp: [
        (
            "POST",
            "/lists/a1b2c3/members/bbf54a8c97515c26c3d75fb96b97c8da/actions/delete-permanent",
            b"",
        )
    ],
}


# With the fields FNAME and SCORE, tags where the vendor has them, and double opt-in likewise.
FULL_ADDITIONS: dict[type[FakeESP], list[tuple[str, str, bytes]]] = {
    FakeBrevo: [
        LOOK_UPS[FakeBrevo],
        (
            "POST",
            "/contacts/doubleOptinConfirmation",
            (
                b'{"email": "c+m@test.ru", "includeListIds": [7], "templateId": 3, '
                b'"redirectionUrl": "https://play.example.com/thanks", '
                b'"attributes": {"FNAME": "Cem", "SCORE": 42}}'
            ),
        ),
    ],
    FakeKlaviyo: [
        (
            "POST",
            "/api/profiles",
            (
                b'{"data": {"type": "profile", "attributes": {"email": "c+m@test.ru", '
                b'"properties": {"FNAME": "Cem", "SCORE": 42}}}}'
            ),
        ),
        (
            "POST",
            "/api/profile-subscription-bulk-create-jobs",
            (
                b'{"data": {"type": "profile-subscription-bulk-create-job", "attributes": '
                b'{"profiles": {"data": [{"type": "profile", "attributes": '
                b'{"email": "c+m@test.ru", "subscriptions": '
                b'{"email": {"marketing": {"consent": "SUBSCRIBED"}}}}}]}}, '
                b'"relationships": {"list": {"data": {"type": "list", "id": "Xy7Zq1"}}}}}'
            ),
        ),
    ],
    FakeListmonk: [
        (
            "POST",
            "/api/subscribers",
            (
                b'{"email": "c+m@test.ru", "name": "", "status": "enabled", "lists": [7], '
                b'"attribs": {"FNAME": "Cem", "SCORE": 42, "tags": ["summer", "vk"]}}'
            ),
        )
    ],
    FakeMailchimp: [
        (
            "POST",
            "/lists/a1b2c3/members?skip_merge_validation=true",
            (
                b'{"email_address": "c+m@test.ru", "status": "pending", "tags": ["summer", "vk"], '
                b'"merge_fields": {"FNAME": "Cem", "SCORE": "42"}}'
            ),
        )
    ],
    FakeSendGrid: [
        (
            "PUT",
            "/v3/marketing/contacts",
            f'{{"list_ids": ["{LIST}"], "contacts": [{{"email": "c+m@test.ru", '
            '"custom_fields": {"FNAME": "Cem", "SCORE": "42"}}]}'.encode(),
        )
    ],
    FakeUnisender: [
        (
            "POST",
            "/subscribe?format=json",
            f"api_key={KEY}&list_ids=7&fields%5Bemail%5D=c%2Bm%40test.ru"
            "&fields%5BFNAME%5D=Cem&fields%5BSCORE%5D=42&tags=summer%2Cvk"
            "&double_optin=0&overwrite=0".encode(),
        )
    ],
}


def full_options(esp: FakeESP) -> dict[str, Any]:
    """Return the options with all that the vendor can do."""
    options = esp.options()
    if esp.takes_tags:
        options["tags"] = ["summer", "vk"]
    if esp.takes_double_optin:
        options |= {"double_optin": True, **esp.double_optin_options}
    return options


def sent(esp: FakeESP) -> list[tuple[str, str, bytes]]:
    return [(one.method, one.target, one.body) for one in esp.received]


def answering(esp: FakeESP, reply: Reply) -> Any:
    """Return a backend whose ESP gives this reply to every request."""
    esp.always = reply
    return backend_of(esp)


def backend_of(esp: FakeESP, **options: Any) -> Any:
    return esp.backend(**esp.options() | options)


def test_look_up_is_this_request(fake: FakeESP) -> None:
    backend_of(fake).has_contact("c+m@test.ru")

    assert sent(fake) == [LOOK_UPS[type(fake)]]


def test_addition_is_these_requests(fake: FakeESP) -> None:
    backend_of(fake).add_contact("c+m@test.ru")

    assert sent(fake) == ADDITIONS[type(fake)]


def test_addition_with_fields_tags_and_double_optin_is_these_requests(fake: FakeESP) -> None:
    fake.double_optin = True
    backend = fake.backend(**full_options(fake))
    backend.add_contact_with("c+m@test.ru", {"FNAME": "Cem", "SCORE": 42})  # type: ignore[attr-defined]

    assert sent(fake) == FULL_ADDITIONS[type(fake)]


@pytest.mark.parametrize(
    ("vendor", "stored"),
    [
        (FakeMailchimp, {"FNAME": "1"}),
        (FakeUnisender, {"FNAME": "1"}),
        (FakeSendGrid, {"FNAME": "1"}),
        (FakeBrevo, {"FNAME": True}),
        (FakeKlaviyo, {"FNAME": True}),
        (FakeListmonk, {"FNAME": True}),
    ],
)
def test_truth_value_is_sent_as_the_vendor_takes_it(
    vendor: type[FakeESP], stored: dict[str, Any]
) -> None:
    esp = vendor()
    with esp.running():
        backend_of(esp).add_contact_with("cem@test.ru", {"FNAME": True})

    assert esp.stored == {"cem@test.ru": stored}


@pytest.mark.parametrize("vendor", [FakeKlaviyo, FakeSendGrid])
def test_the_vendors_own_fields_are_no_custom_fields(vendor: type[FakeESP]) -> None:
    esp = vendor()
    with esp.running():
        backend_of(esp).add_contact_with("cem@test.ru", {"first_name": "Cem", "FNAME": "x"})

    assert b'"first_name": "Cem"' in esp.received[0].body
    assert esp.stored == {"cem@test.ru": {"first_name": "Cem", "FNAME": "x"}}


@pytest.mark.parametrize("vendor", [FakeMailchimp, FakeSendGrid])
def test_bulk_addition_has_each_contacts_own_fields(vendor: type[FakeESP]) -> None:
    esp = vendor()
    esp.hold("eva@test.ru")
    tags = {"tags": ["summer"]} if esp.takes_tags else {}
    fields = {"cem@test.ru": {"FNAME": "Cem"}, "eva@test.ru": {"FNAME": "Mallory"}}
    with esp.running():
        backend = backend_of(esp, **tags)
        known = backend.settle_many(["cem@test.ru", "eva@test.ru", "zoe@test.ru"], fields)

    assert known == {"cem@test.ru": False, "eva@test.ru": True, "zoe@test.ru": False}
    stored = {"cem@test.ru": {"FNAME": "Cem", **tags}, "zoe@test.ru": tags}
    assert esp.stored == {email: kept for email, kept in stored.items() if kept}


def test_sendgrids_bulk_call_about_known_contacts_adds_none() -> None:
    esp = FakeSendGrid()
    esp.hold("cem@test.ru")
    with esp.running():
        assert backend_of(esp).settle_many(["cem@test.ru"]) == {"cem@test.ru": True}

    assert [one.method for one in esp.received] == ["POST"]


def test_mailchimps_bulk_addition_asks_to_confirm() -> None:
    esp = FakeMailchimp()
    with esp.running():
        backend_of(esp, double_optin=True).settle_many(["cem@test.ru"])

    assert esp.state("cem@test.ru") == "pending"


def test_brevos_confirmation_of_a_contact_that_came_meanwhile_is_found() -> None:
    esp = FakeBrevo()
    esp.look_up = lambda email: Reply(404, {"code": "document_not_found"})  # type: ignore[method-assign]
    esp.hold("cem@test.ru")
    with esp.running():
        backend = backend_of(esp, double_optin=True, **esp.double_optin_options)
        assert backend.add_or_find("cem@test.ru") is True


def test_brevos_confirmation_without_success_is_a_failure() -> None:
    esp = FakeBrevo()
    esp.ask_to_confirm = lambda request: Reply(200, {})  # type: ignore[method-assign]
    options = {"double_optin": True, **esp.double_optin_options}
    with esp.running(), pytest.raises(ESPUnavailable):
        backend_of(esp, **options).add_contact("cem@test.ru")


@pytest.mark.parametrize("vendor", [FakeSendGrid, FakeUnisender])
def test_late_addition_of_an_upsert_looks_first(vendor: type[FakeESP]) -> None:
    esp = vendor()
    esp.hold("eva@test.ru")
    with esp.running():
        backend = backend_of(esp)
        backend.add_again("eva@test.ru", {"FNAME": "Mallory"})
        backend.add_again("cem@test.ru", {"FNAME": "Cem"})
        backend.add_again("zoe@test.ru")

    assert esp.contacts == {"eva@test.ru": 0, "cem@test.ru": 1, "zoe@test.ru": 1}
    assert esp.stored == {"cem@test.ru": {"FNAME": "Cem"}}


def test_klaviyo_asks_a_half_made_profile_to_confirm() -> None:
    esp = FakeKlaviyo()
    esp.hold("cem@test.ru")
    with esp.running():
        backend_of(esp, double_optin=True).add_again("cem@test.ru")

    assert (esp.state("cem@test.ru"), esp.on_list) == ("pending", [])


def test_klaviyos_job_without_success_is_a_failure() -> None:
    esp = FakeKlaviyo()
    esp.subscribe = lambda request: Reply(200, {})  # type: ignore[method-assign]
    with esp.running(), pytest.raises(ESPUnavailable):
        backend_of(esp, double_optin=True).add_contact("cem@test.ru")


def test_listmonk_asks_a_half_made_contact_to_confirm() -> None:
    esp = FakeListmonk()
    esp.hold("cem@test.ru")
    with esp.running():
        backend_of(esp).add_again("cem@test.ru")
        assert esp.mailed == []
        backend_of(esp, double_optin=True).add_again("cem@test.ru")

    assert esp.mailed == ["cem@test.ru"]


WITH_FIELD_LISTS = [FakeBrevo, FakeMailchimp, FakeSendGrid, FakeUnisender]


@pytest.mark.parametrize("vendor", WITH_FIELD_LISTS)
def test_field_names_are_the_vendors(vendor: type[FakeESP]) -> None:
    esp = vendor()
    with esp.running():
        assert set(esp.fields) <= backend_of(esp).field_names()


@pytest.mark.parametrize("vendor", WITH_FIELD_LISTS)
@pytest.mark.parametrize("content", [{}, [], {"result": ""}])
def test_field_names_in_another_shape_are_a_failure(vendor: type[FakeESP], content: Any) -> None:
    esp = vendor()
    with esp.running(), pytest.raises(ESPUnavailable):
        answering(esp, Reply(200, content)).field_names()


@pytest.mark.parametrize("vendor", REMOVALS)
def test_removal_is_these_requests(vendor: type[FakeESP]) -> None:
    esp = vendor()
    esp.hold("c+m@test.ru")
    with esp.running():
        backend_of(esp).remove_contact("c+m@test.ru")

    assert sent(esp) == REMOVALS[vendor]


@pytest.mark.parametrize("vendor", REMOVALS)
def test_removal_with_a_wrong_key_is_misconfigured(vendor: type[FakeESP]) -> None:
    esp = vendor()
    with esp.running(), pytest.raises(ESPMisconfigured):
        backend_of(esp, api_key="some:otherkey-us14").remove_contact("cem@test.ru")


SPECIAL_REMOVAL_ANSWERS = [
    (FakeBrevo, Reply(404, b"nginx"), ESPUnavailable),
    (FakeBrevo, Reply(400, {"message": "Invalid email address"}), ContactRejected),
    (FakeBrevo, Reply(503), ESPUnavailable),
    (FakeKlaviyo, Reply(404, b"nginx"), ESPUnavailable),
    (FakeKlaviyo, Reply(400, {"errors": [{"code": "invalid"}]}), ESPUnavailable),
    (
        FakeKlaviyo,
        Reply(
            400,
            {
                "errors": [
                    {
                        "source": {
                            "pointer": "/data/attributes/profile/data/attributes/email",
                        }
                    }
                ]
            },
        ),
        ContactRejected,
    ),
    (FakeKlaviyo, Reply(403, {"errors": [{"code": "permission_denied"}]}), ESPMisconfigured),
    (FakeMailchimp, Reply(404, b"nginx"), ESPUnavailable),
    (FakeMailchimp, Reply(404, {"title": "Not Found"}), ESPUnavailable),
    (FakeMailchimp, Reply(404, {"title": "Resource Not Found"}), ESPMisconfigured),
    (
        FakeListmonk,
        Reply(200, {"data": {"results": [{"email": "cem@test.ru"}]}}),
        ESPMisconfigured,
    ),
]


@pytest.mark.parametrize(("vendor", "reply", "meaning"), SPECIAL_REMOVAL_ANSWERS)
def test_special_answer_to_a_removal(
    vendor: type[FakeESP], reply: Reply, meaning: type[ESPError]
) -> None:
    esp = vendor()
    with esp.running(), pytest.raises(meaning):
        answering(esp, reply).remove_contact("cem@test.ru")


def test_klaviyos_not_found_for_a_profile_that_is_there_is_no_removal() -> None:
    esp = FakeKlaviyo()
    esp.hold("cem@test.ru")
    esp.delete = lambda request: esp.error(404, "not_found")  # type: ignore[method-assign]
    with esp.running(), pytest.raises(ESPUnavailable):
        backend_of(esp).remove_contact("cem@test.ru")


def known(esp: FakeESP, asked: str, shown: Any) -> Any:
    """Return the answer to a look-up of `asked`, with `shown` as the contact's address."""
    contact = {"id": 1, "email": shown}
    profile = {"type": "profile", "id": "1", "attributes": {"email": shown}}
    return {
        FakeBrevo: contact,
        FakeKlaviyo: {"data": [profile]},
        FakeListmonk: {"data": {"results": [contact], "search": f"^{re.escape(asked)}$"}},
        FakeMailchimp: {"status": "cleaned", "email_address": shown},
        FakeSendGrid: {"result": {shown if same(shown) else asked: {"contact": contact}}},
        FakeUnisender: {"result": {"email": contact}},
    }[type(esp)]


def same(shown: Any) -> bool:
    return isinstance(shown, str) and shown.lower().startswith("cem@")


RUSSIAN = normalise_address("cem@пример.рф")


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("cem@test.ru", "Cem@TEST.ru"),
        (RUSSIAN, "cem@пример.рф"),
        (RUSSIAN, "Cem@Пример.РФ"),
        (RUSSIAN, RUSSIAN.upper()),
    ],
)
def test_an_address_in_other_letters_is_the_same(fake: FakeESP, asked: str, shown: str) -> None:
    assert answering(fake, Reply(200, known(fake, asked, shown))).has_contact(asked) is True


@pytest.mark.parametrize("shown", ["eva@test.ru", "", None, 7, ["cem@test.ru"]])
def test_an_answer_about_another_address_says_nothing(fake: FakeESP, shown: Any) -> None:
    backend = answering(fake, Reply(200, known(fake, "cem@test.ru", shown)))
    if isinstance(fake, FakeListmonk):  # its search may find names too
        assert backend.has_contact("cem@test.ru") is False
        return
    with pytest.raises(ESPUnavailable):
        backend.has_contact("cem@test.ru")


def test_sendgrids_alternate_address_is_known() -> None:
    contact = {"id": "c1", "email": "eva@test.ru", "alternate_emails": ["Cem@test.ru"]}
    esp = FakeSendGrid()
    with esp.running():
        backend = answering(esp, Reply(200, {"result": {"cem@test.ru": {"contact": contact}}}))
        assert backend.has_contact("cem@test.ru") is True


def test_sendgrids_bulk_answer_is_read_once() -> None:
    emails = [f"player{number}@test.ru" for number in range(100)]
    found = {email: {"contact": {"id": "c", "email": email}} for email in emails}
    esp = FakeSendGrid()
    with esp.running(), mock.patch.object(sendgrid, "address_of", wraps=address_of) as read:
        settled = answering(esp, Reply(200, {"result": found})).settle_many(emails)

    assert settled == dict.fromkeys(emails, True)
    assert read.call_count == 2 * len(emails)  # of each contact: its key, and its address


def test_mailchimps_bulk_answer_counts_for_those_who_were_asked_for() -> None:
    new = [
        {"email_address": shown, "_links": "x" * 8000}
        for shown in ("extra@test.ru", "Zoe@test.ru", "zoe@test.ru", "cem@пример.рф", None)
    ]
    exists = {"email_address": "eva@test.ru", "error_code": "ERROR_CONTACT_EXISTS"}
    content = {"new_members": new * 100, "errors": [exists, {"error_code": None}]}
    asked = ["missing@test.ru", "eva@test.ru", RUSSIAN, "zoe@test.ru"]
    esp = FakeMailchimp()
    with esp.running():
        settled = answering(esp, Reply(200, content)).settle_many(asked)

    assert settled == {"eva@test.ru": True, RUSSIAN: False, "zoe@test.ru": False}


# What listmonk says of an address, and of a mailing list, in the language of its server.
ABOUT_ADDRESSES = [
    "Неверный адрес эл. почты",
    "Невалиден имейл",
    "Недійсна електронна пошта",
    "Ungültige E-Mail",
    "Adresse courriel non valide",
    "Adresse électronique refusée",
    "Correo electrónico inválido",
    "Correu electrònic no vàlid",
    "Geçersiz e-posta",
    "Virheellinen sähköposti.",
    "Sähköpostin verkkotunnus on estetty.",
    "Ogiltig e-post",
    "Neveljavna e-pošta",
    "Nevalida retpoŝto",
    "E-bost annilys",
    "Μη έγκυρο ηλεκτρονικό ταχυδρομείο",
    'כתובת דוא"ל שגויה',
    "بريد إلكتروني غير صالح",
    "अमान्य ईमेल",
    "無効なメールアドレス",
    "无效的邮箱",
    "電子信箱格式錯誤",
    "올바르지 않은 이메일",
    "E-mail không hợp lệ",
]
ABOUT_LISTS = [
    "Неверный список рассылки",
    "Liste de diffusion invalide",
    "Lista de correo no válida",
    "Virheellinen sähköpostituslista",
    "无效的邮件列表",
    "無効なメーリングリスト",
    "메일링 리스트가 없습니다",
]


@pytest.mark.parametrize(
    ("message", "meaning"),
    [
        *((text, ContactRejected) for text in ABOUT_ADDRESSES),
        *((text, ESPUnavailable) for text in ABOUT_LISTS),
    ],
)
def test_listmonks_refusal_in_its_servers_language(message: str, meaning: type[ESPError]) -> None:
    esp = FakeListmonk()
    with esp.running(), pytest.raises(meaning):
        answering(esp, Reply(400, {"message": message})).add_contact("cem@test.ru")


def test_listmonk_that_hides_a_contact_is_misconfigured() -> None:
    esp = FakeListmonk()
    esp.hold("cem@test.ru")
    esp.look_up = lambda pattern: Reply(  # type: ignore[method-assign]
        200, {"data": {"results": [], "search": pattern.pattern}}
    )
    with esp.running(), pytest.raises(ESPMisconfigured, match="get_all"):
        backend_of(esp).add_again("cem@test.ru")


def test_key_is_never_in_a_url(fake: FakeESP) -> None:
    backend = backend_of(fake)
    backend.check_list()
    backend.has_contact("cem@test.ru")
    backend.add_contact("cem@test.ru")

    assert [one.target for one in fake.received if KEY in one.target] == []


@pytest.mark.parametrize("method", ["has_contact", "add_contact"])
def test_wrong_key_is_misconfigured(fake: FakeESP, method: str) -> None:
    backend = backend_of(fake, api_key="some:otherkey-us14")

    with pytest.raises(ESPMisconfigured):
        getattr(backend, method)("cem@test.ru")


@pytest.mark.parametrize("method", ["has_contact", "add_contact"])
def test_rate_limit_is_unavailable_with_retry_after(fake: FakeESP, method: str) -> None:
    fake.mode = "limited"
    hint = {FakeMailchimp: None, FakeUnisender: 60}.get(type(fake), 17)

    with pytest.raises(ESPUnavailable) as caught:
        getattr(backend_of(fake), method)("cem@test.ru")

    assert caught.value.retry_after == (hint and pytest.approx(hint, abs=2))


def test_list_that_exists_is_found(fake: FakeESP) -> None:
    backend_of(fake).check_list()


def test_list_that_does_not_exist_is_misconfigured(fake: FakeESP) -> None:
    with pytest.raises(ESPMisconfigured):
        backend_of(fake, list_id="404").check_list()


@pytest.mark.parametrize("content", [[], 7, {}, {"status": "maintenance"}, {"data": []}])
def test_a_list_check_answered_in_another_shape_finds_no_list(fake: FakeESP, content: Any) -> None:
    with pytest.raises(ESPUnavailable):
        answering(fake, Reply(200, content)).check_list()


STRANGE: list[Any] = [None, [], "text", 7, {}, {"result": []}, {"data": "x"}, {"status": "busy"}]


@pytest.mark.parametrize("content", [[], "text", 7, {}, {"result": 7}, {"data": "x"}])
def test_look_up_answered_in_another_shape_is_unavailable(fake: FakeESP, content: Any) -> None:
    with pytest.raises(ESPUnavailable):
        answering(fake, Reply(200, content)).has_contact("cem@test.ru")


@pytest.mark.parametrize("content", STRANGE)
@pytest.mark.parametrize("status", [200, 201, 202, 204])
@pytest.mark.parametrize("method", ["add_contact", "remove_contact"])
def test_a_success_in_another_shape_is_none(
    fake: FakeESP, method: str, status: int, content: Any
) -> None:
    if (type(fake), method, status) in BY_STATUS_ALONE:
        return
    with pytest.raises(ESPError):
        getattr(answering(fake, Reply(status, content)), method)("cem@test.ru")


# The vendor documents an answer without a body.
BY_STATUS_ALONE = {
    (FakeBrevo, "remove_contact", 204),
    (FakeMailchimp, "remove_contact", 204),
    (FakeKlaviyo, "remove_contact", 202),
}


ABOUT_EMAIL = {"source": {"pointer": "/data/attributes/email"}}

# fake, the method, the answer, what it means
SPECIAL_ANSWERS = [
    (FakeBrevo, "add", Reply(204), ESPUnavailable),
    (FakeBrevo, "add", Reply(400, {"code": "duplicate_parameter"}), None),
    (
        FakeBrevo,
        "add",
        Reply(
            400,
            {"code": "invalid_parameter", "metadata": {"duplicate_identifiers": ["email"]}},
        ),
        None,
    ),
    (
        FakeBrevo,
        "add",
        Reply(
            400,
            {"code": "duplicate_parameter", "metadata": {"duplicate_identifiers": ["SMS"]}},
        ),
        ESPUnavailable,
    ),
    (FakeBrevo, "add", Reply(400, {"code": "invalid_parameter"}), ESPUnavailable),
    (FakeBrevo, "add", Reply(400, {"message": "List does not exist"}), ESPMisconfigured),
    (FakeBrevo, "add", Reply(425, {}), ESPUnavailable),
    (FakeBrevo, "add", Reply(402, {"code": "not_enough_credits"}), ESPMisconfigured),
    (FakeBrevo, "has", Reply(400, {"message": "Invalid email address"}), ContactRejected),
    (FakeBrevo, "has", Reply(404, b"nginx"), ESPUnavailable),
    (FakeBrevo, "add", Reply(201, {"id": "request 7"}), ESPUnavailable),
    (FakeBrevo, "add", Reply(400, {"id": 7}), ESPUnavailable),
    (FakeBrevo, "add", Reply(400, {"message": "Email template is not valid"}), ESPUnavailable),
    (FakeBrevo, "add", Reply(400, {"message": "Invalid email attribute"}), ESPUnavailable),
    (FakeKlaviyo, "has", Reply(200, {"data": [{"attributes": "x"}]}), ESPUnavailable),
    (FakeKlaviyo, "has", Reply(202, {"data": []}), ESPUnavailable),
    (FakeKlaviyo, "add", Reply(403, {"errors": [ABOUT_EMAIL]}), ESPUnavailable),
    (FakeKlaviyo, "add", Reply(409, {"errors": [ABOUT_EMAIL]}), ESPUnavailable),
    (FakeKlaviyo, "add", Reply(409, {"errors": [{"code": "duplicate_profile"}]}), ESPUnavailable),
    (FakeKlaviyo, "add", Reply(400, {"errors": [{"code": "x"}, ABOUT_EMAIL]}), ContactRejected),
    (FakeKlaviyo, "add", Reply(410, {}), ESPUnavailable),
    (FakeKlaviyo, "add", Reply(400, {"errors": [{"code": "invalid"}]}), ESPUnavailable),
    (FakeKlaviyo, "add", Reply(409, {"errors": [{"code": "conflict"}]}), ESPUnavailable),
    (FakeListmonk, "add", Reply(400, {"message": "Invalid email."}), ContactRejected),
    (FakeListmonk, "add", Reply(400, {"message": "Invalid list"}), ESPUnavailable),
    (FakeListmonk, "add", Reply(400, {"message": "Ungültige Mailingliste"}), ESPUnavailable),
    (FakeListmonk, "add", Reply(409, b"<h1>Conflict</h1>"), ESPUnavailable),
    (FakeListmonk, "add", Reply(409, {"message": "Conflict"}), ESPUnavailable),
    (FakeListmonk, "add", Reply(409, {"message": "Электронная почта уже есть."}), None),
    (
        FakeListmonk,
        "add",
        Reply(200, {"data": {"id": 1, "email": "eva@test.ru", "lists": [{"id": 7}]}}),
        ESPUnavailable,
    ),
    (FakeListmonk, "has", Reply(403, {"message": "permission denied"}), ESPMisconfigured),
    (FakeMailchimp, "has", Reply(403, b"<h1>busy</h1>"), ESPUnavailable),
    (FakeMailchimp, "add", Reply(403, b""), ESPUnavailable),
    (FakeMailchimp, "has", Reply(403, {"title": "Forbidden"}), ESPMisconfigured),
    (FakeMailchimp, "has", Reply(404, b"nginx"), ESPUnavailable),
    (
        FakeMailchimp,
        "has",
        Reply(200, {"status": "archived", "email_address": "cem@test.ru"}),
        True,
    ),
    (FakeMailchimp, "has", Reply(404, {"title": "Not Found"}), ESPUnavailable),
    (FakeMailchimp, "has", Reply(200, {"status": "archived"}), ESPUnavailable),
    (FakeMailchimp, "add", Reply(404, {"title": "Resource Not Found"}), ESPMisconfigured),
    (FakeMailchimp, "add", Reply(400, {"title": "Member In Compliance State"}), None),
    (
        FakeMailchimp,
        "add",
        Reply(400, {"title": "Forgotten Email Not Subscribed"}),
        ContactRejected,
    ),
    (
        FakeMailchimp,
        "add",
        Reply(400, {"detail": "x@y has signed up to a lot of lists very recently"}),
        ESPUnavailable,
    ),
    (
        FakeMailchimp,
        "add",
        Reply(400, {"detail": "Please provide a valid email address."}),
        ContactRejected,
    ),
    (
        FakeMailchimp,
        "add",
        Reply(400, {"title": "Invalid Resource", "errors": [{"field": "FNAME"}]}),
        ESPUnavailable,
    ),
    (FakeSendGrid, "add", Reply(200, {}), ESPUnavailable),
    (FakeSendGrid, "add", Reply(400, {"errors": [{"field": "list_ids"}]}), ESPMisconfigured),
    (FakeSendGrid, "add", Reply(400, {"errors": [{"field": "contacts"}]}), ESPUnavailable),
    (
        FakeSendGrid,
        "add",
        Reply(400, {"errors": [{"field": "contacts[0].email_2", "message": "is not valid"}]}),
        ESPUnavailable,
    ),
    (FakeSendGrid, "has", Reply(404, b"nginx"), ESPUnavailable),
    (FakeSendGrid, "has", Reply(404, {"errors": "no such path"}), ESPUnavailable),
    (FakeSendGrid, "has", Reply(404, {"errors": [{"message": "contact not found"}]}), False),
    (
        FakeSendGrid,
        "has",
        Reply(200, {"result": {"cem@test.ru": {"error": "contact not found"}}}),
        False,
    ),
    (FakeUnisender, "has", Reply(200, {"code": "access_denied"}), ESPMisconfigured),
    (FakeUnisender, "has", Reply(200, {"code": "retry_later"}), ESPUnavailable),
    (FakeUnisender, "has", Reply(200, {"result": {"email": {}}}), ESPUnavailable),
    (FakeUnisender, "has", Reply(400, {"code": "invalid_api_key"}), ESPMisconfigured),
    (FakeUnisender, "add", Reply(200, {"result": {"person_id": 0}}), ESPUnavailable),
    (
        FakeUnisender,
        "add",
        Reply(200, {"code": "invalid_arg", "error": "Неверная электронная почта"}),
        ContactRejected,
    ),
    (FakeUnisender, "add", Reply(200, {"code": "not_enough_money"}), ESPMisconfigured),
    (FakeUnisender, "add", Reply(200, {"code": "unspecified"}), ESPUnavailable),
    (FakeUnisender, "add", Reply(200, {"code": "invalid_arg"}), ESPUnavailable),
    (
        FakeUnisender,
        "add",
        Reply(200, {"code": "invalid_arg", "error": "list_ids: no such list for email"}),
        ESPMisconfigured,
    ),
]


@pytest.mark.parametrize(("vendor", "method", "reply", "meaning"), SPECIAL_ANSWERS)
def test_special_answer(vendor: type[FakeESP], method: str, reply: Reply, meaning: Any) -> None:
    esp = vendor()
    with esp.running():
        backend = answering(esp, reply)
        ask = getattr(backend, f"{method}_contact")
        if isinstance(meaning, type) and issubclass(meaning, ESPError):
            with pytest.raises(meaning):
                ask("cem@test.ru")
        else:
            assert ask("cem@test.ru") is meaning


def test_mailchimps_list_limit_waits_an_hour() -> None:
    esp = FakeMailchimp()
    with esp.running(), pytest.raises(ESPUnavailable) as caught:
        answering(esp, Reply(400, {"detail": "too: a lot of lists"})).add_contact("cem@test.ru")

    assert caught.value.retry_after == 3600


def test_klaviyo_puts_a_new_profile_on_the_list() -> None:
    esp = FakeKlaviyo()
    with esp.running():
        backend_of(esp).add_contact("cem@test.ru")

    assert esp.on_list == ["id of cem@test.ru"]


def test_klaviyo_leaves_a_duplicate_off_the_list() -> None:
    esp = FakeKlaviyo()
    esp.hold("cem@test.ru")
    with esp.running():
        backend_of(esp).add_contact("cem@test.ru")

    assert esp.on_list == []


@pytest.mark.parametrize("email", ['a"b@test.ru', r"a\b@test.ru"])
def test_klaviyo_escapes_its_filter(email: str) -> None:
    esp = FakeKlaviyo()
    esp.hold(email)
    with esp.running():
        assert backend_of(esp).has_contact(email) is True
        assert backend_of(esp).has_contact("b@test.ru") is False


def test_listmonk_compares_the_address_and_not_the_name() -> None:
    esp = FakeListmonk()
    esp.named_alike = ["cem@test.ru"]
    with esp.running():
        assert backend_of(esp).has_contact("cem@test.ru") is False


@pytest.mark.parametrize("vendor", [FakeBrevo, FakeListmonk])
def test_list_that_is_no_number_is_misconfigured(vendor: type[FakeESP]) -> None:
    esp = vendor()
    with esp.running(), pytest.raises(ESPMisconfigured):
        backend_of(esp, list_id="game").add_contact("cem@test.ru")
    assert esp.received == []


def test_mailchimps_host_has_the_keys_data_centre() -> None:
    backend = FakeMailchimp.backend(api_key="0123abc-us14", list_id="7")

    assert backend.base_url == "https://us14.api.mailchimp.com/3.0"


def test_unisenders_rate_limit_is_no_unknown_list() -> None:
    esp = FakeUnisender()
    esp.mode = "limited"
    with esp.running(), pytest.raises(ESPUnavailable):
        backend_of(esp).check_list()


def test_klaviyo_adds_again_a_profile_that_is_new_or_half_made() -> None:
    esp = FakeKlaviyo()
    with esp.running():
        backend = backend_of(esp)
        backend.add_again("new@test.ru")
        backend.add_again("new@test.ru")
        esp.list_replies = [Reply(200, {})]
        with pytest.raises(ESPUnavailable):
            backend.add_again("eva@test.ru")
    assert esp.on_list == ["id of new@test.ru"] * 2


def test_listmonk_adds_again_a_contact_that_is_new() -> None:
    esp = FakeListmonk()
    with esp.running():
        backend_of(esp).add_again("new@test.ru")
    assert esp.contacts == {"new@test.ru": 1}


@pytest.mark.parametrize("vendor", [FakeListmonk, FakeUnisender])
def test_removal_that_the_server_does_not_confirm_is_not_done(vendor: type[FakeESP]) -> None:
    esp = vendor()
    esp.hold("cem@test.ru")
    esp.remove = lambda email: False  # type: ignore[method-assign]
    with esp.running(), pytest.raises(ESPUnavailable):
        backend_of(esp).remove_contact("cem@test.ru")
