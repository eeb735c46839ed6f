"""The connection test, eBay's lists, its products and its notifications."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from integrations.connectors.base import Delivery, RemoteProduct, Response, Shop
from integrations.connectors.ebay import notifications
from integrations.failures import Failure, ShopError
from tests.integrations.ebay_orders import KEYS, NOON, ebay, order, shop
from tests.recorded import answer, play

TOKEN = answer({"access_token": "new", "expires_in": 7200})
ORDERS = answer({"total": 7, "orders": [order()]})
GOODS = answer({"total": 0, "inventoryItems": []})


def error(number: int, status: int) -> Response:
    return answer({"errors": [{"errorId": number, "message": "secret text"}]}, status)


def test_an_account_that_works() -> None:
    remote = shop(token=None)
    report, requests = play(ebay.check(remote), [TOKEN, ORDERS, GOODS])
    assert (report.ok, report.shop_name, report.clock) == (True, "teehaus", datetime(2026, 11, 1, 12, tzinfo=UTC))
    assert (report.hints, remote.memory["ebay_token"]) == ((), "new")
    assert requests[0].url == "https://api.ebay.example/identity/v1/oauth2/token"
    assert dict(requests[0].headers)["Content-Type"] == "application/x-www-form-urlencoded"
    assert "PRD-2" not in repr(requests)


@pytest.mark.parametrize(
    ("answers", "failure", "words"),
    [
        ([answer({"error": "invalid_grant"}, 400)], "credentials", "18 months"),
        ([answer({"error": "invalid_client"}, 401)], "credentials", "App ID"),
        ([answer({"error": "invalid_scope"}, 400)], "credentials", "invalid_scope"),
        ([answer(b"<html>", 404)], "address", "api.ebay.com"),
        ([answer({"access_token": "a b"})], "nonsense", "unreadable"),
        ([answer(b"<html>")], "nonsense", "no access token"),
        ([TOKEN, error(1100, 403)], "credentials", "consent"),
        ([TOKEN, error(1001, 401)], "credentials", "refuses a new access token"),
        ([TOKEN, answer(b"<html>")], "nonsense", "not a list"),
        ([TOKEN, ShopError(Failure.BUSY, "429")], "busy", "midnight Pacific"),
        ([ShopError(Failure.UNAVAILABLE, "Silent.")], "unavailable", "Silent"),
    ],
)
def test_what_can_be_wrong(answers: list[Response | ShopError], failure: str, words: str) -> None:
    report, _ = play(ebay.check(shop(token=None)), answers)
    assert (report.ok, report.failure) == (False, Failure(failure))
    assert words in report.summary
    assert "secret text" not in report.summary


def test_products_that_may_not_be_read_are_a_hint() -> None:
    report, _ = play(ebay.check(shop()), [ORDERS, error(1100, 403)])
    assert report.ok
    assert "sell.inventory.readonly" in report.hints[0]


@pytest.mark.parametrize(
    ("base", "client", "secret", "words"),
    [
        ("https://api.ebay.com", "PRD-1", "Me-App-PRD-1", "swapped"),
        ("https://api.ebay.com", "Me-App-SBX-1", "SBX-1", "for eBay's sandbox"),
        ("https://api.sandbox.ebay.com", "Me-App-PRD-1", "PRD-1", "the sandbox's"),
    ],
)
def test_keys_of_the_wrong_place(base: str, client: str, secret: str, words: str) -> None:
    remote = Shop(base, {**KEYS, "client_id": client, "client_secret": secret})
    report, _ = play(ebay.check(remote), [answer({"error": "invalid_client"}, 401)])
    assert words in report.hints[0]


def test_lists_are_fixed() -> None:
    lists, requests = play(ebay.code_lists(shop()), [])
    assert {status.code for status in lists.statuses} == {rule.status for rule in ebay.default_rules}
    assert requests == []


def test_products_by_the_number_of_the_page() -> None:
    def item(sku: Any, **more: Any) -> dict[str, Any]:
        stock = {"shipToLocationAvailability": {"quantity": 4}}
        return {"sku": sku, "product": {"title": "Shirt &amp; tie"}, "availability": stock, **more}

    variant = item("S-M", inventoryItemGroupKeys=["S"])
    variant["product"] = {"title": "Shirt", "aspects": {"Size": ["M"], "Brand": ["A", "B"]}}
    following = "/sell/inventory/v1/inventory_item?limit=100&offset=1"
    items = [item("A"), variant, item("B", availability={}), item(None), item(" "), "odd"]
    first = answer({"total": 7, "next": following, "inventoryItems": items})
    page, requests = play(ebay.products(shop(), None), [first])
    assert dict(requests[0].params) == {"limit": "100", "offset": "0"}
    assert page.products == (
        RemoteProduct("A", "A", "Shirt & tie", True, 4),
        RemoteProduct("S-M", "S-M", "Shirt - M", True, 4),
        RemoteProduct("B", "B", "Shirt & tie", False, None),
    )
    page, requests = play(ebay.products(shop(), page.next), [answer({"inventoryItems": [], "next": following})])
    assert (dict(requests[0].params)["offset"], page.next) == ("1", None)


# --- notifications ---

# A message, its signature and its key as eBay publishes them with its event notification SDK.
PEM = (
    "-----BEGIN PUBLIC KEY-----MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEZhhxXKtR+TOvtDbgTPCkSof02qgBB7IsYOyf76ilExJ/upAa/vKI"
    "KheOoCyOpcLmi4t0b4uepb7LLjmMr90FUg==-----END PUBLIC KEY-----"
)
KID = "9936261a-7d7b-4621-a0f1-96ccb428af49"
RIGHT = (
    "MEYCIQCfxfIWuxmWcIBQJ9c5/X7iGDJqs2RCGsBEaAjinyrrfAIhAIV6wGcTiBuV5KJUif2hokyrL+Q9ssHkad+mx2nEE25w"
)  # fmt: skip
OTHER = "MEUCIQCGcSnmAkTfr+ZiZ2Vg0bWEos8a/teBqi7Pe68+hGmLMCQIgeFvkrto+8ds8RVwI3Ggn1mMGCrNMEZJ3SRlO2fx/oxqI="
MESSAGE = {
    "metadata": {"topic": "MARKETPLACE_ACCOUNT_DELETION", "schemaVersion": "1.0", "deprecated": False},
    "notification": {
        "notificationId": "49feeaeb-4982-42d9-a377-9645b8479411_33f7e043-fed8-442b-9d44-791923bd9a6d",
        "eventDate": "2021-03-19T20:43:59.462Z",
        "publishDate": "2021-03-19T20:43:59.679Z",
        "publishAttemptCount": 1,
        "data": {
            "username": "test_user",
            "userId": "ma8vp1jySJC",
            "eiasToken": "nY+sHZ2PrBmdj6wVnY+sEZ2PrA2dj6wJnY+gAZGEpwmdj6x9nY+seQ==",
        },
    },
}
BODY = json.dumps(MESSAGE, separators=(",", ":")).encode()


def delivery(body: bytes = BODY, signature: str = RIGHT, **header: Any) -> Delivery:
    signed = {"alg": "ecdsa", "kid": KID, "signature": signature, "digest": "SHA1", **header}
    return Delivery({"x-ebay-signature": base64.b64encode(json.dumps(signed).encode()).decode()}, body)


def test_ebays_own_vectors() -> None:
    assert notifications.key_id(delivery()) == KID
    assert notifications.is_signed(PEM, delivery())
    assert notifications.is_signed(PEM, delivery(json.dumps(MESSAGE, indent=2).encode()))
    changed = {**MESSAGE, "metadata": {"topic": "MARKETPLACE_ACCOUNT_DELETION", "schemaVersion": None}}
    assert not notifications.is_signed(PEM, delivery(json.dumps(changed, separators=(",", ":")).encode()))
    assert not notifications.is_signed(PEM, delivery(signature=OTHER))


def test_a_signature_of_our_own_key() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    signature = base64.b64encode(key.sign(BODY, ec.ECDSA(hashes.SHA1()))).decode()
    remote = shop()
    assert not ebay.verify_webhook(remote, "", delivery(signature=signature), NOON)
    notifications.remember_key(remote, KID, pem)
    assert ebay.verify_webhook(remote, "", delivery(signature=signature), NOON)
    assert not ebay.verify_webhook(remote, "", delivery(), NOON)
    assert not notifications.is_signed(pem, delivery(BODY.replace(b"test_user", b"test_usex"), signature))


@pytest.mark.parametrize(
    "odd",
    [
        Delivery({}, BODY),
        Delivery({"x-ebay-signature": ""}, BODY),
        Delivery({"x-ebay-signature": "é"}, BODY),
        Delivery({"x-ebay-signature": "a" * 10_000}, BODY),
        Delivery({"x-ebay-signature": base64.b64encode(b"[]").decode()}, BODY),
        Delivery({"x-ebay-signature": base64.b64encode(b"\xff").decode()}, BODY),
        delivery(alg="none"),
        delivery(digest="MD5"),
        delivery(kid="../../secret"),
        delivery(signature=""),
        delivery(signature="aG!!k="),
        delivery(signature=3),  # type: ignore[arg-type]
        delivery(b""),
        delivery(b"[" * 5000),
        delivery(b"\xff"),
    ],
)
def test_odd_deliveries(odd: Delivery) -> None:
    assert not notifications.is_signed(PEM, odd)
    ebay.read_webhook(odd)


@pytest.mark.parametrize("pem", ["", "x", "-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----"])
def test_odd_keys(pem: str) -> None:
    assert not notifications.is_signed(pem, delivery())


def test_a_key_is_fetched_once() -> None:
    remote = shop()
    reply = answer({"key": PEM, "algorithm": "ECDSA", "digest": "SHA1"})
    key, requests = play(notifications.public_key(remote, KID), [reply])
    assert requests[0].url.endswith(f"/commerce/notification/v1/public_key/{KID}")
    assert play(notifications.public_key(remote, KID), [])[0] == key == PEM
    with pytest.raises(ShopError):
        play(notifications.public_key(remote, "../../x"), [])
    with pytest.raises(ShopError):
        play(notifications.public_key(remote, KID[::-1]), [error(195020, 404)])


def test_the_challenge_of_account_deletion() -> None:
    """SHA-256 of code, token and address after each other."""
    expected = {"challengeResponse": "ca527df75caa230092d7e90484071e8f05d63068f1317973d6a3a42593734bbb"}
    given = notifications.challenge_response(
        "a8628072-3d33-45ee-9004-bee86830a22d",
        "71745723-d031-455c-bfa5-f90d11b4f20a",
        "http://www.testendpoint.com/webhook",
    )
    assert given == expected
    assert notifications.challenge_response("x" * 10_000, "t", "e") is None
    assert notifications.challenge_response("", "t", "e") is None


def test_what_a_notification_is_about() -> None:
    def hint(topic: Any, data: Any) -> tuple[tuple[str, ...], str]:
        body = json.dumps({"metadata": {"topic": topic}, "notification": {"data": data}}).encode()
        read = ebay.read_webhook(Delivery({}, body))
        return read.external_ids, read.topic

    assert hint("ORDER_CONFIRMATION", {"order": {"orderId": "12-34567-89012"}}) == (
        ("12-34567-89012",), "ORDER_CONFIRMATION",
    )  # fmt: skip
    assert hint("ORDER_CONFIRMATION", [{"orderId": "1-2"}, {"orderId": "1;drop"}])[0] == ("1-2",)
    assert hint("MARKETPLACE_ACCOUNT_DELETION", {"orderId": "1-2"}) == ((), "MARKETPLACE_ACCOUNT_DELETION")
    assert hint(3, {}) == ((), "")
    assert ebay.read_webhook(Delivery({}, b"[]")).external_ids == ()
