"""eBay's notifications: challenge, signature, registration, and what they tell of."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from integrations.connectors.contract import Shop
from integrations.connectors.ebay import notifications
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Response
from integrations.connectors.notifications import Erasure, Notification, RemoteWebhook
from tests.integrations.connectors.ebay.orders import KEYS, NOON, ebay, shop
from tests.recorded import able, answer, play

ADDRESS = "https://office.example/hooks/t/"
SECRET = "s" * 43

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


def delivery(body: bytes = BODY, signature: str = RIGHT, **header: Any) -> Notification:
    signed = {"alg": "ecdsa", "kid": KID, "signature": signature, "digest": "SHA1", **header}
    return Notification({"x-ebay-signature": base64.b64encode(json.dumps(signed).encode()).decode()}, body)


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
    assert not able(ebay.webhooks).verify(shop(), "", delivery(signature=signature), NOON)
    assert able(ebay.webhooks).verify(shop(), "", replace(delivery(signature=signature), key=pem), NOON)
    assert not able(ebay.webhooks).verify(shop(), "", replace(delivery(), key=pem), NOON)
    assert not notifications.is_signed(pem, delivery(BODY.replace(b"test_user", b"test_usex"), signature))


@pytest.mark.parametrize(
    "odd",
    [
        Notification({}, BODY),
        Notification({"x-ebay-signature": ""}, BODY),
        Notification({"x-ebay-signature": "é"}, BODY),
        Notification({"x-ebay-signature": "a" * 10_000}, BODY),
        Notification({"x-ebay-signature": base64.b64encode(b"[]").decode()}, BODY),
        Notification({"x-ebay-signature": base64.b64encode(b"\xff").decode()}, BODY),
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
def test_odd_deliveries(odd: Notification) -> None:
    assert not notifications.is_signed(PEM, odd)
    able(ebay.webhooks).read(odd)


@pytest.mark.parametrize("pem", ["", "x", "-----BEGIN PUBLIC KEY-----AAAA-----END PUBLIC KEY-----"])
def test_odd_keys(pem: str) -> None:
    assert not notifications.is_signed(pem, delivery())


def remote() -> Shop:
    return replace(shop(), memory={"ebay_token": "seller", "ebay_application_token": "application"})


def test_a_key_is_fetched_in_the_name_of_the_application() -> None:
    named = able(able(ebay.webhooks).signing_keys).claimed(remote(), delivery())
    assert named is not None and named.name == KID
    token = answer({"access_token": "fresh"})
    reply = answer({"key": PEM, "algorithm": "ECDSA", "digest": "SHA1"})
    key, requests = play(able(able(ebay.webhooks).signing_keys).fetch(shop(), KID), [token, reply])
    assert key == PEM
    assert requests[0].body == b"grant_type=client_credentials&scope=https%3A%2F%2Fapi.ebay.com%2Foauth%2Fapi_scope"
    assert requests[1].url.endswith(f"/commerce/notification/v1/public_key/{KID}")


@pytest.mark.parametrize(
    ("answers", "failure"),
    [
        ([answer({"errors": [{"errorId": 195020}]}, 404)], Failure.NOT_FOUND),
        ([answer({"key": "x" * 5000})], Failure.NONSENSE),
        ([answer(b"<html>")], Failure.NONSENSE),
        ([ShopError(Failure.UNAVAILABLE, "Silent.")], Failure.UNAVAILABLE),
    ],
)
def test_keys_that_cannot_be_had(answers: list[Response | ShopError], failure: Failure) -> None:
    with pytest.raises(ShopError) as caught:
        play(able(able(ebay.webhooks).signing_keys).fetch(remote(), KID), answers)
    assert caught.value.kind == failure


def test_a_key_ebay_cannot_have_is_not_asked_for() -> None:
    assert able(able(ebay.webhooks).signing_keys).claimed(remote(), delivery(kid="../../secret")) is None
    with pytest.raises(ShopError):
        play(able(able(ebay.webhooks).signing_keys).fetch(remote(), "../../x"), [])


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
        read = able(ebay.webhooks).read(Notification({}, body))
        return read.external_ids, read.topic

    assert hint("ORDER_CONFIRMATION", {"order": {"orderId": "12-34567-89012"}}) == (
        ("12-34567-89012",), "ORDER_CONFIRMATION",
    )  # fmt: skip
    assert hint("ORDER_CONFIRMATION", [{"orderId": "1-2"}, {"orderId": "1;drop"}])[0] == ("1-2",)
    assert hint("MARKETPLACE_ACCOUNT_DELETION", {"orderId": "1-2"}) == ((), "MARKETPLACE_ACCOUNT_DELETION")
    assert hint(3, {}) == ((), "")
    assert able(ebay.webhooks).read(Notification({}, b"[]")).external_ids == ()


def test_who_asks_to_be_forgotten() -> None:
    assert able(ebay.webhooks).read(delivery()).erasure == Erasure(
        "49feeaeb-4982-42d9-a377-9645b8479411_33f7e043-fed8-442b-9d44-791923bd9a6d", "test_user"
    )
    odds: tuple[Any, ...] = (None, [], {"username": 3}, {"username": ""}, {"username": "x" * 300})
    for odd in odds:
        told = {**MESSAGE, "notification": {"notificationId": "1", "data": odd}}
        assert able(ebay.webhooks).read(Notification({}, json.dumps(told).encode())).erasure is None


# --- registration ---

DESTINATION = {
    "destinationId": "d1",
    "status": "ENABLED",
    "deliveryConfig": {"endpoint": ADDRESS, "verificationToken": SECRET},
}
TOPIC = answer({"topicId": "X", "scope": "USER", "supportedPayloads": [{"schemaVersion": "1.1", "deprecated": False}]})
NO_DESTINATIONS = answer({"total": 0, "destinations": []})
NONE_THERE = [answer({"destinations": [DESTINATION]}), answer({"subscriptions": []}), answer({"subscriptions": []})]


def made(path: str) -> Response:
    return answer(b"", 201, location=f"https://api.ebay.com/commerce/notification/v1/{path}")


def test_everything_is_made_where_there_is_nothing() -> None:
    with_email = replace(remote(), credentials=KEYS | {"alert_email": "it@office.example"})
    answers = [
        NO_DESTINATIONS,
        answer({"errors": [{"errorId": 195026}]}, 404),
        answer(b"", 204),
        made("destination/d1"),
    ]
    answers += NONE_THERE
    for name in ("s1", "s2", "s3"):
        answers += [TOPIC, made(f"subscription/{name}")]
    registered, requests = play(able(able(ebay.webhooks).register)(with_email, ADDRESS, SECRET), answers)
    assert [(each.external_id, each.active) for each in registered] == [("s1", True), ("s2", True), ("s3", True)]
    assert [each.topic for each in registered] == [
        "MARKETPLACE_ACCOUNT_DELETION", "ORDER_CONFIRMATION", "ITEM_MARKED_SHIPPED",
    ]  # fmt: skip
    written = [json.loads(request.body) for request in requests if request.method in ("POST", "PUT") and request.body]
    assert written[0] == {"alertEmail": "it@office.example"}
    assert written[1]["deliveryConfig"] == {"endpoint": ADDRESS, "verificationToken": SECRET}
    assert written[2]["payload"] == {"format": "JSON", "deliveryProtocol": "HTTPS", "schemaVersion": "1.1"}
    assert {each["destinationId"] for each in written[2:]} == {"d1"}


def test_what_is_there_stays_and_what_is_off_is_switched_on() -> None:
    off = {**DESTINATION, "status": "MARKED_DOWN"}
    there = [
        {"subscriptionId": f"s{number}", "topicId": topic, "status": status, "destinationId": "d1"}
        for number, (topic, status) in enumerate(
            [("MARKETPLACE_ACCOUNT_DELETION", "ENABLED"), ("ORDER_CONFIRMATION", "DISABLED")]
        )
    ]
    answers = [answer({"destinations": [off]}), answer(b"", 204)]
    answers += [answer({"destinations": [DESTINATION]}), answer({"subscriptions": there[:1]})]
    answers += [answer({"subscriptions": there[1:]}), answer(b"", 204), TOPIC, answer({"errors": [{}]}, 403)]
    registered, requests = play(able(able(ebay.webhooks).register)(remote(), ADDRESS, SECRET), answers)
    assert [each.active for each in registered] == [True, True, False]  # the last one eBay does not let us have
    assert [request.method for request in requests if request.method != "GET"] == ["PUT", "POST", "POST"]
    assert requests[5].url.endswith("/subscription/s1/enable")


@pytest.mark.parametrize(
    ("number", "words"), [(195003, "alert e-mail address"), (195020, "PUBLIC_URL"), (195017, "195017")]
)
def test_a_refused_address_says_how_to_go_on(number: int, words: str) -> None:
    refused = answer({"errors": [{"errorId": number}]}, 409)
    with pytest.raises(ShopError, match=words):
        play(able(able(ebay.webhooks).register)(remote(), ADDRESS, SECRET), [NO_DESTINATIONS, answer({}, 404), refused])


def test_what_is_registered_comes_in_pages_and_without_the_seller_where_the_consent_lacks() -> None:
    entry = {"subscriptionId": "s1", "topicId": "T", "status": "ENABLED", "destinationId": "d1"}
    following = "https://api.ebay.com/commerce/notification/v1/subscription?limit=100&continuation_token=abc"
    pages = [answer({"subscriptions": [entry], "next": following}), answer({"subscriptions": [{**entry, "status": 3}]})]
    listed, requests = play(
        able(able(ebay.webhooks).registered)(remote()),
        [answer({"destinations": [DESTINATION]}), *pages, answer({"errors": [{}]}, 403)],
    )
    assert listed == (RemoteWebhook("s1", "T", ADDRESS, active=False),)
    assert dict(requests[2].params)["continuation_token"] == "abc"
