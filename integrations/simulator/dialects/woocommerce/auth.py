"""WooCommerce's authentication: Basic and query keys over https alone, one-legged OAuth 1.0a over http."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from time import time
from urllib.parse import quote, unquote

from integrations.simulator.messages import Answered, Asked, as_json
from integrations.simulator.shop import SimulatedShop

OAUTH = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")
DIGESTS = {"HMAC-SHA1": "sha1", "HMAC-SHA256": "sha256"}
FRESH = 15 * 60


def refusal(shop: SimulatedShop, asked: Asked) -> Answered | None:
    """None: let in. A wrong key and no key get the same answer, a wrong secret another (observed on 11.0.1)."""
    if not asked.secure:
        return _oauth(shop, asked)
    key, secret = _basic(asked.headers.get("authorization", ""))
    key, secret = asked.get("consumer_key", key), asked.get("consumer_secret", secret)
    if key != shop.key:
        return error("woocommerce_rest_cannot_view", "Sorry, you cannot list resources.", 401)
    if secret != shop.secret:
        return error("woocommerce_rest_authentication_error", "Consumer secret is invalid.", 401)
    return None


def error(code: str, message: str, status: int, **data: object) -> Answered:
    return as_json({"code": code, "message": message, "data": {"status": status, **data}}, status)


def _basic(header: str) -> tuple[str, str]:
    try:
        user, _, password = b64decode(header.removeprefix("Basic ")).decode().partition(":")
    except (Base64Error, UnicodeDecodeError, ValueError):
        return "", ""
    return (user, password) if header.startswith("Basic ") else ("", "")


def _oauth(shop: SimulatedShop, asked: Asked) -> Answered | None:
    given = dict(asked.params)
    header = asked.headers.get("authorization", "")
    if header.startswith("OAuth "):
        pairs = (part.strip().partition("=") for part in header[6:].split(","))
        given |= {unquote(name): unquote(value.strip('"')) for name, _, value in pairs}
    if any(name not in given for name in OAUTH):
        return error("woocommerce_rest_cannot_view", "Sorry, you cannot list resources.", 401)
    if given["oauth_consumer_key"] != shop.key:
        return _refused("Consumer key is invalid.")
    if given["oauth_signature_method"] not in DIGESTS:
        return _refused("Invalid signature - signature method is invalid.")
    if not hmac.compare_digest(_signature(shop, asked, given).encode(), given["oauth_signature"].encode()):
        return _refused("Invalid signature - provided signature does not match.")
    if not given["oauth_timestamp"].isdigit() or abs(time() + shop.ahead - int(given["oauth_timestamp"])) > FRESH:
        return _refused("Invalid timestamp.")
    return None


def _refused(message: str) -> Answered:
    return error("woocommerce_rest_authentication_error", message, 401)


def _signature(shop: SimulatedShop, asked: Asked, given: dict[str, str]) -> str:
    """RFC 5849 with an empty token secret."""
    signed = sorted((quote(name, "~"), quote(value, "~")) for name, value in given.items() if name != "oauth_signature")
    signed = [pair for pair in signed if pair[0] != "realm"]
    query = "&".join(f"{name}={value}" for name, value in signed)
    base = "&".join(quote(part, "~") for part in (asked.method, f"http://{asked.host}{asked.path}", query))
    digest = hmac.new(f"{shop.secret}&".encode(), base.encode(), DIGESTS[given["oauth_signature_method"]]).digest()
    return b64encode(digest).decode()
