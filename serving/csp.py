"""The Content-Security-Policy of each page, and headers that keep staff pages out of caches."""

from collections.abc import Callable, Iterable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER = "Content-Security-Policy"
STAFF_APP = "admin"
STRICT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
INLINE_STYLE_POLICY = STRICT_POLICY.replace("style-src", "style-src 'unsafe-inline'").replace(
    "img-src", "img-src data:"
)
# By the app_name of the address; "" is everything else.
POLICIES: dict[str, str] = {
    "": STRICT_POLICY,
    # The theme's Alpine.js evaluates expressions in its pages, which have inline styles: ADR 17.
    STAFF_APP: INLINE_STYLE_POLICY.replace("script-src", "script-src 'unsafe-eval'").replace(
        "default-src 'none'", "default-src 'self'"
    ),
    # Swagger UI writes styles and icons into the page.
    "docs": INLINE_STYLE_POLICY,
}


def policies(image_origins: Iterable[str]) -> dict[str, str]:
    """Return the policies, which also allow images of these origins."""
    images = " ".join(["img-src", *image_origins])
    return {app: policy.replace("img-src", images) for app, policy in POLICIES.items()}


class ContentSecurityPolicyMiddleware:
    """Adds the policy of the address's app, unless the view has set one.

    Under DEBUG, Django's error pages get none: they have inline styles.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        match = request.resolver_match
        app = match.app_name if match else ""
        if app == STAFF_APP:
            response.headers["Cache-Control"] = "no-store"
            response.headers["X-Robots-Tag"] = "noindex, nofollow"
        if not (settings.DEBUG and response.status_code in (404, 500)):
            by_app: dict[str, str] = settings.CONTENT_SECURITY_POLICIES
            response.headers.setdefault(HEADER, by_app.get(app, by_app[""]))
        return response
