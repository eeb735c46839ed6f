"""The rows before and after one, in the list somebody came from; and back to the place where a button was."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.contrib import admin as django_admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.kit.admin import personal_lists
from config.kit.admin.change_lists import TenantChangeList
from config.kit.admin.model_admins import PageAdmin
from integrations.choices import RemoteState, RunKind, RunState
from integrations.models import Integration, Project, Run
from orders.models import Customer, Order
from tests.admin.conftest import Login, imported, remote
from tests.admin.planted import rows_of
from tests.factories import IntegrationFactory, ProjectFactory, give_stock, incoming, line

LIST = "/orders/order/"


@pytest.fixture
def book(shop: Integration) -> list[Order]:
    """Four orders, the last one placed first in the list; two of them of the same minute."""
    give_stock(shop.project, MUG=99)
    at = incoming().placed_at
    return imported(
        shop,
        [
            incoming(line("MUG", n), number=f"N-{n}", placed_at=at, modified_at=at) if n in {2, 3}
            else incoming(line("MUG", n), number=f"N-{n}", placed_at=at.replace(day=n), modified_at=at)
            for n in (1, 2, 3, 9)
        ],
    )  # fmt: skip


def page(browser: Client, order: Order, query: str) -> Any:
    return browser.get(f"{LIST}{order.pk}/change/?_changelist_filters={quote(query)}").context["neighbours"]


def linked(browser: Client, address: str) -> str:
    return str(browser.get(address).context["object"].number)


@pytest.mark.parametrize("query", ["tab=all", "tab=in_stock", "q=mug", "tab=all&o=2", "tab=all&p=1&rows=25"])
def test_every_row_has_its_neighbours(book: list[Order], admin: Client, query: str) -> None:
    rows = list(admin.get(f"{LIST}?{query}").context["cl"].result_list)
    assert len(rows) == 4
    for place, order in enumerate(rows):
        found = page(admin, order, query)
        assert found.is_in_list
        assert found.back == f"{LIST}?{query}"
        before, after = (rows[at].number if 0 <= at < len(rows) else "" for at in (place - 1, place + 1))
        assert [address and linked(admin, address) for address in (found.previous, found.next)] == [before, after]


def test_a_list_without_filters_has_them_too(book: list[Order], admin: Client) -> None:
    """Django's links carry nothing along then: the browser says where it was."""
    rows = list(admin.get(LIST).context["cl"].result_list)
    address = f"{LIST}{rows[0].pk}/change/"
    opened = admin.get(address, headers={"Referer": f"http://testserver{LIST}"}).context["neighbours"]
    assert linked(admin, opened.next) == rows[1].number
    assert admin.get(opened.next).context["neighbours"].previous
    for elsewhere in ("http://testserver/", "http://other.example/orders/order/?q=n9", ""):
        found = admin.get(address, headers={"Referer": elsewhere}).context["neighbours"]
        assert linked(admin, found.next) == rows[1].number


def test_sorted_by_another_column(book: list[Order], admin: Client) -> None:
    place = admin.get(LIST).context["cl"].list_display.index("amount")
    found = page(admin, book[1], f"o=-{place}")
    assert [linked(admin, address) for address in (found.previous, found.next)] == ["N-3", "N-1"]


def test_a_row_that_left_the_list_keeps_its_place(book: list[Order], admin: Client) -> None:
    imported_rows = list(admin.get(f"{LIST}?tab=in_stock").context["cl"].result_list)
    gone = imported_rows[1]
    Order.objects.filter(pk=gone.pk).update(status="complete", tab="")
    found = page(admin, gone, "tab=in_stock")
    assert not found.is_in_list
    assert linked(admin, found.previous) == imported_rows[0].number
    assert linked(admin, found.next) == imported_rows[2].number
    assert (
        "Not in that list any more"
        in admin.get(f"{LIST}{gone.pk}/change/?_changelist_filters=tab%3Din_stock").content.decode()
    )


@pytest.mark.parametrize("query", ["tab=nonsense", "integration=4711", "o=x", "q=%00", "&&&="])
def test_an_odd_list_is_no_error(book: list[Order], admin: Client, query: str) -> None:
    answer = admin.get(f"{LIST}{book[0].pk}/change/", {"_changelist_filters": query})
    assert answer.status_code == 200


