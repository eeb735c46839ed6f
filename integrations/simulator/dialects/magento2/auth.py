"""How Magento 2 lets in: OAuth 1.0a of four keys signed with HMAC-SHA256, or the access token as a bearer token.

A shop that is told so (`webhooks.kept["bearer"]` is False) takes no bearer tokens, as shops do since 2.4.4.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from time import time
from typing import Any
from urllib.parse import quote, unquote

from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.shop import SimulatedShop

NEEDED = ("oauth_consumer_key", "oauth_signature", "oauth_signature_method", "oauth_nonce", "oauth_timestamp")
# Seconds by which a signature may be of another time.
FRESH = 600


def keys(shop: SimulatedShop) -> dict[str, str]:
    return {
        "consumer_key": shop.key[3:],
        "consumer_secret": shop.secret[3:],
        "access_token": f"t{shop.key[4:]}",
        "access_token_secret": f"t{shop.secret[4:]}",
    }


def error(status: int, message: str, parameters: Any = None) -> Answered:
    """Values that a message has places for stand beside it, as an object or a list."""
    return as_json({"message": message, **({} if parameters is None else {"parameters": parameters})}, status)


def stranger(resource: str) -> Answered:
    """No key, a wrong one, and one without the right: all alike (observed on 2.4.7)."""
    return error(401, "The consumer isn't authorized to access %resources.", {"resources": resource})


def refusal(shop: SimulatedShop, asked: Asked, resource: str) -> Answered | None:
    """None: let in."""
    header = asked.headers.get("authorization", "")
    unknown = stranger(resource)
    if header.startswith("Bearer "):
        taken = shop.webhooks.kept.get("bearer", True) and header.removeprefix("Bearer ") == keys(shop)["access_token"]
        return None if taken else unknown
    if not header.lower().startswith("oauth "):
        return unknown
    pairs = (part.strip().partition("=") for part in header[6:].split(","))
    given = {unquote(name): unquote(value.strip('"')) for name, _, value in pairs}
    return _oauth(shop, asked, given) or (None if given.get("oauth_token") == keys(shop)["access_token"] else unknown)


def _oauth(shop: SimulatedShop, asked: Asked, given: dict[str, str]) -> Answered | None:
    for name in (*NEEDED, "oauth_token"):
        if not given.get(name):
            return error(400, '"%fieldName" is required. Enter and try again.', {"fieldName": name})
    if given["oauth_signature_method"] != "HMAC-SHA256":
        return error(400, "Signature method %1 is not supported", [given["oauth_signature_method"]])
    if given["oauth_consumer_key"] != keys(shop)["consumer_key"]:
        return error(401, "A consumer with the ID %1 doesn't exist. Verify the ID and try again.", ["0"])
    if not given["oauth_timestamp"].isdigit() or abs(time() + shop.ahead - int(given["oauth_timestamp"])) > FRESH:
        return error(401, "The timestamp value in the oauth_timestamp parameter is out of range.")
    expected = _signature(shop, asked, given)
    if not hmac.compare_digest(expected.encode(), given["oauth_signature"].encode()):
        return error(401, "The signature is invalid. Verify and try again.")
    return None


def _signature(shop: SimulatedShop, asked: Asked, given: dict[str, str]) -> str:
    """RFC 5849; the host keeps its port."""
    pairs = [*asked.params, *((name, value) for name, value in given.items() if name != "oauth_signature")]
    query = "&".join(sorted(f"{quote(name, '~')}={quote(value, '~')}" for name, value in pairs if name != "realm"))
    address = f"{'https' if asked.secure else 'http'}://{asked.host}{asked.path}"
    base = "&".join(quote(part, "~") for part in (asked.method, address, query))
    secrets = keys(shop)
    both = f"{secrets['consumer_secret']}&{secrets['access_token_secret']}"
    return b64encode(hmac.new(both.encode(), base.encode(), "sha256").digest()).decode()
