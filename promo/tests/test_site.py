"""Pages and modules, requested without a browser."""

from typing import Any
from unittest import mock

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db  # the page looks for the consent text in use

AGENCY = "https://agency.example"
API = "/api/verification_mail/"
MODULES = ["verification-mail.js", "verification-mail-form.js"]


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def get_failing(client: Client, error: Exception, language: str = "en", **extra: Any) -> Any:
    """Return the answer to a request for the page whose view raises `error`."""
    with mock.patch("promo.pages.PlayPage.get_context_data", side_effect=error):
        return client.get("/", headers={"Accept-Language": language}, **extra)


@pytest.mark.parametrize(
    ("error", "status", "english", "russian"),
    [
        (BadRequest(), 400, "That request was unreadable", "Запрос не разобрать"),
        (PermissionDenied(), 403, "No entry here", "Доступ закрыт"),
        (RuntimeError(), 500, "Something went wrong on our side", "У нас что-то сломалось"),
        (OperationalError(), 503, "A short break", "Небольшой перерыв"),
        (InterfaceError(), 503, "A short break", "Небольшой перерыв"),
    ],
)
def test_pages_of_errors(
    client: Client, error: Exception, status: int, english: str, russian: str
) -> None:
    for language, heading in (("en", english), ("ru", russian)):
        response = get_failing(client, error, language)
        assert response.status_code == status
        assert f"<h1>{heading}</h1>" in response.content.decode()
        assert f'<html lang="{language}">' in response.content.decode()


def test_page_not_found(client: Client) -> None:
    for language, heading in (("en", "Return to sender"), ("ru", "Адресат не найден")):
        response = client.get("/nowhere", headers={"Accept-Language": language})
        assert response.status_code == 404
        assert f"<h1>{heading}</h1>" in response.content.decode()


def test_form_without_a_token() -> None:
    client = Client(enforce_csrf_checks=True)
    for language, heading in (("en", "The form has expired"), ("ru", "Форма устарела")):
        response = client.post("/admin/login/", headers={"Accept-Language": language})
        assert response.status_code == 403
        assert f"<h1>{heading}</h1>" in response.content.decode()


def test_page_of_a_server_error_needs_neither_request_nor_manifest(settings: Any) -> None:
    storage = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": storage}}
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"OPTIONS": {"context_processors": ["no.such"]}}]
    assert "<h1>" in get_template("500.html").render()


def test_unknown_address_of_the_api(client: Client) -> None:
    response = client.get("/api/nowhere", headers={"Accept-Language": "ru"})
    assert response.status_code == 404
    assert response.json() == {"detail": "Не найдено."}


def test_failure_in_the_api(client: Client) -> None:
    with mock.patch("games.views.record_play", side_effect=RuntimeError):
        response = client.post(API, {"email": "cem@test.ru"}, "application/json")
    assert response.status_code == 500
    assert response.json() == {"detail": "Something went wrong."}


