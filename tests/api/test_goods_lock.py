"""Calls about products while somebody else holds the project's stock, and goods that two make at once."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import transaction

from config.kit.isolating import once_more
from config.kit.locks import ProjectLock, lock_project
from config.kit.public_ids import PublicIds
from config.kit.true_time import now
from integrations.invariants import broken
from stock import catalogue, ledger
from stock.goods.goods_rows import Catalogue
from stock.goods.parents import save_product
from stock.goods.sent_fields import ProductFields
from stock.models import ParentProduct, Product
from tests.api.conftest import Partner
from tests.api.test_stock_lock import beside
from tests.waiting import GENEROUS, somebody_waits_for_a_lock, until

pytestmark = pytest.mark.django_db(transaction=True)

SKU = {"sku": "Green tea", "price": 500}


@pytest.fixture
def sold(partner: Partner) -> str:
    """A product with one SKU, and where the SKU is."""
    assert partner.post("/v1/products", {"source_id": "TEAS", "name": "Tea"}).status_code == 200
    assert partner.post("/v1/products/TEAS/skus", SKU | {"source_id": "TEA"}).status_code == 200
    return "/v1/products/TEAS/skus/TEA"


def test_what_is_said_of_goods_waits_for_nobody(partner: Partner, sold: str) -> None:
    calls: list[tuple[str, str, Any]] = [
        ("POST", "/v1/products", {"source_id": "CUPS", "name": "Cup"}),
        ("PUT", "/v1/products/TEAS", {"name": "Teas", "price": 700}),
        ("PUT", sold, {"price": 450, "metadata": {"leaf": "whole"}}),
    ]
    with transaction.atomic():
        ledger.lock_project(partner.project.pk)
        for method, path, body in calls:
            thread, given = beside(partial(partner.call, method, path, body))
            thread.join(GENEROUS)
            assert given and given[0].status_code == 200, path
    assert given[0].json()["price"] == 450


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/products/TEAS/skus", SKU | {"source_id": "MINT"}, 200),
        ("DELETE", "/v1/products/TEAS/skus/TEA", None, 204),
        ("DELETE", "/v1/products/TEAS", None, 204),
    ],
    ids=["a SKU has a level", "a SKU may hold units", "so may those of a product"],
)
def test_control_goods_with_stock_wait(
    partner: Partner, sold: str, method: str, path: str, body: Any, status: int
) -> None:
    with transaction.atomic():
        ledger.lock_project(partner.project.pk)
        thread, given = beside(lambda: partner.call(method, path, body))
        assert until(somebody_waits_for_a_lock)
        assert not given
    thread.join(GENEROUS)
    assert given[0].status_code == status


@pytest.mark.parametrize("first", ["partner", "shop"])
def test_goods_that_a_partner_and_a_shop_make_at_once_are_one(partner: Partner, first: str) -> None:
    """The shop's page makes the article, the partner's call the product; by one code, neither knowing of the other."""
    project = partner.project

    def of_the_shop() -> dict[str, int]:
        with transaction.atomic():
            ledger.lock_project(project.pk)
            return catalogue.create(project.pk, {"TEA": "Green tea"})

    def of_the_partner() -> Any:
        goods = Catalogue(project.pk, project.currency, PublicIds(bytes(project.id_key)), now())
        return once_more(lambda: save_product(goods, ProductFields(source_id="TEA", name="Tea of the partner")))

    both = {"partner": of_the_partner, "shop": of_the_shop}
    second = next(work for name, work in both.items() if name != first)
    with transaction.atomic():
        both[first]()
        thread, given = beside(second)
        assert until(somebody_waits_for_a_lock)
    thread.join(GENEROUS)
    assert given
    assert ParentProduct.objects.values_list("source_id", "name").get() == ("TEA", "Tea of the partner")
    assert Product.objects.get().parent == ParentProduct.objects.get()
    assert broken() == {}


def test_a_new_name_waits_for_a_partner_who_writes_the_goods(partner: Partner, sold: str) -> None:
    """Whoever writes them has read the name, and would write the old one again."""
    project, article = partner.project, Product.objects.get(sku="TEA")
    with transaction.atomic():
        lock_project(ProjectLock.CATALOGUE, project.pk)
        thread, given = beside(partial(catalogue.rename, project.pk, article.pk, "Black tea"))
        assert until(somebody_waits_for_a_lock)
        assert not given
    thread.join(GENEROUS)
    assert Product.objects.get(sku="TEA").name == "Black tea"
