"""The Content-Security-Policy of every page, strict unless its application says otherwise.

And what keeps the pages of staff, with their personal data, out of caches and search engines.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER = "Content-Security-Policy"
STAFF = "admin"
STAFF_HEADERS = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


class ContentSecurityPolicyMiddleware:
    """Give each answer the policy that `CONTENT_SECURITY_POLICIES` has for its application.

    The key is the `app_name` of the address; "" is everything else. A view that sets the header
    itself is left alone, and so are Django's pages of errors under DEBUG, which style inline.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        match = request.resolver_match
        application = match.app_name if match else ""
        if application == STAFF:
            for name, value in STAFF_HEADERS.items():
                response.headers[name] = value
        if not (settings.DEBUG and response.status_code in (404, 500)):
            policies: dict[str, str] = settings.CONTENT_SECURITY_POLICIES
            policy = policies.get(application, policies[""])
            response.headers.setdefault(HEADER, policy)
        return response
