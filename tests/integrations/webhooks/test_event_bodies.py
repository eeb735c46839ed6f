"""What endpoints are sent: the published shape, the order as the API shows it, signatures that receivers can check."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from config.kit.public_ids import PublicIds
from config.kit.times import iso
from integrations.follow_up import fan_out
from integrations.models import Project, WebhookDelivery
from integrations.webhooks.event_bodies import compact, signature, signed_headers
from tests.api.conftest import Partner, told
from tests.factories import ProjectFactory
from tests.integrations.webhooks.deliveries import endpoint_at, sell_paid

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(settings: Any) -> Project:
    settings.ALLOWED_SHOP_ADDRESSES = {"127.0.0.1:9000"}
    return ProjectFactory.create()


def test_the_body_is_the_published_one_and_holds_the_order_as_the_api_shows_it(project: Project) -> None:
    endpoint = endpoint_at(project, "http://127.0.0.1:9000/hooks?tenant=7")
    [order] = sell_paid(project)
    fan_out.pass_on(project.pk)
    created, paid = WebhookDelivery.objects.order_by("id")
    ids = PublicIds(bytes(project.id_key))
    announced = order.announcements.order_by("id")
    body = json.loads(bytes(created.body or b""))
    published = told(Partner(project).get(f"/v1/orders/{ids.give('ord', order.pk)}"))
    assert order.customer is not None
    assert body == {
        "id": ids.give("del", created.pk),
        "project_id": ids.give("proj", project.pk),
        "created_at": iso(created.created_at),
        "type": "customer.order.created",
        "data": {
            "customer": {
                "id": ids.give("cust", order.customer.pk),
                "name": "Jana Nováková",
                "email": order.email,
                "source_id": None,
                "metadata": {},
                "object": "customer",
            },
            "referrer": None,
            "order": published,
            "redemption": None,
        },
        "source": {"id": ids.give("wh", endpoint.pk), "object": "webhook", "target_url": endpoint.url},
        "event": {
            "id": ids.give("evt", announced[0].pk),
            "type": "customer.order.created",
            "created_at": iso(announced[0].at),
            "entity_id": ids.give("ord", order.pk),
            "group_id": None,
            "event_source": {"channel": "INTERNAL"},
        },
    }
    assert list(body) == ["id", "project_id", "created_at", "type", "data", "source", "event"]
    assert json.loads(bytes(paid.body or b""))["type"] == "customer.order.paid"
    assert published["status"] == "PAID"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"a": 1.0, "b": 2.5, "c": -0.0}, '{"a":1,"b":2.5,"c":0}'),
        ({"b": 1, "10": 2, "9": 3, "01": 4, "4294967295": 5}, '{"9":3,"10":2,"b":1,"01":4,"4294967295":5}'),
        (["č", "\u2028", "</script>", 'a"b\\c\n\x01\x7f'], '["č","\u2028","</script>","a\\"b\\\\c\\n\\u0001\x7f"]'),
        ({"x": [{"2": None, "1": True}]}, '{"x":[{"1":true,"2":null}]}'),
    ],
)
def test_json_is_written_as_javascript_writes_what_it_has_read(value: Any, written: str) -> None:
    """The published SDK signs `JSON.stringify(body)` of the parsed body."""
    assert compact(value).decode() == written


def test_signatures() -> None:
    """The first is what `openssl dgst -sha256 -hmac` says."""
    at = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    headers = signed_headers("whsec_1", b'{"id":"x"}', at)
    expected = hmac.new(b"whsec_1", b'{"id":"x"}', hashlib.sha256).hexdigest()
    timed = hmac.new(b"whsec_1", b'1795262400.{"id":"x"}', hashlib.sha256).hexdigest()
    assert headers == {
        "x-voucherify-signature": expected,
        "x-countinghouse-signature": f"t=1795262400,v1={timed}",
    }
    assert signature("key", b"The quick brown fox jumps over the lazy dog") == (
        "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    )


def test_an_empty_secret_signs_nothing() -> None:
    with pytest.raises(ValueError, match="no secret"):
        signature("", b"x")
