"""TLS that nginx terminates, with a certificate of a throwaway authority."""

import socket
import ssl
from collections.abc import Callable

import pytest
import requests
import trustme

from testing.nginx import API, Proxy

authority = trustme.CA()


@pytest.fixture(scope="module")
def secure(start_nginx: Callable[..., Proxy]) -> Proxy:
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    chain = b"".join(blob.bytes() for blob in certificate.cert_chain_pems)
    files = {"certificate.pem": chain, "key.pem": certificate.private_key_pem.bytes()}
    return start_nginx(files=files, TLS="1")


def connect(nginx: Proxy, most: ssl.TLSVersion) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    context.minimum_version, context.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, most
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.set_alpn_protocols(["h2", "http/1.1"])
    raw = socket.create_connection(("127.0.0.1", nginx.tls_port), 5)
    return context.wrap_socket(raw, server_hostname="localhost")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_modern_protocols_and_http_2(secure: Proxy, version: ssl.TLSVersion) -> None:
    with connect(secure, version) as client:
        assert client.selected_alpn_protocol() == "h2"
        assert client.version() == version.name.replace("_", ".")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_protocols_are_refused(secure: Proxy) -> None:
    with pytest.raises(ssl.SSLError, match=r"(?i)protocol[ _]version|unsupported protocol"):
        connect(secure, ssl.TLSVersion.TLSv1_1).close()


def test_web_process_gets_the_protocol(secure: Proxy, tmp_path: object) -> None:
    with authority.cert_pem.tempfile() as trusted:
        url = f"https://127.0.0.1:{secure.tls_port}/"
        answer = requests.get(
            url, headers={"X-Forwarded-Proto": "http"}, verify=trusted, timeout=5
        ).json()
    assert answer["X-Forwarded-Proto"] == "https"


def test_http_redirects_to_https(secure: Proxy) -> None:
    for path in ("/?a=b", API, "/static/plain.css"):
        response = requests.post(
            secure.url + path, headers={"Host": "localhost"}, allow_redirects=False, timeout=5
        )
        assert response.status_code == 308
        assert response.headers["Location"] == f"https://localhost{path}"
