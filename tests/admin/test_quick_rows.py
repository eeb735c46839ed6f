"""Lists whose columns are all methods write their rows themselves, and as Django does."""

from __future__ import annotations

import pytest
from django.test import Client

from config.kit.admin.quick_rows import QuickRows
from tests.admin.test_queries import TENANT_ADMINS, busy

__all__ = ["busy"]

QUICK = {"OrderAdmin", "CustomerAdmin"}


def rows_of(browser: Client, address: str) -> list[str]:
    return list(browser.get(address).context["cl"].rows())


@pytest.mark.parametrize("query", ["", "?q=a", "?p=1&rows=25"])
def test_rows_are_what_django_writes(query: str, busy: None, admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = [each.url("changelist") + query for each in TENANT_ADMINS]
    own = {address: rows_of(admin, address) for address in addresses}
    monkeypatch.setattr(QuickRows, "of", lambda shown: None)
    assert own == {address: rows_of(admin, address) for address in addresses}


def test_the_long_lists_are_written_so(busy: None, admin: Client) -> None:
    shown = {type(each).__name__: admin.get(each.url("changelist")).context["cl"] for each in TENANT_ADMINS}
    found = {name for name, changelist in shown.items() if QuickRows.of(changelist)}
    assert found >= QUICK, sorted(found)
