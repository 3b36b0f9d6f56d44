"""Who a request comes from."""

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address, as the operator's proxy states it in CLIENT_IP_HEADER.

    Without that setting, or where the proxy states none, it is the connection's own.
    """
    header = f"HTTP_{settings.CLIENT_IP_HEADER.upper().replace('-', '_')}"
    stated: str = request.META.get(header, "")
    own: str = request.META.get("REMOTE_ADDR", "")
    return stated.strip() or own
