"""Every column that could hold something of a person stands in the table, and addresses are found where they are."""

from __future__ import annotations

from collections import Counter

import pytest
from django.apps import apps
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from config.kit.sql import execute
from integrations.erasing import holdings
from integrations.erasing.holdings import declared
from integrations.erasing.persons import mention

OURS = ("config", "integrations", "orders", "stock")
TELLING = (models.CharField, models.TextField, models.JSONField, models.BinaryField, SearchVectorField)
# Numbers and dates that can tell of a person, and are erased with the row they stand on.
MORE = {("integrations.ErasureRequest", "customer_id"), ("orders.Customer", "birthdate")}


def telling_columns() -> set[tuple[str, str]]:
    """All text, JSON, binary and array columns of our models, and of the admin's log."""
    found = [model for app in OURS for model in apps.get_app_config(app).get_models()]
    found.append(apps.get_model("admin.LogEntry"))
    return {
        (f"{model._meta.app_label}.{model.__name__}", field.name)
        for model in found
        for field in model._meta.concrete_fields
        if isinstance(field, TELLING) or field.get_internal_type() == "ArrayField"
    }


def test_every_column_is_declared() -> None:
    assert telling_columns() - set(declared()) == set()
    assert set(declared()) - telling_columns() == set()


def test_what_holds_nothing_of_a_person_is_declared_once() -> None:
    told = Counter(declared())
    nothing = {(model, field) for model, fields in holdings.NOT_PERSONAL.items() for field in fields.split()}
    assert {column for column in nothing if told[column] > 1} == set()


def test_a_new_column_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a table that misses a column does not pass."""
    less = {model: fields for model, fields in holdings.NOT_PERSONAL.items() if model != "stock.Warehouse"}
    monkeypatch.setattr(holdings, "NOT_PERSONAL", less)
    assert telling_columns() - set(declared()) == {("stock.Warehouse", "name")}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ann+tea@mail.example", True),
        ("Write to ANN+TEA@Mail.Example.", True),
        ('{"email":"ann+tea@mail.example"}', True),
        (r'{"note":"paid by\nann+tea@mail.example"}', True),
        (r'{"note":"\u003cann+tea@mail.example\u003e"}', True),
        ("joann+tea@mail.example", False),
        ("jo.ann+tea@mail.example", False),
        ("ann+tea@mail.example.org", False),
        ("ann+tea@mail.examples", False),
        ("annntea@mail.example", False),
        ("ann+tea@mailXexample", False),
    ],
)
def test_an_address_is_found_whole_or_not_at_all(text: str, found: bool) -> None:
    assert execute("SELECT %s ~* %s", [text, mention(["ann+tea@mail.example"])]) == [(found,)]


@pytest.mark.django_db
def test_letters_of_other_alphabets_are_found_as_json_writes_them() -> None:
    pattern = mention(["jiří@mail.example"])
    for text in ("jiří@mail.example", r'{"email":"ji\u0159\u00ed@mail.example"}'):
        assert execute("SELECT %s ~* %s", [text, pattern]) == [(True,)]
    assert execute("SELECT 'a' ~* %s", [mention([])]) == [(False,)]
