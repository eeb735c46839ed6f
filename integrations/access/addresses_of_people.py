"""Where a request comes from. A header that anybody can send is believed only where proxies of ours append to it."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

# What one household or server is given of IPv6: addresses inside of it can be changed at will.
IPV6_PREFIX = 64

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def address_of(request: HttpRequest) -> str | None:
    """The address of whoever asks, e.g. "203.0.113.7"; None when the server does not say, as behind a unix socket.

    With TRUSTED_PROXIES = n it is the n-th entry of X-Forwarded-For from the right: the one that the outermost proxy of
    ours wrote. Whatever stands left of it was sent by the client, who may write what they like.
    """
    seen = request.META.get("REMOTE_ADDR", "")
    count: int = settings.TRUSTED_PROXIES
    if count:
        entries = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        seen = entries[-count] if len(entries) >= count else seen
    found = _read(seen.strip())
    return str(found) if found else None


def network_of(request: HttpRequest) -> str | None:
    """What wrong logins are counted for: the address, and of IPv6 its network of 64 bits, as "2001:db8:1:2::"."""
    found = _read(address_of(request) or "")
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, IPV6_PREFIX), strict=False).network_address)
    return str(found) if found else None


def _read(text: str) -> Address | None:
    """An address, without the zone and the port that some proxies append; IPv4 that is written as IPv6 is IPv4."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
