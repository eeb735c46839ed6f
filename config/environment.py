"""Reading the environment for the settings: a wrong value is a sentence that names the variable and the way out."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import environ  # type: ignore[import-untyped]
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()
TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}


def default_data_dir(base: Path) -> Path:
    """`.data` beside manage.py, but for root with a project that no other account can enter, as below its own home.

    As root the embedded servers run as another account, so their data must lie where that account may pass.
    """
    closed = any(not folder.stat().st_mode & stat.S_IXOTH for folder in (base, *base.parents))
    if os.geteuid() != 0 or not closed or (base / ".data").exists():
        return base / ".data"
    return Path("/var/lib") / f"countinghouse-{hashlib.sha256(os.fsencode(base)).hexdigest()[:8]}"


def text(name: str, default: str = "") -> str:
    value: str = env.str(name, default=default)
    return value.strip()


def words(name: str, default: list[str] | None = None) -> list[str]:
    """A list separated by commas; empty parts are left out."""
    value = text(name)
    return [word.strip() for word in value.split(",") if word.strip()] if value else list(default or [])


def switch(name: str, *, default: bool = False) -> bool:
    """Unlike django-environ, which reads every unknown word as "off", this refuses it."""
    value = text(name, "on" if default else "off").lower()
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name} is {value!r}, but must be on or off.")
    return value in TRUE


def number(name: str, default: int, *, least: int = 0) -> int:
    value = text(name, str(default))
    if not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(f"{name} is {value!r}, but must be a whole number from {least}.")
    return int(value)


def one_of(name: str, offered: tuple[str, ...]) -> str:
    """One of some words, the first where nothing is set."""
    value = text(name, offered[0])
    if value not in offered:
        words_of = " or ".join(word for word in offered if word)
        raise ImproperlyConfigured(f"{name} is {value!r}, but must be {words_of}, or not be set.")
    return value


def database(url: str, variable: str = "DATABASE_URL") -> dict[str, Any]:
    """Django's entry for a PostgreSQL URL; `?host=/folder` is a unix socket. Never shows the password."""
    if urlsplit(url).scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            f"{variable} must be a PostgreSQL address such as postgresql://user:password@host:5432/name."
        )
    try:
        found: dict[str, Any] = dict(env.db_url_config(url))
    except ValueError as error:
        raise ImproperlyConfigured(f"{variable} cannot be read: is its port a number?") from error
    options: dict[str, Any] = dict(found.pop("OPTIONS", {}))
    found["HOST"] = options.pop("host", found.get("HOST", ""))
    if not found.get("NAME"):
        raise ImproperlyConfigured(f"{variable} names no database: postgresql://user:password@host:5432/name.")
    return found | {"ENGINE": "config.kit.postgresql", "OPTIONS": options}


SENTINEL_SCHEMES = {"redis+sentinel", "rediss+sentinel"}


def redis(url: str) -> dict[str, Any]:
    """The entry of a queue as django-rq has it: {"URL": as given}, or the sentinels with the name of the master."""
    scheme = urlsplit(url).scheme
    if scheme in SENTINEL_SCHEMES:
        return _sentinels(url)
    if scheme not in {"redis", "rediss", "unix"}:
        raise ImproperlyConfigured(
            "REDIS_URL must be redis://:password@host:6379/0, rediss://... (with TLS), unix:///path/to.sock?db=0 or"
            " redis+sentinel://:password@host:26379,host:26379/name/0."
        )
    return {"URL": url}


def _sentinels(url: str) -> dict[str, Any]:
    wrong = (
        "REDIS_URL must name sentinels as redis+sentinel://:password@host:26379,host:26379/name/0, with the name of the"
        " master as they know it; ssl_ca_certs and sentinel_password may follow a question mark."
    )
    parts = urlsplit(url)
    account, _at, hosts = parts.netloc.rpartition("@")
    name, _slash, number = parts.path.strip("/").partition("/")
    asked = dict(parse_qsl(parts.query))
    places = [host.rpartition(":") for host in hosts.split(",")]
    sound = all(host and port.isdecimal() for host, _colon, port in places) and (number or "0").isdecimal()
    if not (name and sound) or set(asked) - {"ssl_ca_certs", "sentinel_password"}:
        raise ImproperlyConfigured(wrong)
    username, _colon, password = map(unquote, account.partition(":"))
    tls: dict[str, Any] = {"ssl": True} if parts.scheme.startswith("rediss") else {}
    if "ssl_ca_certs" in asked:
        tls["ssl_ca_certs"] = asked["ssl_ca_certs"]
    return {
        "SENTINELS": [(host.strip("[]"), int(port)) for host, _colon, port in places],
        "MASTER_NAME": name,
        "DB": int(number or 0),
        "USERNAME": username or None,
        "PASSWORD": password or None,
        "CONNECTION_KWARGS": tls,
        "SENTINEL_KWARGS": tls | ({"password": asked["sentinel_password"]} if "sentinel_password" in asked else {}),
    }


def shop_addresses(name: str) -> frozenset[str]:
    """A set of host:port. Raises ImproperlyConfigured for anything else: a typing error here must not open more."""
    found = words(name)
    for address in found:
        host, colon, port = address.rpartition(":")
        if not (host and colon and port.isdecimal() and 0 < int(port) < 65536) or "/" in address:
            raise ImproperlyConfigured(f"{name} has {address!r}, but every entry must be host:port, as 127.0.0.1:8090.")
    return frozenset(found)


# How letters travel to a mail server, by the scheme of its address, with the usual port.
MAIL_SCHEMES = {"smtps": ("tls", 465), "smtp+tls": ("starttls", 587), "smtp": ("plain", 25)}


def mail_account(name: str) -> dict[str, Any]:
    """Where and as whom the site's own letters are sent; empty where nothing is set. Never shows the password."""
    value = text(name)
    if not value:
        return {}
    sentence = f"{name} must be smtp+tls://user:password@host:587, smtps://... (TLS at once), or smtp:// (plain)."
    try:
        address = urlsplit(value)
        security, usual_port = MAIL_SCHEMES[address.scheme]
        port = address.port or usual_port
    except (ValueError, KeyError) as error:
        raise ImproperlyConfigured(sentence) from error
    if not address.hostname or address.path.strip("/") or address.query:
        raise ImproperlyConfigured(sentence)
    names = {"username": unquote(address.username or ""), "password": unquote(address.password or "")}
    return {"host": address.hostname, "port": port, "security": security, **names}
