"""Products that may be meant by a SKU we do not have."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from integrations.models import Project
from stock import catalogue, suggestions
from stock.suggestions import similar
from tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db

PRODUCTS = {
    "A-17": "Green tea, 100 g",
    "A-17-RED": "Red tea, 100 g",
    "A-18": "Black tea, 100 g",
    "KETTLE": "Cast iron kettle",
    "ČAJ-1": "Zelený čaj",
}


@pytest.fixture
def project() -> Project:
    project: Project = ProjectFactory.create()
    catalogue.create(project.pk, PRODUCTS)
    catalogue.create(ProjectFactory.create().pk, {"A-17X": "Green tea, 100 g"})
    return project


@pytest.mark.parametrize(
    ("sku", "name", "expected"),
    [
        ("a17", "", ["A-17", "A-17-RED"]),
        ("A 17 red", "", ["A-17-RED", "A-17"]),
        ("A-17-BLUE", "", ["A-17"]),
        ("4006381333931", "Cast Iron Kettle", ["KETTLE"]),
        ("caj", "zelený čaj", ["ČAJ-1"]),
        ("čaj 1", "", ["ČAJ-1"]),
        ("ZZ", "", []),
        ("", "", []),
        ("%", "%", []),
        ("A_17", "x" * 500, ["A-17", "A-17-RED"]),
        ("'); DROP TABLE", "a & | ! (", []),
    ],
)
def test_suggestions(project: Project, sku: str, name: str, expected: list[str]) -> None:
    [products] = similar(project.pk, [(sku, name)])
    assert [found for found, _ in products] == expected


def test_many_are_looked_up_at_once(project: Project) -> None:
    found = similar(project.pk, [("kettle", ""), ("nothing", ""), ("a18", "")], most=1)
    assert found == [[("KETTLE", "Cast iron kettle")], [], [("A-18", "Black tea, 100 g")]]
    assert similar(project.pk, []) == []


def test_a_large_catalogue_is_not_read_through(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    catalogue.create(project.pk, {f"P-{number}": f"Thing {number}" for number in range(5_000)})
    plans: list[str] = []

    def explained(statement: str, params: Any) -> list[tuple[str, str]]:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + statement, params)
            plans.extend(row[0] for row in cursor.fetchall())
        return []

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE stock_product")
    monkeypatch.setattr(suggestions, "execute", explained)
    similar(project.pk, [("P-4711", "Thing 4711")])
    plan = "\n".join(plans)
    assert "product_by_plain_sku" in plan and "product_by_word" in plan and "Seq Scan" not in plan
