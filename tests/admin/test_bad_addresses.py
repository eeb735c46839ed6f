"""Odd addresses (D13): nothing can be asked of a field that no filter offers, and nothing breaks the page."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin as django_admin
from django.test import Client

from config.kit.admin.model_admins import TenantAdmin
from integrations.access.roles import PERMISSIONS
from integrations.choices import Role
from integrations.models import Integration, Project
from tests.admin.conftest import Login, imported
from tests.factories import incoming, line
from tests.rows import EveryRow

TENANT_ADMINS = [each for each in django_admin.site._registry.values() if isinstance(each, TenantAdmin)]
NOT_UNDERSTOOD = [
    "credentials__startswith=g",
    "credentials=x",
    "integration__credentials__startswith=g",
    "email__startswith=a",
    "note__regex=(a%2B)%2B%24",
    "external_id__exact=%00",
    "payload__contains=x",
    "placed_at__gte=bad",
    "id__in=1,x",
    "from=2026-13-45",
    "from=bad",
    "to=0001-01-01",
    "to=9999-12-31",
    "q=%00",
    "tab=nonsense",
    "integration=nonsense",
    "%00=1",
]
HARMLESS = [
    "p=-1",
    "p=99999",
    "o=99",
    "o=-1.x",
    "p=x",
    "all=1",
    "q=" + "word+" * 1200,
    "q=%27%29%3B--",
    "q=%26%7C%21%3A*",
    "e=1",
    "tab=",
]


every_list = pytest.mark.parametrize("each", TENANT_ADMINS, ids=lambda each: type(each).__name__)


@every_list
def test_what_is_not_offered_is_not_answered(
    each: TenantAdmin[Any], project: Project, shop: Integration, login: Login
) -> None:
    view = f"{each.opts.app_label}.view_{each.opts.model_name}"
    reader = login(project, Role.READ_ONLY if view in PERMISSIONS[Role.READ_ONLY] else Role.IMPORT_ADMIN)
    with EveryRow() as every:
        for query in NOT_UNDERSTOOD:
            with every.apart(query):
                answer = reader.get(f"{each.url('changelist')}?{query}")
                assert (answer.status_code, answer.headers["Location"][-4:]) == (302, "?e=1")


@every_list
def test_what_is_merely_odd_shows_a_page(each: TenantAdmin[Any], admin: Client, shop: Integration) -> None:
    with EveryRow() as every:
        for query in HARMLESS:
            with every.apart(query[:20]):
                assert admin.get(f"{each.url('changelist')}?{query}").status_code in {200, 302}


def test_an_answer_to_a_refused_question_says_nothing_about_the_secret(admin: Client, shop: Integration) -> None:
    """Z19: right and wrong guesses look the same."""
    address = "/integrations/integration/?credentials__startswith="
    answers = [admin.get(address + guess) for guess in ("gAAAA", "nonsense")]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert b"ck_1" not in admin.get(f"/integrations/integration/{shop.pk}/change/").content
    assert b"cs_1" not in admin.get(f"/integrations/integration/{shop.pk}/history/").content


@every_list
def test_odd_ids_are_missing_ones(each: TenantAdmin[Any], admin: Client) -> None:
    with EveryRow() as every:
        for key in ("abc", "1e9", "-1", "9" * 40, "%00"):
            with every.apart(key):
                address = each.url("change", 12345).replace("12345", key)
                assert admin.get(address).status_code in {302, 404}


def test_the_csv_of_an_odd_address_sends_back_to_the_list(admin: Client, shop: Integration) -> None:
    imported(shop, [incoming(line())])
    assert admin.get("/orders/order/export/?buyer__regex=x").headers["Location"].endswith("?e=1")