def test_without_a_list_they_are_those_of_its_own_order(book: list[Order], admin: Client) -> None:
    rows = list(admin.get(LIST).context["cl"].result_list)
    found = admin.get(f"{LIST}{rows[1].pk}/change/").context["neighbours"]
    assert [linked(admin, each) for each in _both(found)] == [rows[0].number, rows[2].number]


def test_a_row_that_is_not_in_that_list_or_alone_has_none(shop: Integration, admin: Client) -> None:
    remotes = "/integrations/remoteorder/"
    rows = [remote(shop, str(number), RemoteState.PENDING) for number in range(2)]
    answer = admin.get(f"{remotes}{rows[0].pk}/change/")  # the list shows orders in error of itself
    assert answer.context["neighbours"] is None and "Previous" not in answer.content.decode()
    alone = admin.get(f"/integrations/integration/{shop.pk}/change/")
    assert alone.context["neighbours"] is None


def test_a_refused_form_keeps_them(book: list[Order], admin: Client) -> None:
    address = f"{LIST}{book[0].pk}"
    sent = {"billing-seen": book[0].version, "billing-email": "no address"}
    for carried, back in ((f"?{urlencode({'_changelist_filters': 'q=mug'})}", f"{LIST}?q=mug"), ("", f"{LIST}?p=1")):
        where = f"http://testserver{address}/change/{carried}"
        refused = admin.post(f"{address}/billing/", sent, headers={"Referer": where})
        assert refused.status_code == 422
        assert refused.context["neighbours"].back == back


def test_lists_sorted_by_an_expression_have_them(book: list[Order], shop: Integration, admin: Client) -> None:
    """Customers are sorted by their addresses in lower case."""
    for name in ("b@x.example", "A@x.example", "c@x.example"):
        Customer.objects.create(project=shop.project, email=name, source_id=name, created_at=timezone.now())
    rows = list(admin.get("/orders/customer/").context["cl"].result_list)
    assert len(rows) >= 3
    for place, customer in enumerate(rows):
        found = admin.get(f"/orders/customer/{customer.pk}/change/").context["neighbours"]
        expected = [rows[at].pk for at in (place - 1, place + 1) if 0 <= at < len(rows)]
        assert [admin.get(each).context["object"].pk for each in _both(found)] == expected


@pytest.mark.parametrize("column", ["on_hand", "available", "full_name"])
def test_lists_sorted_by_what_they_compute_have_them(shop: Integration, admin: Client, column: str) -> None:
    give_stock(shop.project, A=3, B=1, C=2)
    place = admin.get("/stock/product/").context["cl"].list_display.index(column)
    rows = list(admin.get(f"/stock/product/?o={place + 1}").context["cl"].result_list)
    query = urlencode({"_changelist_filters": f"o={place + 1}"})
    found = admin.get(f"/stock/product/{rows[1].pk}/change/?{query}").context["neighbours"]
    assert [admin.get(each).context["object"].pk for each in _both(found)] == [rows[0].pk, rows[2].pk]


PAGES = [each for each in django_admin.site._registry.values() if isinstance(each, PageAdmin)]


@pytest.mark.parametrize("each", PAGES, ids=lambda each: type(each).__name__)
def test_every_page_that_has_a_list_leads_on(each: Any, project: Project, admin: Client) -> None:
    """Rows that were not planted in pairs are alone; the order of their list is understood all the same."""
    rows_of(project)
    for row in list(each.model._default_manager.all())[:3]:
        answer = admin.get(f"{each.url('change', row.pk)}?_changelist_filters=p%3D1")
        if answer.status_code == 200 and each.url("changelist") != "/integrations/remoteorder/":
            assert answer.context["neighbours"] is not None


def test_other_projects_are_no_neighbours(book: list[Order], admin: Client, login: Login) -> None:
    other = ProjectFactory.create()
    imported(IntegrationFactory.create(project=other), [incoming(line("MUG"), number="X")])
    seen = {linked(admin, each) for order in book for each in _both(page(admin, order, "tab=all"))}
    assert "X" not in seen


