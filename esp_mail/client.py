"""From where a request comes."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address: as the proxy states it, where CLIENT_IP_HEADER names how.

    The proxy must overwrite that header. Where it is missing or no address, it is the connection's.
    """
    name = settings.CLIENT_IP_HEADER.upper().replace("-", "_")
    try:
        return str(ip_address(request.META.get(f"HTTP_{name}", "").strip() if name else ""))
    except ValueError:
        return str(request.META.get("REMOTE_ADDR", ""))
