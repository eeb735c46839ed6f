"""Several counts in one statement are what each gives alone."""

from __future__ import annotations

from typing import Any

import pytest

from config.kit.counts_together import counts_of
from stock.models import Product
from tests.factories import ProjectFactory, give_stock

pytestmark = pytest.mark.django_db


def test_each_is_counted_as_alone_in_one_statement(django_assert_num_queries: Any) -> None:
    project, other = ProjectFactory.create(), ProjectFactory.create()
    give_stock(project, TEA=5, MUG=2, POT=1)
    give_stock(other, TEA=1)
    found = [
        Product.objects.filter(project=project).order_by("-sku"),
        Product.objects.filter(project=other, sku="TEA"),
        Product.objects.filter(project=other, levels__on_hand__gt=100),
        Product.objects.none(),
        Product.objects.filter(sku__in=[]),
        Product.objects.all(),
    ]
    with django_assert_num_queries(1):
        counts = counts_of(found)
    assert counts == [rows.count() for rows in found] == [3, 1, 0, 0, 0, 4]
    assert counts_of([Product.objects.all()]) == [4]  # which has no parameter


def test_they_are_counted_no_further_than_asked() -> None:
    project = ProjectFactory.create()
    give_stock(project, TEA=5, MUG=2, POT=1)
    ours = Product.objects.filter(project=project)
    assert counts_of([ours, ours.filter(sku="TEA")], most=2) == [2, 1]


def test_nothing_is_asked_where_nothing_can_be_found(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert counts_of([Product.objects.none(), Product.objects.filter(pk__in=[])]) == [0, 0]
        assert counts_of([]) == []
