"""Every value of every choice on every list and page that may show it: none of them breaks.

The rows are real ones whose choices are set to one value after the other, all fields in one turn: the first turn sets
the first value of every field, the second the second. Which values go together, the database no longer asks here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection, models
from django.test import Client
from django.urls import reverse

from config.kit.admin.guards import guard_of
from config.kit.admin.model_admins import TenantAdmin
from integrations.models import Project
from stock.admin import movements
from stock.choices import MovementReason
from tests.admin.planted import rows_of
from tests.rows import EveryRow

APPS = ("orders", "integrations", "stock")
TENANT_ADMINS = [each for each in admin.site._registry.values() if isinstance(each, TenantAdmin)]
Choice = tuple[type[models.Model], str, tuple[Any, ...]]
CHOICES: list[Choice] = [
    (model, field.name, tuple(value for value, _ in field.flatchoices))
    for app in APPS
    for model in apps.get_app_config(app).get_models()
    for field in model._meta.concrete_fields
    if field.choices
]
# Checks and unique indexes of the tables, most of which say which values go together.
FREE = """
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT conrelid::regclass AS owner, conname FROM pg_constraint
        WHERE contype IN ('c', 'u') AND connamespace = current_schema()::regnamespace
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.owner, found.conname);
    END LOOP;
    FOR found IN
        SELECT indexrelid::regclass AS name FROM pg_index JOIN pg_class ON oid = indrelid
        WHERE indisunique AND NOT indisprimary AND relnamespace = current_schema()::regnamespace
    LOOP
        EXECUTE format('DROP INDEX %s', found.name);
    END LOOP;
END
$$
"""
TURNS = max(len(values) for _, _, values in CHOICES)


def set_choices(turn: int) -> None:
    """Every row's choices to their values of this turn.

    As a replica, so that no trigger keeps the rows that are written once, such as movements, from being changed.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; {FREE}")
        cursor.execute("SET LOCAL session_replication_role = 'replica'")
    for model, name, values in CHOICES:
        assert model._default_manager.update(**{name: values[turn % len(values)]}), f"no {model.__name__} is there"


def addresses(rows: dict[type[models.Model], models.Model]) -> list[str]:
    """The overview, and of every model its list, the page and history of its row, and all else that may be opened."""
    found = [reverse("admin:index")]
    for each in TENANT_ADMINS:
        row = rows[each.model]
        found += [each.url("changelist"), each.url("change", row.pk), each.url("history", row.pk)]
        for route, view, name in each.routes():
            guard = guard_of(view)
            if guard is not None and "GET" in guard.methods and route.count("<") == route.count("<int:pk>"):
                found.append(each.url(name, *([row.pk] if "<int:pk>" in route else [])))
    return found


@pytest.mark.long
@pytest.mark.parametrize("turn", range(TURNS))
def test_every_page_shows_it(turn: int, project: Project, admin: Client) -> None:
    rows = rows_of(project)
    set_choices(turn)
    walk(admin, addresses(rows))


def walk(browser: Client, pages: Sequence[str]) -> None:
    with EveryRow() as every:
        for address in pages:
            with every.apart(address):
                assert browser.get(address).status_code < 500


def test_a_value_without_its_colour_is_found(project: Project, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of(project)
    monkeypatch.delitem(movements.TONES, MovementReason.RETURN)
    set_choices(MovementReason.values.index(MovementReason.RETURN))
    with pytest.raises(ExceptionGroup, match="stockmovement"):
        walk(admin, [address for address in addresses(rows) if "stockmovement" in address])
