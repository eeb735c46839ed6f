"""Articles that are variants of one product: staff see which belong together, and what partners deleted."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import Project
from stock.models import ParentProduct, Product
from tests.factories import give_stock

pytestmark = pytest.mark.django_db


@pytest.fixture
def shirts(project: Project) -> ParentProduct:
    give_stock(project, SHIRT_S=3, SHIRT_M=0, SHIRTS=1, MUG=5)
    parent = ParentProduct.objects.create(project=project, source_id="SHIRT", name="Linen shirt")
    Product.objects.filter(sku__startswith="SHIRT").update(parent=parent)
    Product.objects.filter(sku="SHIRTS").update(own=True)
    ParentProduct.objects.exclude(articles__isnull=False).delete()
    return parent


def page(admin: Client, sku: str) -> str:
    return admin.get(reverse("admin:stock_product_change", args=[Product.objects.get(sku=sku).pk])).content.decode()


def listed(admin: Client, query: str = "") -> str:
    return admin.get(reverse("admin:stock_product_changelist") + query).content.decode()


def test_the_page_of_a_variant_shows_the_others(admin: Client, shirts: ParentProduct) -> None:
    shown = page(admin, "SHIRT-S")
    assert "Variants of Linen shirt" in shown
    assert "SHIRT-M" in shown and "the product itself" in shown and "MUG" not in shown
    assert "Variants of" not in page(admin, "MUG")


def test_the_list_names_the_product_and_finds_its_variants(admin: Client, shirts: ParentProduct) -> None:
    assert '<span class="quiet">Linen shirt</span> Product SHIRT-S' in listed(admin)
    found = listed(admin, "?q=linen")
    assert "SHIRT-S" in found and "MUG" not in found
    assert "MUG" in listed(admin, "?q=mug")


def test_what_a_partner_deleted_is_not_listed_and_says_so(admin: Client, shirts: ParentProduct) -> None:
    Product.objects.filter(sku__in=["SHIRT-M", "SHIRT-S"]).update(deleted_at=timezone.now())
    shown = listed(admin)
    assert "SHIRT-M" not in shown and "SHIRT-S" in shown  # which still has units
    assert "A partner deleted this product on" in page(admin, "SHIRT-M")
