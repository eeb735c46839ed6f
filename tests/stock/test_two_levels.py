"""Articles stand below parents: each has one from its first day, and no id handed out changes its meaning."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from config.kit.sql import execute
from integrations.invariants import broken
from integrations.models import Project
from stock import catalogue
from stock.models import ParentProduct, Product, StockLevel
from tests.factories import ProjectFactory, give_stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    project: Project = ProjectFactory.create()
    return project


def test_a_new_article_stands_alone_below_a_parent_of_its_own_id(project: Project) -> None:
    ids = catalogue.create(project.pk, {"A": "Tea", "B": "Cup"})
    for sku, name in (("A", "Tea"), ("B", "Cup")):
        parent = ParentProduct.objects.get(pk=ids[sku])
        assert (parent.source_id, parent.name, parent.lone, parent.articles.get().sku) == (sku, name, True, sku)
        assert parent.created_at == parent.articles.get().created_at
        assert parent.created_at.microsecond % 1_000 == 0
    catalogue.rename(project.pk, ids["A"], "Green tea")
    assert ParentProduct.objects.get(pk=ids["A"]).name == "Green tea"
    assert broken() == {}


def test_parents_and_articles_never_share_a_number(project: Project) -> None:
    partners = ParentProduct.objects.create(project=project, source_id="P")
    article = catalogue.create(project.pk, {"A": "Tea"})["A"]
    other = ParentProduct.objects.create(project=project, source_id="Q")
    assert partners.pk < article < other.pk


def test_an_article_is_made_in_as_many_statements_as_ever(project: Project, django_assert_num_queries: object) -> None:
    catalogue.create(project.pk, {"A": "Tea"})
    with django_assert_num_queries(4):  # type: ignore[operator]  # articles, the first warehouse, levels, their ids
        catalogue.create(project.pk, {f"SKU-{number}": "Tea" for number in range(50)})
    assert ParentProduct.objects.count() == 51


def test_the_code_of_a_partners_product_is_its_own_article(project: Project) -> None:
    partners = ParentProduct.objects.create(project=project, source_id="MUG", name="Mug")
    article = Product.objects.get(pk=catalogue.create(project.pk, {"MUG": "Mug of a shop"})["MUG"])
    assert (article.parent, article.own) == (partners, True)
    assert list(ParentProduct.objects.all()) == [partners]


def test_what_a_partner_deleted_is_found_no_more_and_comes_back_with_a_shop(project: Project) -> None:
    product_id = give_stock(project, A=0)["A"]
    for model in (Product, ParentProduct):
        model.objects.update(deleted_at=timezone.now())
    assert catalogue.find(project.pk, ["A"]) == {}
    assert catalogue.create(project.pk, {"A": "Tea"}) == {"A": product_id}
    assert not Product.objects.exclude(deleted_at=None).exists()
    assert not ParentProduct.objects.exclude(deleted_at=None).exists()


def test_the_source_id_of_a_product_in_the_bin_stays_taken(project: Project) -> None:
    ParentProduct.objects.create(project=project, source_id="MUG", deleted_at=timezone.now())
    article = catalogue.create(project.pk, {"MUG": "Mug"})["MUG"]
    assert Product.objects.get(pk=article).parent == ParentProduct.objects.get(source_id="", lone=True)
    assert broken() == {}


def test_control_an_article_without_a_parent_is_refused(project: Project) -> None:
    give_stock(project, A=1)
    with pytest.raises(IntegrityError, match="article_has_parent"), transaction.atomic():
        Product.objects.update(parent=None)


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_articles_of_before_get_parents_of_the_same_id(project: Project) -> None:
    give_stock(project, A=5, B=0)
    give_stock(ProjectFactory.create(), A=7)
    goods, levels = list(Product.objects.order_by("pk").values()), list(StockLevel.objects.order_by("pk").values())
    try:
        call_command("migrate", "stock", "0011", verbosity=0, interactive=False)
        execute("UPDATE stock_product SET price = 8.5 WHERE id = %s", [goods[0]["id"]])
    finally:
        call_command("migrate", verbosity=0, interactive=False)
    goods[0]["price"] = Product.objects.get(pk=goods[0]["id"]).price
    assert str(goods[0]["price"]) == "8.5000"
    assert list(Product.objects.order_by("pk").values()) == goods
    assert list(StockLevel.objects.order_by("pk").values()) == levels
    assert set(Product.objects.values_list("pk", "parent")) == {(row["id"], row["id"]) for row in goods}
    assert ParentProduct.objects.create(project=project).pk > goods[-1]["id"]
    assert broken() == {}


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_what_partners_wrote_is_not_taken_back(project: Project) -> None:
    give_stock(project, A=5)
    ParentProduct.objects.create(project=project, source_id="P")
    with pytest.raises(CommandError, match=r"Partners have written products.* Nothing was changed"):
        call_command("migrate", "stock", "0011", verbosity=0, interactive=False)
    assert ParentProduct.objects.count() == 2
