"""Which addresses shops and receivers of webhooks may have. The same rule is asked at save and at each connection.

Only public addresses over https, on the ports shops use; an operator's list of "host:port" (ALLOWED_SHOP_ADDRESSES)
opens single others, for local shops and demos. Addresses are rebuilt from their checked parts, because URL parsers
disagree: `http://127.0.0.1\\.good.com/` is one host to one parser and another to the next.
"""

from __future__ import annotations

import re
from collections.abc import Set
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote

import idna

LONGEST = 2048
PORTS = {443, 8443}
GLOBAL_V6 = IPv6Network("2000::/3")
# Teredo and 6to4 carry an IPv4 address inside, which may be any.
TUNNELS = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))
LOCAL_NAMES = ("localhost", "local", "internal", "home.arpa", "localdomain")

_PARTS = re.compile(r"(?i)(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<place>[^/?#]*)(?P<path>/[^?#]*)?(?P<rest>[?#].*)?")
_PLACE = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::(?P<port>[0-9]{1,5}))?")
_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_IN_QUERY = "?/%:@!$&'()*+,;=~-._"
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")


def address_is_public(address: str | IPv4Address | IPv6Address) -> bool:
    """Whether an IP address is one of the open internet: no local, private, shared, tunnelled or special range."""
    ip = ip_address(address) if isinstance(address, str) else address
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return address_is_public(ip.ipv4_mapped)
        if ip not in GLOBAL_V6 or any(ip in network for network in TUNNELS):
            return False
    special = ip.is_multicast or ip.is_reserved or ip.is_loopback or ip.is_link_local or ip.is_unspecified
    return ip.is_global and not special


def check_shop_url(text: str, allowed: Set[str], own_hosts: Set[str] = frozenset()) -> str:
    """The address, rebuilt: scheme, host (punycode), port where it is not the usual one, path without a final slash.

    `allowed`: "host:port"s that need neither be public nor use https. `own_hosts`: names of this installation, refused.
    Raises ValueError with a sentence for the form.
    """
    parts = _parts(text, "A shop's address begins with https://")
    if parts["rest"]:
        raise ValueError("Leave out what follows ? or # in the address.")
    return f"{_server(parts, allowed, own_hosts)}{_path((parts['path'] or '').rstrip('/'))}"


def check_webhook_url(text: str, allowed: Set[str], own_hosts: Set[str] = frozenset()) -> str:
    """As `check_shop_url`, for an address that events are posted to: its path and what follows ? stay as they are."""
    parts = _parts(text, "The address begins with https://")
    path, query = parts["path"] or "/", parts["rest"] or ""
    if "#" in query:
        raise ValueError("Leave out what follows # in the address.")
    end = "/" if path.endswith("/") else ""
    server = _server(parts, allowed, own_hosts)
    found = f"{server}{_path(path.removesuffix('/'))}{end}{quote(query, safe=_IN_QUERY)}"
    if len(found) > LONGEST:
        raise ValueError(f"The address is too long: at most {LONGEST} characters.")
    return found


def _parts(text: str, begins: str) -> re.Match[str]:
    text = text.strip()
    if len(text) > LONGEST:
        raise ValueError(f"The address is too long: at most {LONGEST} characters.")
    if re.search(r"[\s\\\x00-\x1f\x7f]", text):
        raise ValueError("The address holds a space, a line break or a backslash. Copy it again from the browser.")
    parts = _PARTS.fullmatch(text)
    if parts is None:
        raise ValueError("Enter the whole address, beginning with https://")
    if parts["scheme"].lower() not in {"http", "https"}:
        raise ValueError(begins)
    if "@" in parts["place"]:
        raise ValueError("Leave the user name and password out of the address; keys have their own fields.")
    return parts


def _server(parts: re.Match[str], allowed: Set[str], own_hosts: Set[str]) -> str:
    """Scheme, host and port, checked."""
    place = _PLACE.fullmatch(parts["place"])
    if place is None:
        raise ValueError("The address has no readable host name.")
    scheme, host = parts["scheme"].lower(), host_name(place["host"])
    usual = 443 if scheme == "https" else 80
    port = int(place["port"]) if place["port"] else usual
    check_target(scheme, host, port, allowed)
    if host in own_hosts and f"{host}:{port}" not in allowed:
        raise ValueError(f"{host} is this installation itself.")
    return f"{scheme}://{host}{'' if port == usual else f':{port}'}"


# Below these only the usual ports are services of files.
FILE_PORTS, LEAST_FREE_PORT = {21, 22}, 1024


def check_file_server(protocol: str, host: str, port: int, allowed: Set[str]) -> str:
    """The address of a file server, rebuilt: `sftp://files.example:22`. Raises ValueError with a sentence.

    Public addresses only, but for those `allowed` ("host:port").
    """
    text = host.strip()
    if "://" in text or "/" in text or "@" in text:
        raise ValueError("Enter only the name of the server, e.g. files.example.com: the rest has its own fields.")
    name = host_name(f"[{text}]" if text.count(":") > 1 and not text.startswith("[") else text)
    if f"{name}:{port}" not in allowed:
        check_public(name)
        if port not in FILE_PORTS and port < LEAST_FREE_PORT:
            raise ValueError(f"Port {port} is not one of a file server: 21, 22, or one from {LEAST_FREE_PORT}.")
    return f"{protocol}://{name}:{port}"


def check_public(host: str) -> None:
    """Whether a name or an address is public, as far as it can be said without resolving it. Raises ValueError."""
    ip = _literal(host)
    if ip is not None and not address_is_public(ip):
        raise ValueError(not_public(host))
    if ip is None and ("." not in host or any(host == name or host.endswith(f".{name}") for name in LOCAL_NAMES)):
        raise ValueError(not_public(host))


def check_target(scheme: str, host: str, port: int, allowed: Set[str]) -> None:
    """Whether we may connect there, as far as it can be said without resolving the name. Raises ValueError."""
    if f"{host}:{port}" in allowed:
        return
    check_public(host)
    if scheme != "https":
        raise ValueError("The address must begin with https://, so that keys and orders travel encrypted.")
    if port not in PORTS:
        raise ValueError(f"Port {port} is not one that https uses here; only 443 and 8443 are.")


def not_public(host: str) -> str:
    return (
        f"{host} is not a public address. For a server in your own network, whoever runs Countinghouse can add it to "
        "ALLOWED_SHOP_ADDRESSES."
    )


def host_name(text: str) -> str:
    """Lower case, punycode, no final dot; numbers only as a plain IP address (not 127.1, 0x7f000001, 2130706433)."""
    if text.startswith("["):
        try:
            return f"[{IPv6Address(text[1:-1]).compressed}]"
        except ValueError:
            raise ValueError(f"{text[:60]} is not an IP address.") from None
    try:
        host = idna.encode(text, uts46=True).decode("ascii").lower().removesuffix(".")
    except idna.IDNAError:
        raise ValueError(f"{text[:60]} is not a host name.") from None
    if len(host) > 253 or _NAME.fullmatch(host) is None:
        raise ValueError(f"{text[:60]} is not a host name.")
    if _NUMBER.fullmatch(host.rpartition(".")[2]) and _literal(host) is None:
        raise ValueError(f"{text[:60]} is not an IP address in its usual form.")
    return host


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def _path(text: str) -> str:
    if any(part in {"", ".", ".."} for part in text.split("/")[1:]):
        raise ValueError("The path of the address holds an empty or dotted part.")
    return quote(text, safe="/%:@!$&'()*+,;=~-._")