def _both(found: Any) -> list[str]:
    return [address for address in (found.previous, found.next) if address]


def asked(admin: Client, address: str) -> list[str]:
    admin.get(address)
    with CaptureQueriesContext(connection) as queries:
        admin.get(address)
    return [query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def counting(statements: list[str]) -> int:
    return sum("COUNT(" in statement for statement in statements)


def test_neighbours_take_a_query_and_count_nothing(
    book: list[Order], admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = asked(admin, f"{LIST}{book[1].pk}/change/")
    address = f"{LIST}{book[1].pk}/change/?_changelist_filters=tab%3Dall"
    placed = asked(admin, address)
    assert len(placed) == len(plain)  # those of the list of itself take it, too
    assert counting(placed) == counting(plain)
    # The control: were a page of the list read, it would be counted.
    monkeypatch.setattr(personal_lists.PersonalChangeList, "get_results", TenantChangeList.get_results)
    assert counting(asked(admin, address)) > counting(plain)


# --- back to where a button was ---


def test_a_rows_button_leads_back_to_the_place_in_the_list(shop: Integration, admin: Client) -> None:
    failed = remote(shop, "f1", RemoteState.FAILED)
    here = f"/integrations/remoteorder/?tab=failed&integration={shop.pk}&p=1"
    retry = f"/integrations/remoteorder/{failed.pk}/retry/"
    answer = admin.post(retry, headers={"referer": f"http://testserver{here}"})
    assert answer.headers["Location"] == here
    assert admin.post(retry).headers["Location"] == "/integrations/remoteorder/?tab=failed"


@pytest.mark.parametrize(
    "referer",
    ["http://evil.example/integrations/remoteorder/?tab=imported", "http://testserver/orders/order/?tab=all", "x"],
)
def test_other_places_are_not_gone_to(shop: Integration, admin: Client, referer: str) -> None:
    failed = remote(shop, "f1", RemoteState.FAILED)
    answer = admin.post(f"/integrations/remoteorder/{failed.pk}/retry/", headers={"referer": referer})
    assert answer.headers["Location"] == "/integrations/remoteorder/?tab=failed"


def test_a_step_on_a_page_keeps_the_list_it_is_from(book: list[Order], admin: Client) -> None:
    order = book[0]
    here = f"{LIST}{order.pk}/change/"
    sent = {"hold-reason": "", "hold-seen": order.version}
    answer = admin.post(
        f"{LIST}{order.pk}/hold/", sent, headers={"referer": f"http://testserver{here}?_changelist_filters=tab%3Dall"}
    )
    assert answer.headers["Location"] == f"{here}?_changelist_filters=tab%3Dall"


def test_transactions_and_items_in_error_are_tabs_of_one_place(project: Project, admin: Client) -> None:
    for tab in ("failed", "pending", "imported"):
        answer = admin.get(f"/integrations/remoteorder/?tab={tab}")
        assert answer.context["title"] == "Transactions"
        assert [each["key"] for each in answer.context["cl"].tabs] == [
            "failed", "ignored", "pending", "imported", "dismissed", "handed_on",
        ]  # fmt: skip


def test_a_span_of_time_leads_on_by_it(shop: Integration, admin: Client) -> None:
    """Such a list goes by the time, as its index does, where the whole one goes as the rows were written."""
    now = timezone.now()
    ended = {"project": shop.project, "kind": RunKind.LOAD, "state": RunState.SUCCEEDED, "finished_at": now}
    runs = [Run.objects.create(created_at=now - timedelta(hours=hours), **ended) for hours in (1, 3, 2)]
    address = "/integrations/run/"

    def listed(query: str) -> list[int]:
        shown = admin.get(f"{address}?{query}").context["cl"].result_list
        return [runs.index(run) for run in shown if run in runs]

    query = f"tab=all&from={(now - timedelta(days=2)).date()}"
    assert (listed("tab=all"), listed(query)) == ([2, 1, 0], [0, 2, 1])
    found = admin.get(f"{address}{runs[2].pk}/change/?_changelist_filters={quote(query)}").context["neighbours"]
    assert [f"/{runs[place].pk}/" in link for place, link in ((0, found.previous), (1, found.next))] == [True, True]
