from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from testing.nginx import NGINX, Proxy, proxy, web_process


@pytest.fixture(scope="module")
def web_port() -> Iterator[int]:
    with web_process() as port:
        yield port


@pytest.fixture(scope="module")
def start_nginx(
    web_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Proxy]]:
    """Return a function that starts nginx with these variables; it runs until the module's end."""
    if not NGINX:
        pytest.skip("nginx is not installed (apt install nginx)")
    with ExitStack() as stack:

        def start(
            *, to: int = web_port, files: dict[str, bytes] | None = None, **values: str
        ) -> Proxy:
            folder = tmp_path_factory.mktemp("nginx")
            for name, content in (files or {}).items():
                (folder / name).write_bytes(content)
            return stack.enter_context(proxy(Path(folder), to, **values))

        yield start


@pytest.fixture(scope="module")
def nginx(start_nginx: Callable[..., Proxy]) -> Proxy:
    """Run nginx with the defaults, in front of a web server that echoes."""
    return start_nginx()
