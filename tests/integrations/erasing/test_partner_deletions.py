"""A customer whom a partner has forgotten: nothing tells who it was, but the papers that the law has kept."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from integrations import jobs
from integrations.choices import RunState
from integrations.erasing import partner_deletions
from integrations.erasing.holdings import PLACES
from integrations.invariants import broken
from integrations.models import ErasureRequest, Run
from orders.choices import SegmentKind
from orders.models import Customer, Order, SegmentMember
from orders.segments.definitions import SegmentWish, create
from tests.api.conftest import Partner, told
from tests.factories import ProjectFactory
from tests.integrations.erasing.planting import CANARY as BUYER
from tests.integrations.erasing.planting import EMAIL, Planted, everybody_is, fetched, put
from tests.integrations.erasing.test_erasing import left

pytestmark = pytest.mark.django_db
PATH = "/v1/customers/loyal-canary-1"


@pytest.fixture
def partner(planted: Planted) -> Partner:
    """Of a project in which no order of the person is open."""
    partner = Partner(planted.project)
    assert partner.put("/v1/orders/po-1", {"status": "CANCELED"}).status_code == 200
    return partner


def work_off() -> None:
    for run in Run.objects.filter(state=RunState.WAITING, kind="erasure"):
        while Run.objects.get(pk=run.pk).is_open:
            jobs.work(run.pk)


def test_an_open_order_is_in_the_way(planted: Planted) -> None:
    before = list(Customer.objects.order_by("pk").values())
    refused = Partner(planted.project).post(f"{PATH}/permanent-deletion", {})
    body = told(refused)
    assert (refused.status_code, body["key"], body["resource_type"]) == (423, "resource_in_use", "customer")
    assert body["details"].startswith("1 order is neither shipped nor cancelled")
    assert list(Customer.objects.order_by("pk").values()) == before
    assert not ErasureRequest.objects.exists()


def test_nothing_of_the_customer_is_left_but_the_papers(planted: Planted, partner: Partner) -> None:
    customer = Customer.objects.get(source_id="loyal-canary-1")
    create(planted.project.pk, SegmentWish("Some", SegmentKind.STATIC), [customer.pk])
    public = told(partner.get(PATH))["id"]
    orders = customer.orders.count()
    without = {"Content-Type": "", "Idempotency_Key": "forget-once"}
    answer = partner.call("POST", f"{PATH}/permanent-deletion", b"", **without)
    body = told(answer)
    assert answer.status_code == 200, body
    counts = body["data_json"]
    assert body == {
        "id": body["id"], "created_at": body["created_at"], "related_object_id": public,
        "related_object": "customer", "status": "DONE", "data_json": counts, "object": "pernament_deletion",
    }  # fmt: skip
    assert body["id"].startswith("del_")
    assert (counts["customer"], counts["segments"], counts["daily_events"], counts["customer_events"]) == (1, 1, 0, 0)
    assert counts["orders"] >= orders
    assert min(counts["events"], counts["order_events"]) > 0
    work_off()
    assert left() == {}
    assert partner.get(f"/v1/customers/{public}").status_code == 404
    assert partner.post(f"{PATH}/permanent-deletion", {}).status_code == 404
    assert told(partner.call("POST", f"{PATH}/permanent-deletion", b"", **without)) == body
    customer.refresh_from_db()
    assert (customer.name, customer.orders.count(), customer.deleted_at is None) == ("", 0, False)
    assert not SegmentMember.objects.filter(customer=customer, left_at=None).exists()
    request = ErasureRequest.objects.get()
    assert (request.email, request.found, request.done_at is None) == ("", {}, False)
    assert broken() == {}


def test_control_a_place_that_is_left_out_goes_on_to_name_them(planted: Planted, partner: Partner) -> None:
    others = [place for place in PLACES if place.key != "customers"]
    with patch.object(partner_deletions, "PLACES", others), patch("orders.customers.ending.EMPTY", {}):
        assert partner.post(f"{PATH}/permanent-deletion", {}).status_code == 200
    work_off()
    assert "partner's id" in left()["orders_customer.source_id"]


def test_what_the_shops_say_later_brings_nobody_back(planted: Planted, partner: Partner) -> None:
    assert partner.post(f"{PATH}/permanent-deletion", {}).status_code == 200
    work_off()
    with everybody_is(BUYER):
        for shop, site in planted.shops.values():
            put(shop, fetched(shop, site))
    assert left() == {}
    assert Order.objects.filter(email__iexact=EMAIL).count() == 0


def test_the_key_reaches_its_own_project_alone(planted: Planted, partner: Partner) -> None:
    other = ProjectFactory.create(account=planted.project.account)
    theirs = Customer.objects.create(project=other, email=EMAIL, name="Canarina", created_at="2026-01-01T00:00:00Z")
    assert partner.post(f"{PATH}/permanent-deletion", {}).status_code == 200
    work_off()
    theirs.refresh_from_db()
    assert (theirs.name, theirs.erased_at) == ("Canarina", None)
    assert set(left()) == {"orders_customer.name", "orders_customer.email"}
