"""Deliveries of BigCommerce are believed when they are signed by the Standard Webhooks scheme, and only as hints."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.errors import ShopError
from integrations.connectors.notifications import Notification
from tests.integrations.connectors.bigcommerce.orders import SHOP
from tests.recorded import able, answer, play

bc = get("bigcommerce")
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
EMPTY = answer({"data": [], "meta": {}})
BODY = b'{"scope":"store/order/statusUpdated","store_id":"1","data":{"type":"order","id":173331},"hash":"x"}'


def signed(body: bytes = BODY, key: str = "client-secret", at: datetime = NOON, **headers: str) -> Notification:
    """Signed as the Standard Webhooks specification says."""
    stamp = str(int(at.timestamp()))
    digest = hmac.new(key.encode(), b"msg_1." + stamp.encode() + b"." + body, hashlib.sha256).digest()
    named = {
        "webhook-id": "msg_1",
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
    return Notification({**named, **{name.replace("_", "-"): value for name, value in headers.items()}}, body)


def accepts(delivery: Notification, shop: Shop = SHOP, now: datetime = NOON) -> bool:
    return able(bc.webhooks).verify(shop, "ours", delivery, now)


def test_the_scheme_is_the_standards() -> None:
    """The example of the Standard Webhooks specification, signed by the same construction as `signed`."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    content = b'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}'
    expected = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode() == expected


def test_a_signed_delivery_is_read() -> None:
    assert accepts(signed())
    assert accepts(signed(webhook_signature="v1,AAAA " + signed().headers["webhook-signature"]))
    assert accepts(signed(x_countinghouse_webhook="ours"))
    hint = able(bc.webhooks).read(signed())
    assert (hint.external_ids, hint.topic) == (("173331",), "store/order/statusUpdated")


@pytest.mark.parametrize(
    "delivery",
    [
        Notification({}, BODY),
        signed(key="other"),
        Notification(signed().headers, BODY + b" "),
        signed(webhook_signature=""),
        signed(webhook_signature="é"),
        signed(webhook_signature=signed().headers["webhook-signature"][3:]),
        signed(webhook_signature=signed().headers["webhook-signature"].replace("v1,", "v1a,")),
        signed(webhook_signature="v1," + "A" * 10_000),
        signed(webhook_timestamp="abc"),
        signed(webhook_timestamp="-1"),
        signed(webhook_timestamp="9" * 20),
        signed(webhook_timestamp="١٢"),
        signed(webhook_id="msg_2"),
        signed(at=NOON - timedelta(minutes=10)),
        signed(at=NOON + timedelta(hours=1)),
        signed(x_countinghouse_webhook="theirs"),
        signed(x_countinghouse_webhook="\ud800"),
    ],
)
def test_forged_deliveries(delivery: Notification) -> None:
    assert not accepts(delivery)


def test_without_a_client_secret_nothing_is_signed() -> None:
    assert not accepts(signed(key=""), Shop(SHOP.base_url, {}))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"scope":"store/order/created"}',
        b'{"scope":"store/product/updated","data":{"type":"product","id":5}}',
        b'{"scope":"store/order/created","data":{"type":"order","id":"5"}}',
        b'{"scope":["x"],"data":{"id":5}}',
    ],
)
def test_deliveries_about_no_order(body: bytes) -> None:
    assert able(bc.webhooks).read(Notification({}, body)).external_ids == ()


def test_a_refund_names_its_order() -> None:
    body = b'{"scope":"store/order/refund/created","data":{"type":"refund","id":5,"order_id":9}}'
    assert able(bc.webhooks).read(Notification({}, body)).external_ids == ("9",)


def test_registering() -> None:
    address = "https://office.example/hooks/t/"
    hook: dict[str, Any] = {"id": 5, "scope": "store/order/*", "destination": address, "is_active": True}
    there = {"data": [{**hook, "is_active": False}, {**hook, "id": 6, "destination": "https://other.example/"}]}
    registered, requests = play(
        able(able(bc.webhooks).register)(SHOP, address, "ours"), [answer(there), answer({"data": hook})]
    )
    assert (requests[1].method, requests[1].url[-8:]) == ("PUT", "/hooks/5")
    assert json.loads(requests[1].body or b"")["headers"] == {"x-countinghouse-webhook": "ours"}
    assert [(each.external_id, each.active) for each in registered] == [("5", True)]
    registered, requests = play(
        able(able(bc.webhooks).register)(SHOP, address, "ours"), [answer(EMPTY.body), answer({"data": hook})]
    )
    assert (requests[1].method, requests[1].idempotent) == ("POST", False)
    with pytest.raises(ShopError, match="https on port 443"):
        play(able(able(bc.webhooks).register)(SHOP, "http://x/", "ours"), [answer(EMPTY.body), answer({}, 422)])
