"""Bodies as HTTP sends them, over the server that serves: chunked, cut off, wrong; and what the server refuses."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework.request import Request

from config.kit.api import bodies
from config.kit.api.problems import ApiError
from config.running import front
from config.wsgi import application
from orders.models import Order
from tests.api.conftest import Partner
from tests.config.running.test_front import exchange

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def port(settings: Any) -> Iterator[int]:
    """The front with the whole site behind it."""
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    listener = socket.create_server(("127.0.0.1", 0))
    served = front.make_front(application, listener, threads=1, most_body=1_000_000)
    over = threading.Event()

    def turn() -> None:
        while not over.is_set():
            served._turn(0.05)

    thread = threading.Thread(target=turn)
    thread.start()
    yield listener.getsockname()[1]
    over.set()
    thread.join()
    served.task_dispatcher.shutdown()
    for channel in list(served.active_channels.values()):
        channel.handle_close()
    served.close()


def call(port: int, begin: str, body: bytes, **headers: str) -> tuple[int, dict[str, Any], str]:
    lines = [begin, "Connection: close", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    if "Host" not in headers:
        lines.append("Host: 127.0.0.1")
    head, _, content = exchange(port, "\r\n".join(lines).encode() + b"\r\n\r\n" + body).partition(b"\r\n\r\n")
    told: dict[str, Any] = json.loads(content)
    return int(head.split()[1]), told, head.decode().lower()


def chunked(body: bytes, size: int = 7) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_a_chunked_body_is_read(port: int, partner: Partner) -> None:
    headers = {**partner.headers, "Content_Type": "application/json", "Transfer_Encoding": "chunked"}
    for begin, body in (
        ("POST /v1/orders HTTP/1.1", {"source_id": "x", "amount": 5}),
        ("PUT /v1/orders/x HTTP/1.1", {"status": "PAID"}),
        ("POST /v1/orders/import HTTP/1.1", [{"source_id": "y", "amount": 5}]),
    ):
        status, told, _ = call(port, begin, chunked(json.dumps(body).encode()), **headers)
        assert (status, "code" in told) == (200, False), told
    assert Order.objects.get().remote_status == "PAID"


def test_a_chunked_body_of_nothing_and_one_that_is_too_large(port: int, partner: Partner) -> None:
    headers = {**partner.headers, "Content_Type": "application/json", "Transfer_Encoding": "chunked"}
    status, told, _ = call(port, "POST /v1/orders HTTP/1.1", chunked(b""), **headers)
    assert (status, told["details"]) == (400, "The body is empty: send JSON (RFC 8259) in UTF-8.")
    status, told, _ = call(port, "POST /v1/orders HTTP/1.1", chunked(b" " * 1_100_000, 65_536), **headers)
    assert (status, told["key"]) == (413, "payload_too_large")


def test_a_server_that_does_not_say_how_long_a_body_is() -> None:
    """Another server than ours may leave a chunked body as it came."""

    def sent(ends: bool) -> Request:
        sizes = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": ends}
        made = RequestFactory().generic("POST", "/", "", content_type="application/json")
        made.META |= {"CONTENT_TYPE": "application/json", "wsgi.input": io.BytesIO(b"{}"), **sizes}
        return Request(made)

    assert bodies.read(sent(ends=True), 10) == b"{}"
    for ends, most, status in ((True, 1, 413), (False, 10, 411)):
        with pytest.raises(ApiError) as refused:
            bodies.read(sent(ends), most)
        assert refused.value.status_code == status


REFUSED = [
    ("GET /v1/orders HTTP/1.1\r\nHost", 400, "invalid_request"),
    ("BAD /v1/orders HTTP/9.9 x\r\nA: b", 400, "invalid_request"),
    ("GET /v1/orders HTTP/1.1\r\nX: " + "a" * 70_000, 431, "headers_too_large"),
    ("GET /v1/orders?x=" + "a" * 70_000 + " HTTP/1.1", 431, "headers_too_large"),
    ("POST /back-office/v1/webhooks HTTP/1.1\r\nContent-Length: 2000000", 413, "payload_too_large"),
    ("POST /v1/orders HTTP/1.1\r\nContent-Length: abc", 400, "invalid_request"),
    ("POST /v1/orders HTTP/1.1\r\nTransfer-Encoding: gzip", 501, "not_implemented"),
    ("GET /v1/orders HTTP/1.1\r\nHost: elsewhere.example", 400, "invalid_request"),
]


@pytest.mark.parametrize(("begin", "status", "key"), REFUSED)
def test_what_the_server_refuses_has_the_shape_of_the_api(port: int, begin: str, status: int, key: str) -> None:
    headers = {} if "Host" not in begin else {"Host": "elsewhere.example"}
    answered, told, head = call(port, begin.partition("\r\nHost: ")[0], b"", **headers)
    assert (answered, told["code"], told["key"]) == (status, status, key)
    assert told["details"].endswith(".")
    assert told["request_id"].startswith("v-")
    assert f"x-request-id: {told['request_id']}" in head
    assert "content-type: application/json" in head


def test_people_are_still_told_in_plain_words(port: int) -> None:
    for path in ("/orders/order/", "/v1x", "/"):
        head, _, body = exchange(port, f"GET {path} HTTP/1.1\r\nHost\r\n\r\n".encode()).partition(b"\r\n\r\n")
        assert b"text/plain" in head
        assert body == b"This request cannot be read: it is no valid HTTP.\n"


NUMBERS = {
    b'{"amount": 100.0}': 100,
    b'{"amount": 1e2}': 100,
    b'{"items": [{"amount": 100.0, "quantity": 2.0}]}': 100,
}


def test_integers_as_json_means_them(partner: Partner) -> None:
    for body, amount in NUMBERS.items():
        answer = partner.call("POST", "/v1/orders", body)
        assert json.loads(answer.content)["amount"] == amount
    kept = partner.call("POST", "/v1/orders", b'{"amount": 100.0, "metadata": {"weight": 1.0}}')
    assert b'"weight":1.0' in kept.content
    taken = partner.call("POST", "/v1/orders/import", b'[{"amount": 100.0}, {"amount": 7}]')
    assert taken.status_code == 200
    for body, path in ((b'{"amount": 100.5}', ".amount"), (b'{"items": [{"quantity": 2.5}]}', ".items[0].quantity")):
        refused = json.loads(partner.call("POST", "/v1/orders", body).content)
        assert refused["details"] == f"Property {path} must be a whole number, not a fraction"
    rows = json.loads(partner.call("POST", "/v1/orders/import", b'[{"amount": 1.0}, {"amount": 1.5}]').content)
    assert [row["index"] for row in rows["errors"]] == [1]


def test_control_integers_with_a_point_are_no_integers(partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_whole", lambda value: value)
    assert partner.call("POST", "/v1/orders", b'{"amount": 100.0}').status_code == 400


def test_no_message_names_a_type_of_python(partner: Partner) -> None:
    bad: list[Any] = [
        {"amount": []}, {"amount": True}, {"items": 5}, {"items": ["x"]}, {"metadata": []}, {"customer": {"name": 5}},
        {"items": [{"related_object": "voucher"}]}, {"items": [{"product": {"override": 1}}]}, {"source_id": {}},
    ]  # fmt: skip
    for body in bad:
        details = json.loads(partner.post("/v1/orders", body).content)["details"]
        assert not {"`", "str", "int", "bool", "truncated"} & set(details.split()) and "`" not in details
    assert details == "Property .source_id must be text, not an object"
    shown = json.loads(partner.post("/v1/orders", bad[6]).content)["details"]
    assert shown == "Property .items[0].related_object must be one of product, sku"
