"""What somebody types is found as the beginning of a SKU, as words of a name, or as an EAN."""

from __future__ import annotations

import pytest

from integrations.models import Project
from stock import catalogue
from stock.goods.product_search import first_found
from stock.models import ParentProduct, Product
from tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db
NAMES = {"A-17 red": "Red mug, large", "B-2": "Mug", "TEA'S": "Green tea (O'Hara)", "K1": "Káva Č. 5", "X_9": "T-shirt"}


@pytest.fixture
def project() -> Project:
    project: Project = ProjectFactory.create()
    catalogue.create(project.pk, NAMES)
    Product.objects.filter(sku="K1").update(ean="4006381333931")
    parent = ParentProduct.objects.create(project=project, name="Summer collection")
    Product.objects.filter(sku="X_9").update(parent=parent)
    catalogue.create(ProjectFactory.create().pk, NAMES)
    return project


@pytest.mark.parametrize(
    ("typed", "skus"),
    [
        ("A-17", ["A-17 red"]),
        ("a17r", ["A-17 red"]),
        ("x9", ["X_9"]),
        ("mug", ["A-17 red", "B-2"]),
        ("large RED", ["A-17 red"]),
        ("mug gre", []),
        ("gre te", ["TEA'S"]),
        ("tea's", ["TEA'S"]),
        ("o'hara", ["TEA'S"]),
        ("káva", ["K1"]),
        ("t-shi", ["X_9"]),
        ("collection", ["X_9"]),
        ("4006381333931", ["K1"]),
        ("nobody", []),
        ("'", []),
        ("\\", []),
        ("&|!():*", []),
        ("\0mug", ["A-17 red", "B-2"]),
    ],
)
def test_what_is_typed_finds(project: Project, typed: str, skus: list[str]) -> None:
    found = Product.objects.filter(pk__in=first_found(project.pk, typed, 100))
    assert sorted(found.values_list("sku", flat=True)) == skus
    assert set(found.values_list("project_id", flat=True)) <= {project.pk}


def test_the_first_of_each_kind_are_enough(project: Project) -> None:
    assert len(first_found(project.pk, "mug", 1)) == 1
