from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the IP address from the header CLIENT_IP_HEADER, which the proxy must overwrite.

    Without the header, or with a wrong value, return the address of the connection.
    """
    name = settings.CLIENT_IP_HEADER.upper().replace("-", "_")
    try:
        return str(ip_address(request.META.get(f"HTTP_{name}", "").strip() if name else ""))
    except ValueError:
        return str(request.META.get("REMOTE_ADDR", ""))


def client_ip(request: HttpRequest) -> str | None:
    """Return the client's IP address without a zone; None if the connection has none."""
    try:
        return str(ip_address(client_address(request).partition("%")[0]))
    except ValueError:
        return None
