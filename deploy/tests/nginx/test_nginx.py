"""nginx's own answers, the static files, and the headers that it passes on."""

from collections.abc import Callable

import pytest
import requests

from testing.nginx import API, Proxy
from testing.server import free_port, web_server

OWN = ["X-Frame-Options", "Referrer-Policy", "Content-Security-Policy", "X-Content-Type-Options"]
ALWAYS = ["X-Request-ID", "Permissions-Policy"]


@pytest.fixture(scope="module")
def nginx_without_web(start_nginx: Callable[..., Proxy]) -> Proxy:
    return start_nginx(to=free_port())


def values(response: requests.Response, name: str) -> list[str]:
    """Return the values of a header; `response.headers` would join them."""
    headers: list[str] = response.raw.headers.getlist(name)
    return headers


@pytest.mark.parametrize(
    ("language", "detail"),
    [("en", "The request is too large."), ("ru-RU, en", "Запрос слишком велик.")],
)
def test_too_large_body_is_413(nginx: Proxy, language: str, detail: str) -> None:
    headers = {"Accept-Language": language}
    response = requests.post(nginx.url + API, b"a" * 16_385, headers=headers, timeout=5)
    assert (response.status_code, response.json()) == (413, {"detail": detail})
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert requests.post(nginx.url + API, b"a" * 16_384, timeout=5).status_code == 200


def test_admin_accepts_large_files(nginx: Proxy) -> None:
    assert requests.post(f"{nginx.url}/admin/", b"a" * 1_000_000, timeout=5).status_code == 200


@pytest.mark.parametrize(
    ("language", "detail"),
    [
        ("en", "The service is not available at the moment. Try again in a few seconds."),
        ("ru", "Сервис сейчас недоступен. Повторите через несколько секунд."),
    ],
)
def test_web_process_that_is_down_is_503(
    nginx_without_web: Proxy, language: str, detail: str
) -> None:
    headers = {"Accept-Language": language}
    response = requests.post(nginx_without_web.url + API, b"{}", headers=headers, timeout=10)
    assert (response.status_code, response.json()) == (503, {"detail": detail})
    assert response.headers["Retry-After"] == "5"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    page = requests.get(nginx_without_web.url, headers=headers, timeout=10)
    assert (page.status_code, page.text) == (503, f"{detail}\n")
    assert page.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert page.headers["Retry-After"] == "5"


def test_browsers_may_cache_static_files(nginx: Proxy) -> None:
    plain = requests.get(f"{nginx.url}/static/plain.css", timeout=5)
    hashed = requests.get(f"{nginx.url}/static/hashed.0123456789ab.css", timeout=5)
    assert plain.headers["Cache-Control"] == "max-age=3600"
    assert "immutable" in hashed.headers["Cache-Control"]
    assert "nginx/" not in plain.headers["Server"]
    assert plain.headers["Content-Type"] == "text/css"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/static/plain.css", b"", 200),
        ("GET", "/static/hashed.0123456789ab.css", b"", 200),
        ("GET", "/static/none.css", b"", 404),
        ("GET", "/metrics", b"", 404),
        ("POST", "/", b"a" * 16_385, 413),
        ("POST", API, b"a" * 16_385, 413),
    ],
)
def test_own_answers_have_each_security_header_once(
    nginx: Proxy, method: str, path: str, body: bytes, status: int
) -> None:
    response = requests.request(method, nginx.url + path, data=body, timeout=5)
    assert response.status_code == status
    own = [] if path == "/" else OWN  # nginx's default page
    assert {name: len(values(response, name)) for name in own + ALWAYS} == dict.fromkeys(
        own + ALWAYS, 1
    )


@pytest.mark.parametrize("path", ["/", "/admin/login/", API])
def test_answers_of_the_web_process_keep_its_headers(nginx: Proxy, path: str) -> None:
    response = requests.get(nginx.url + path, timeout=5)
    assert values(response, "Content-Security-Policy") == ["default-src 'self'"]
    assert values(response, "X-Content-Type-Options") == ["nosniff"]
    assert [len(values(response, name)) for name in ALWAYS] == [1, 1]


def test_real_web_process_and_nginx_set_no_header_twice(
    transactional_db: None, start_nginx: Callable[..., Proxy]
) -> None:
    wanted = {*OWN, *ALWAYS, "Strict-Transport-Security", "Cross-Origin-Opener-Policy"}
    with web_server(workers=1, HTTPS="1") as web:
        nginx = start_nginx(to=int(web.rpartition(":")[2]), TRUSTED_PROXIES="127.0.0.1")
        for path in ("/", "/admin/login/", API):
            headers = {"X-Forwarded-Proto": "https"}
            response = requests.get(nginx.url + path, headers=headers, timeout=5)
            names = set(response.raw.headers) - {"Vary"}
            assert wanted <= names
            assert [name for name in names if len(values(response, name)) > 1] == []
