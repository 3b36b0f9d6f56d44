"""Nothing is open that is not on the list of what is public."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from esp_mail.tests import matrix

MODULE = "(?P<name>verification-mail[a-z-]*\\.js)"
PUBLIC = {
    "": "the game",
    "embed/": "the game, for frames of the sites that CORS_ALLOWED_ORIGINS names",
    "brand-<slug:version>.css": "a colour",
    "language/": "sets a cookie",
    "^(?P<name>verification-mail[a-z-]*\\.(js|d\\.ts))$": "public code",
    f"^verification-mail/(?P<version>[0-9a-f]{{12}})/{MODULE}$": "the same",
    "verification-mail.json": "its addresses",
    "robots.txt": "for search engines",
    "favicon.ico": "a picture",
    "api/^verification_mail/?$": "a play",
    "api/^play_keys/?$": "a key for a play, if plays need one",
    "api/schema/": "the API's description",
    "api/docs/": "the same, to look at",
    "^docs/?$": "a redirect to it",
    "api/auth/openapi.yaml": "the description of signing in",
    "api/auth/openapi.json": "the same",
    "admin/login/": "signing in",
    "admin/logout/": "leads home whoever is not signed in",
    "admin/jsi18n/": "Django's words for its scripts",
    "accounts/login/": "signing in",
    "accounts/2fa/webauthn/login/": "the same with a passkey",
    "accounts/logout/": "leads home whoever is not signed in",
    "accounts/signup/": "signing up",
    "accounts/inactive/": "words",
    "accounts/reauthenticate/": "leads to the login",
    "accounts/confirm-email/": "words",
    "accounts/^confirm-email/(?P<key>[-:\\w]+)/$": "its key is the right",
    "accounts/password/reset/": "asks for a mail",
    "accounts/password/reset/done/": "words",
    "accounts/password/reset/key/done/": "words",
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "its key is the right",
    "accounts/login/code/confirm/": "leads to the login",
}
APP = "api/auth/app/v1/"
# What an app may ask before anybody is signed in.
PUBLIC |= {
    f"{APP}config": "which ways of signing in there are",
    f"{APP}auth/session": "who is signed in",
    f"{APP}auth/login": "signing in",
    f"{APP}auth/webauthn/login": "signing in with a passkey",
    f"{APP}auth/signup": "signing up",
    f"{APP}auth/email/verify": "its key is the right",
    f"{APP}auth/password/request": "asks for a mail",
    f"{APP}tokens/refresh": "its token is the right",
    f"{APP}auth/password/reset": "its key is the right",
}
RIGHTS = {"StaffRights", "HasConfirmedAddress"}
ARGUMENTS = {
    "(?P<object_id>[^/.]+)": "1",
    "<path:object_id>": "1",
    "<str:key>": "x",
    "(?P<pk>[0-9]{1,18})": "1",
}


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in resolver.url_patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from patterns(each, path)
        else:
            yield path, each


ALL = dict(patterns(get_resolver(settings.ROOT_URLCONF)))


def filled(pattern: str) -> str:
    """Return an address that the pattern matches."""
    for argument, value in ARGUMENTS.items():
        pattern = pattern.replace(argument, value)
    while "<" in pattern:
        before, _, rest = pattern.partition("<")
        pattern = f"{before}1{rest.partition('>')[2]}"
    return "/" + pattern.replace("^", "").replace("\\Z", "").replace("$", "").replace("\\", "")


def test_list_names_what_there_is() -> None:
    assert set(PUBLIC) - set(ALL) == set()


def test_table_names_every_address() -> None:
    assert set(matrix.expected()) == set(ALL)


def test_what_is_open_to_strangers_is_public_for_a_reason() -> None:
    open_to_strangers = {
        pattern
        for pattern, by_method in matrix.expected().items()
        if any("anonymous" in who for who in by_method.values())
    }
    assert open_to_strangers <= set(PUBLIC)


@pytest.mark.parametrize("pattern", sorted(set(ALL) - set(PUBLIC)))
def test_everything_else_is_closed(db: None, pattern: str) -> None:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        response: Any = Client().generic(method, filled(pattern), "{}", "application/json")
        closed = response.status_code in {401, 403, 404, 405, 409}
        leads_in = response.status_code == 302 and "/login/" in response.headers["Location"]
        assert closed or leads_in, (method, response.status_code)


@pytest.mark.parametrize("pattern", sorted(path for path in ALL if path.startswith("api/")))
def test_every_view_of_the_api_says_who_may_use_it(pattern: str) -> None:
    view: Any = ALL[pattern].callback
    cls = getattr(view, "cls", None)
    if cls is None:  # django-allauth's, tested above
        assert pattern.startswith("api/auth/")
        return
    names = {permission.__name__ for permission in cls.permission_classes}
    assert (
        names == {"AllowAny"}
        if pattern in PUBLIC
        else names <= {"StaffRights", "HasConfirmedAddress"}
    )
    assert pattern in PUBLIC or cls.throttle_classes
