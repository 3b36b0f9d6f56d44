"""The JavaScript modules that pages of other sites load, without comments and indentation.

They are at two kinds of address: a fixed one, whose content follows the releases, and one with the
version, whose content never changes. A version is a hash of all modules' content.

The element is joined with the modules that it alone imports, since one file compresses better than
nine. These keep their fixed addresses too, for pages with an element from before an upgrade.
"""

from base64 import b64encode
from functools import lru_cache
from hashlib import sha256, sha384
from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe
from rjsmin import jsmin

from promo.bundling import join
from promo.pages import IMMUTABLE, MOVING

CURRENT = Path(__file__).parent / "static" / "games"
RELEASED = Path(__file__).parent / "released_modules"  # `make keep-modules` copies them there
PUBLIC = [f"verification-mail{name}.js" for name in ("-form", "-keys", "-waiting", "")]


def content(name: str) -> bytes:
    """Return a current module as it is served: joined with what only it imports."""
    changed_at = max(path.stat().st_mtime_ns for path in CURRENT.glob("verification-mail*.js"))
    return _made(name, changed_at)


@lru_cache(maxsize=len(PUBLIC))
def _made(name: str, _changed_at: int) -> bytes:
    code: str = jsmin(join(CURRENT, name, apart=PUBLIC))
    return code.encode()


def modules() -> dict[str, bytes]:
    """Return the content of the current modules by name."""
    return {name: content(name) for name in PUBLIC}


def version_of(contents: dict[str, bytes]) -> str:
    return sha256(repr(contents).encode()).hexdigest()[:12]


def current_version() -> str:
    return version_of(modules())


@require_safe
def client_module(request: HttpRequest, name: str, version: str = "") -> HttpResponse:
    """Serve a module or its types, to pages of any origin; without a version the current ones."""
    folder = RELEASED / version if version not in {"", current_version()} else CURRENT
    if not (path := folder / name).is_file():
        raise Http404
    # Types are read for their comments; released modules are kept as they were served.
    is_made = path.suffix == ".js" and folder == CURRENT
    served = content(name) if is_made else path.read_bytes()
    etag = quote_etag(sha256(served).hexdigest())
    response = get_conditional_response(request, etag=etag) or HttpResponse(served)
    response.headers["Content-Type"] = "text/javascript; charset=utf-8"
    response.headers["ETag"] = etag
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = IMMUTABLE if version else MOVING
    return response


@require_safe
def module_list(request: HttpRequest) -> JsonResponse:
    """Answer with the addresses of the current version and their hashes for `integrity`."""
    current = modules()
    version, listed = version_of(current), {}
    for name, served in current.items():
        url = request.build_absolute_uri(reverse("versioned-module", args=[version, name]))
        digest = b64encode(sha384(served).digest()).decode()
        listed[name] = {"url": url, "integrity": f"sha384-{digest}"}
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": MOVING}
    return JsonResponse({"version": version, "modules": listed}, headers=headers)
