"""One of many values, as one parameter."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.kit.postgresql.any_of import AnyOf
from stock import catalogue
from stock.models import Product
from tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db


def test_rows_of_any_of_many_keys_are_found_by_one_parameter() -> None:
    ids = catalogue.create(ProjectFactory.create().pk, {f"A-{number}": "Mug" for number in range(50)})
    few = [ids["A-3"], ids["A-7"]]
    with CaptureQueriesContext(connection) as asked:
        found = Product.objects.filter(AnyOf("pk", few), name="Mug").order_by("pk").values_list("sku", flat=True)
        assert list(found) == ["A-3", "A-7"]
    assert f"\"id\" = ANY('{{{few[0]},{few[1]}}}'" in asked[0]["sql"]
    assert Product.objects.filter(AnyOf("sku", {"A-1", "Z"})).get().pk == ids["A-1"]
    assert not Product.objects.filter(AnyOf("pk", [])).exists()
    assert Product.objects.exclude(AnyOf("pk", few)).count() == 48
    assert Product.objects.filter(AnyOf("pk", few) & AnyOf("pk", [few[0]])).count() == 1
