"""What is one vendor's own: the requests to the letter, and the oddities of its answers."""

from typing import Any

import pytest

from esp.errors import ContactRejected, ESPError, ESPMisconfigured, ESPUnavailable
from esp.tests.fakes.brevo import FakeBrevo
from esp.tests.fakes.klaviyo import FakeKlaviyo
from esp.tests.fakes.listmonk import FakeListmonk
from esp.tests.fakes.mailchimp import FakeMailchimp
from esp.tests.fakes.sendgrid import FakeSendGrid
from esp.tests.fakes.server import KEY, FakeESP, Reply
from esp.tests.fakes.unisender import FakeUnisender

LIST = "0b6f4b4c-2a5e-4b46-9d6f-3a1b8f0c7d21"
LOOK_UPS: dict[type[FakeESP], tuple[str, str, Any]] = {
    FakeBrevo: ("GET", "/contacts/c%2Bm%40test.ru?identifierType=email_id", b""),
    FakeKlaviyo: ("GET", "/api/profiles?filter=equals%28email%2C%22c%2Bm%40test.ru%22%29", b""),
    FakeListmonk: ("GET", "/api/subscribers?search=%5Ec%5C%2Bm%40test%5C.ru%24", b""),
    FakeMailchimp: (
        "GET",
        "/lists/a1b2c3/members/bbf54a8c97515c26c3d75fb96b97c8da?fields=status",
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


def sent(esp: FakeESP) -> list[tuple[str, str, bytes]]:
    return [(one.method, one.target, one.body) for one in esp.received]


def answering(esp: FakeESP, reply: Reply) -> Any:
    """Return a backend whose ESP says this to everything."""
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


REMOVAL_ODDITIES = [
    (FakeBrevo, Reply(404, b"nginx"), ESPMisconfigured),
    (FakeBrevo, Reply(400, {"message": "Invalid email address"}), ContactRejected),
    (FakeBrevo, Reply(503), ESPUnavailable),
    (FakeKlaviyo, Reply(404, b"nginx"), ESPMisconfigured),
    (FakeKlaviyo, Reply(400, {"errors": [{"code": "invalid"}]}), ESPUnavailable),
    (FakeKlaviyo, Reply(403, {"errors": [{"code": "permission_denied"}]}), ESPMisconfigured),
    (FakeMailchimp, Reply(404, b"nginx"), ESPMisconfigured),
    (FakeMailchimp, Reply(404, {"title": "Resource Not Found"}), ESPMisconfigured),
    (
        FakeListmonk,
        Reply(200, {"data": {"results": [{"email": "cem@test.ru"}]}}),
        ESPUnavailable,
    ),
]


@pytest.mark.parametrize(("vendor", "reply", "meaning"), REMOVAL_ODDITIES)
def test_oddity_of_a_removal(vendor: type[FakeESP], reply: Reply, meaning: type[ESPError]) -> None:
    esp = vendor()
    with esp.running(), pytest.raises(meaning):
        answering(esp, reply).remove_contact("cem@test.ru")


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
def test_limit_is_unavailable_with_the_vendors_hint(fake: FakeESP, method: str) -> None:
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


# The others learn all they need from the status.
READS_WHAT_WAS_ADDED = [FakeKlaviyo, FakeSendGrid, FakeUnisender]


@pytest.mark.parametrize("content", [[], "text", 7, {}, {"result": 7}, {"data": "x"}])
def test_look_up_answered_in_another_shape_is_unavailable(fake: FakeESP, content: Any) -> None:
    with pytest.raises(ESPUnavailable):
        answering(fake, Reply(200, content)).has_contact("cem@test.ru")


@pytest.mark.parametrize("content", [[], "text", 7, {}, {"result": []}, {"data": "x"}])
@pytest.mark.parametrize("vendor", READS_WHAT_WAS_ADDED)
def test_addition_answered_in_another_shape_is_unavailable(
    vendor: type[FakeESP], content: Any
) -> None:
    esp = vendor()
    with esp.running(), pytest.raises(ESPUnavailable):
        answering(esp, Reply(200, content)).add_contact("cem@test.ru")


# fake, the method, the answer, what it means
ODDITIES = [
    (FakeBrevo, "add", Reply(204), None),
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
    (FakeBrevo, "has", Reply(404, b"nginx"), ESPMisconfigured),
    (FakeKlaviyo, "add", Reply(410, {}), ESPMisconfigured),
    (FakeKlaviyo, "add", Reply(400, {"errors": [{"code": "invalid"}]}), ESPUnavailable),
    (FakeKlaviyo, "add", Reply(409, {"errors": [{"code": "conflict"}]}), ESPMisconfigured),
    (FakeListmonk, "add", Reply(400, {"message": "Invalid email."}), ContactRejected),
    (FakeListmonk, "add", Reply(400, {"message": "Invalid list"}), ESPUnavailable),
    (FakeListmonk, "has", Reply(403, {"message": "permission denied"}), ESPMisconfigured),
    (FakeMailchimp, "has", Reply(403, b"<h1>busy</h1>"), ESPUnavailable),
    (FakeMailchimp, "add", Reply(403, b""), ESPUnavailable),
    (FakeMailchimp, "has", Reply(403, {"title": "Forbidden"}), ESPMisconfigured),
    (FakeMailchimp, "has", Reply(404, b"nginx"), ESPMisconfigured),
    (FakeMailchimp, "has", Reply(200, {"status": "archived"}), True),
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
    (FakeSendGrid, "has", Reply(404, b"nginx"), ESPMisconfigured),
    (
        FakeSendGrid,
        "has",
        Reply(200, {"result": {"cem@test.ru": {"error": "contact not found"}}}),
        False,
    ),
    (FakeUnisender, "has", Reply(200, {"code": "access_denied"}), ESPMisconfigured),
    (FakeUnisender, "has", Reply(200, {"code": "retry_later"}), ESPUnavailable),
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


@pytest.mark.parametrize(("vendor", "method", "reply", "meaning"), ODDITIES)
def test_oddity(vendor: type[FakeESP], method: str, reply: Reply, meaning: Any) -> None:
    esp = vendor()
    with esp.running():
        backend = answering(esp, reply)
        ask = getattr(backend, f"{method}_contact")
        if isinstance(meaning, type) and issubclass(meaning, ESPError):
            with pytest.raises(meaning):
                ask("cem@test.ru")
        else:
            assert ask("cem@test.ru") is meaning


def test_mailchimps_list_limit_waits_as_long_as_delivery_may() -> None:
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


def test_listmonk_takes_no_name_for_an_address() -> None:
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


def test_mailchimps_host_is_of_the_keys_data_centre() -> None:
    backend = FakeMailchimp.backend(api_key="0123abc-us14", list_id="7")

    assert backend.base_url == "https://us14.api.mailchimp.com/3.0"


def test_unisenders_error_about_lists_is_no_unknown_list() -> None:
    esp = FakeUnisender()
    esp.mode = "limited"
    with esp.running(), pytest.raises(ESPUnavailable):
        backend_of(esp).check_list()
