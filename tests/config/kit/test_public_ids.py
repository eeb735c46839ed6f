"""Ids of the partner API: read back in their own project only, and nothing can be told from them."""

from __future__ import annotations

import os

import pytest

from config.kit.public_ids import PublicIds

IDS = PublicIds(b"k" * 16)


@pytest.mark.parametrize("pk", [1, 2, 10**6, 2**63 - 1])
@pytest.mark.parametrize("kind", ["ord", "cust", "aa", "exp", "prod", "sku"])
def test_an_id_leads_back_to_its_row(kind: str, pk: int) -> None:
    assert IDS.take(kind, IDS.give(kind, pk)) == pk


def test_an_id_means_nothing_in_another_project_or_for_another_kind() -> None:
    given = IDS.give("ord", 7)
    assert PublicIds(b"x" * 16).take("ord", given) is None
    assert IDS.take("cust", given) is None
    assert IDS.take("cust", given.replace("ord", "cust")) is None


@pytest.mark.parametrize(
    "text",
    ["", "7", "ord_", "ord_7", "ord_" + "g" * 32, "ord_" + "0" * 32, "ORD_" + "0" * 32, "ord_" + "0" * 33, "\x00"],
)
def test_anything_else_is_no_id(text: str) -> None:
    assert IDS.take("ord", text) is None


def test_ids_cannot_be_guessed() -> None:
    assert [guess for _ in range(20_000) if (guess := IDS.take("ord", f"ord_{os.urandom(16).hex()}"))] == []


def test_neighbours_look_nothing_alike() -> None:
    one, two = IDS.give("ord", 1), IDS.give("ord", 2)
    assert sum(a == b for a, b in zip(one[4:], two[4:], strict=True)) < 12