def test_unavailable_database(client: Client) -> None:
    with mock.patch("django.contrib.sessions.backends.db.SessionStore.load") as load:
        load.side_effect = OperationalError
        client.cookies["sessionid"] = "of-an-admin"
        page = client.get("/admin/", headers={"Accept-Language": "ru"})
        with mock.patch("games.views.record_play", load):
            answer = client.post(API, {"email": "cem@test.ru"}, "application/json")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
    assert "<h1>Небольшой перерыв</h1>" in page.content.decode()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_unavailable_database_outside_of_an_api_view(client: Client) -> None:
    with mock.patch("django.http.HttpRequest.get_host") as get_host:
        get_host.side_effect = OperationalError
        answer = client.post(API, headers={"Accept-Language": "ru"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json() == {
        "detail": "Сервис сейчас недоступен. Повторите через несколько секунд."
    }


@pytest.mark.parametrize(("language", "said"), [("ru", "Неверный запрос."), ("en", "Bad request.")])
def test_wrong_host_is_refused_in_the_clients_language(
    client: Client, settings: Any, language: str, said: str
) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    headers = {"Host": "evil.example", "Accept-Language": language}
    answer = client.post(API, {"email": "cem@test.ru"}, "application/json", headers=headers)
    assert (answer.status_code, answer.json()) == (400, {"detail": said})


def test_language_is_stored_without_a_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/language/", {"language": "ru"})
    assert response.status_code == 302
    assert '<html lang="ru">' in client.get("/").content.decode()


def test_strict_policy(client: Client) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert client.get("/nowhere").headers["Content-Security-Policy"] == policy


def test_policy_of_the_admin(client: Client, db: None) -> None:
    policy = client.get("/admin/login/").headers["Content-Security-Policy"]
    assert "script-src 'unsafe-eval' 'self';" in policy
    assert policy.count("'unsafe-inline'") == policy.count("style-src 'unsafe-inline'") == 1


def test_policy_of_an_application(client: Client, settings: Any) -> None:
    settings.CONTENT_SECURITY_POLICIES = {"": "strict", "admin": "relaxed"}
    assert client.get("/admin/login/").headers["Content-Security-Policy"] == "relaxed"
    assert client.get("/").headers["Content-Security-Policy"] == "strict"


def test_policy_of_a_view_stays(client: Client) -> None:
    answer = HttpResponse(headers={"Content-Security-Policy": "own"})
    with mock.patch("promo.pages.PlayPage.render_to_response", return_value=answer):
        assert client.get("/").headers["Content-Security-Policy"] == "own"


def test_no_policy_on_the_pages_of_errors_under_debug(client: Client, settings: Any) -> None:
    settings.DEBUG = True
    assert "Content-Security-Policy" not in client.get("/nowhere").headers
    assert "Content-Security-Policy" in client.get("/").headers


@pytest.mark.parametrize("name", MODULES)
def test_modules_for_pages_of_any_origin(client: Client, db: None, name: str) -> None:
    response = client.get(reverse("client-module", args=[name]), headers={"Origin": AGENCY})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert response.headers["Cache-Control"] == "public, max-age=300"
    code = response.getvalue()
    assert b"import" in code
    assert int(response.headers["Content-Length"]) == len(code)
    assert b"\n/**" not in b"\n" + code
    assert b"\n//" not in code
    response.close()


@pytest.mark.parametrize("name", ["verification-mail-none.js", "pairs.js", "../views.py"])
def test_other_files_are_not_served_as_modules(client: Client, name: str) -> None:
    assert client.get(f"/{name}").status_code == 404


def test_unchanged_module_is_304(client: Client, db: None) -> None:
    first = client.get("/verification-mail.js")
    first.close()
    etag = first.headers["ETag"]
    response = client.get("/verification-mail.js", headers={"If-None-Match": etag})
    assert response.status_code == 304
    assert response.headers["Access-Control-Allow-Origin"] == "*"


def preflight(client: Client, path: str, origin: str) -> Any:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,idempotency-key",
    }
    return client.options(path, headers=headers)


@pytest.mark.parametrize("path", [API, API.rstrip("/")])
def test_preflight(client: Client, settings: Any, path: str) -> None:
    settings.CORS_ALLOWED_ORIGINS = [AGENCY]
    headers = preflight(client, path, AGENCY).headers
    assert headers["Access-Control-Allow-Origin"] == AGENCY
    assert "idempotency-key" in headers["Access-Control-Allow-Headers"]
    assert headers["Access-Control-Allow-Methods"] == "POST"
    assert "Access-Control-Allow-Credentials" not in headers


def test_preflight_of_another_origin(client: Client, settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = [AGENCY]
    response = preflight(client, API, "https://evil.example")
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("path", ["/", "/admin/login/", "/api/schema/", "/api/docs/", "/healthz"])
def test_nothing_else_is_open_to_the_allowed_origin(
    client: Client, settings: Any, path: str
) -> None:
    settings.CORS_ALLOWED_ORIGINS = [AGENCY]
    response = client.get(path, headers={"Origin": AGENCY})
    assert "Access-Control-Allow-Origin" not in response.headers


@pytest.mark.parametrize("path", ["/docs", "/docs/"])
def test_docs_redirect_to_the_api_description(client: Client, path: str) -> None:
    response = client.get(path)
    assert (response.status_code, response["Location"]) == (302, "/api/docs/")
