"""Products and SKUs of partners: written many at a time, an outcome each; one bad row never ends the others."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.db import IntegrityError, connection, transaction

from config.kit.public_ids import PublicIds
from integrations.invariants import broken
from integrations.models import Project
from stock import catalogue as articles
from stock.goods import deleting, found_goods, parents, skus
from stock.goods.goods_rows import Catalogue, GoodsFailure, GoodsOutcome, GoodsRefused, GoodsStored
from stock.goods.sent_fields import ProductFields, SkuFields
from stock.models import ParentProduct, Product, StockLevel
from tests.factories import ProjectFactory, give_stock

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 11, tzinfo=UTC)


def of(project: Project, at: datetime = AT) -> Catalogue:
    return Catalogue(project.pk, project.currency, PublicIds(bytes(project.id_key)), at)


def nobody(pks: Any) -> dict[int, int]:
    return {}


@pytest.fixture
def project() -> Project:
    project: Project = ProjectFactory.create()
    return project


def products(project: Project, *rows: dict[str, Any], at: datetime = AT, **how: bool) -> list[GoodsOutcome]:
    return parents.upsert_products(of(project, at), msgspec.convert(list(rows), list[ProductFields]), **how)


def below(project: Project, parent: str, *rows: dict[str, Any], at: datetime = AT) -> list[GoodsOutcome]:
    here = of(project, at)
    found = found_goods.find_product(project.pk, here.ids, parent)
    assert found is not None
    return skus.upsert_skus(here, found.pk, msgspec.convert(list(rows), list[SkuFields]))


def told(outcomes: list[GoodsOutcome]) -> list[Any]:
    return [(each.found, each.updated) if isinstance(each, GoodsStored) else each.key for each in outcomes]


def test_rows_are_written_one_by_one_and_a_bad_one_ends_none(project: Project) -> None:
    ids = of(project).ids
    [old] = products(project, {"source_id": "OLD", "name": "Old", "price": 900, "metadata": {"a": 1, "b": {"c": 1}}})
    assert isinstance(old, GoodsStored)
    outcomes = products(
        project,
        {"source_id": "OLD", "price": 950, "metadata": {"b": {"d": 2}, "e": None}},
        {"id": ids.give("prod", old.pk), "name": None, "source_id": "OTHER"},
        {"id": "prod_" + "0" * 32, "name": "Nobody"},
        {"price": 5},
        {},
        {"source_id": "NEW", "image_url": "https://shop.example/new.png"},
        {"source_id": "NEW", "attributes": ["size"]},
        {"name": "Without a key"},
        {"source_id": "OLD", "price": 950},
        at=LATER,
    )
    assert told(outcomes) == [
        (True, True), (True, True), "not_found", "invalid_payload", "invalid_payload", (False, True), (True, True),
        (False, True), (True, False),
    ]  # fmt: skip
    parent = ParentProduct.objects.get(source_id="OLD")
    assert (parent.name, parent.price, parent.metadata) == ("", Decimal("9.50"), {"a": 1, "b": {"d": 2}, "e": None})
    assert (parent.created_at, parent.updated_at) == (AT, LATER)
    new = ParentProduct.objects.get(source_id="NEW")
    assert (new.attributes, new.updated_at, new.image_url) == (["size"], None, "https://shop.example/new.png")
    products(project, {"source_id": "OLD", "metadata": {"z": 1}}, replace=True)
    products(project, {"source_id": "NEW", "attributes": None, "image_url": None})
    parent.refresh_from_db()
    new.refresh_from_db()
    assert (parent.metadata, new.attributes, new.image_url) == ({"z": 1}, [], "")


def test_many_rows_are_a_handful_of_statements(project: Project, django_assert_max_num_queries: Any) -> None:
    rows = [{"source_id": f"P-{number}", "name": "Tea"} for number in range(200)]
    with django_assert_max_num_queries(9):
        assert told(products(project, *rows)) == [(False, True)] * 200
    with django_assert_max_num_queries(4):
        assert told(products(project, *[row | {"price": 5} for row in rows])) == [(True, True)] * 200


def test_a_source_id_is_taken_where_there_is_none(project: Project) -> None:
    [stored, _] = products(project, {"name": "Tea"}, {"source_id": "TAKEN"})
    assert isinstance(stored, GoodsStored)
    given = of(project).ids.give("prod", stored.pk)
    assert told(products(project, {"id": given, "source_id": "TAKEN"})) == ["duplicate_resource_key"]
    assert told(products(project, {"id": given, "source_id": "TEA"})) == [(True, True)]
    assert told(products(project, {"id": given, "source_id": "OTHER"})) == [(True, False)]
    assert ParentProduct.objects.get(pk=stored.pk).source_id == "TEA"


def test_the_sku_of_a_lone_parent_moves_and_no_other(project: Project) -> None:
    article = give_stock(project, MUG=5)["MUG"]
    products(project, {"source_id": "MUGS"}, {"source_id": "CUPS"})
    assert told(below(project, "MUGS", {"source_id": "MUG", "sku": "Blue", "price": 850})) == [(True, True)]
    moved = Product.objects.get(pk=article)
    assert (moved.parent, moved.name, moved.levels.get().on_hand) == (
        ParentProduct.objects.get(source_id="MUGS"),
        "Blue",
        5,
    )
    assert not ParentProduct.objects.filter(pk=article).exists()
    [refused] = below(project, "CUPS", {"source_id": "MUG"})
    assert refused == GoodsFailure("duplicate_resource_key", "The SKU MUG belongs to the product MUGS", "sku", article)
    assert broken() == {}


def test_a_second_sku_ends_that_a_parent_is_lone(project: Project) -> None:
    give_stock(project, MUG=5)
    assert told(below(project, "MUG", {"source_id": "MUG-XL"}, {"price": 5}, {})) == [
        (False, True), (False, True), "invalid_payload",
    ]  # fmt: skip
    assert not ParentProduct.objects.get(source_id="MUG").lone
    nameless = Product.objects.get(price__isnull=False)
    assert nameless.sku == of(project).ids.give("sku", nameless.pk)
    assert StockLevel.objects.count() == 3
    assert told(below(project, "MUG", {"id": nameless.sku, "source_id": "MUG-S"})) == [(True, True)]
    assert told(below(project, "MUG", {"id": nameless.sku, "source_id": "MUG-XS"})) == [(True, False)]
    nameless.refresh_from_db()
    assert nameless.sku == "MUG-S"
    assert broken() == {}


def test_a_sku_takes_its_products_own_article_over(project: Project) -> None:
    products(project, {"source_id": "MUG", "name": "Mug"})
    own = give_stock(project, MUG=5)["MUG"]
    assert Product.objects.get(pk=own).own
    assert found_goods.find_sku(project.pk, of(project).ids, "MUG") is None
    assert told(below(project, "MUG", {"source_id": "MUG", "sku": "The mug"})) == [(False, True)]
    article = Product.objects.get(pk=own)
    assert (article.own, article.levels.get().on_hand, article.updated_at) == (False, 5, None)
    assert found_goods.find_sku(project.pk, of(project).ids, "MUG") == article


def test_goods_in_use_stay_and_others_go_by_two_steps(project: Project) -> None:
    products(project, {"source_id": "MATE"})
    below(project, "MATE", {"source_id": "MATE-1"})
    here = of(project, LATER)
    parent = ParentProduct.objects.get()
    article = give_stock(project, **{"MATE-1": 5})["MATE-1"]
    with pytest.raises(GoodsRefused, match="MATE-1: 5 on hand, 0 reserved, orders wait for 0") as refused:
        deleting.delete_product(here, parent, nobody, force=True)
    assert refused.value.failure.key == "resource_in_use"
    StockLevel.objects.update(on_hand=0)
    with pytest.raises(GoodsRefused, match="orders wait for 2"):
        deleting.delete_product(here, parent, lambda pks: dict.fromkeys(pks, 2), force=False)
    deleting.delete_product(here, parent, nobody, force=False)
    assert found_goods.find_product(project.pk, here.ids, "MATE") is None
    assert found_goods.find_sku(project.pk, here.ids, "MATE-1") is None
    [taken] = products(project, {"source_id": "MATE", "name": "New"})
    assert isinstance(taken, GoodsFailure)
    assert taken.details == "MATE is the source id of a deleted product: DELETE it with force=true first"
    binned = found_goods.find_product(project.pk, here.ids, "MATE", with_bin=True)
    assert binned is not None
    deleting.delete_product(here, binned, nobody, force=True)
    assert found_goods.find_product(project.pk, here.ids, "MATE", with_bin=True) is None
    assert told(products(project, {"source_id": "MATE", "name": "New"})) == [(False, True)]
    assert told(below(project, "MATE", {"source_id": "MATE-1"})) == [(False, True)]
    left = Product.objects.get(pk=article)
    assert (left.parent, left.sku) == (None, f" {article} MATE-1")
    assert broken().keys() == {"S01 What is on hand is the sum of the movements."}  # emptied without one above


def test_the_only_sku_of_a_lone_parent_is_deleted(project: Project) -> None:
    give_stock(project, MUG=0)
    here = of(project)
    sku = found_goods.find_sku(project.pk, here.ids, "MUG")
    assert sku is not None
    deleting.delete_sku(here, sku, nobody, force=True)
    assert found_goods.find_product(project.pk, here.ids, "MUG") is not None
    assert articles.find(project.pk, ["MUG"]) == {}
    assert broken() == {}


@pytest.mark.django_db(transaction=True)
def test_one_key_in_24_threads_is_one_row(project: Project) -> None:
    here, gate = of(project), threading.Barrier(24)
    results: list[bool] = []

    def write(number: int) -> None:
        gate.wait()
        try:
            with transaction.atomic():
                key = "TEA" if number % 2 else " TEA "
                [outcome] = parents.upsert_products(here, [ProductFields(source_id=key, price=number)])
                assert isinstance(outcome, GoodsStored)
                results.append(outcome.found)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=[number]) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (ParentProduct.objects.count(), sorted(results)) == (1, [False, *[True] * 23])


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_two_writers_collide(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    here, gate, save = of(project), threading.Barrier(2), parents.ParentsInHand.save
    collided: list[Exception] = []

    def together(page: parents.ParentsInHand) -> None:
        gate.wait()
        save(page)

    def write() -> None:
        try:
            with transaction.atomic():
                parents.upsert_products(here, [ProductFields(source_id="TEA")])
        except IntegrityError as error:
            collided.append(error)
        finally:
            connection.close()

    monkeypatch.setattr(parents, "lock_project", lambda *_: None)
    monkeypatch.setattr(parents.ParentsInHand, "save", together)
    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(collided) == 1
