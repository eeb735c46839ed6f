"""Import Orders in the admin: filters, pending list, Accept Buyer, Mark as Cancel, View; the allow / block list."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from integrations.choices import BuyerListing, ImportAction, RemoteState, Role, RunKind, RunState
from integrations.models import BuyerEntry, Integration, Project, RemoteOrder, Run
from integrations.shops.connection import set_up
from orders.models import Order
from tests.admin.conftest import Login, remote
from tests.benchmarks.w2000 import payloads
from tests.factories import IntegrationFactory, give_stock

LIST = "/integrations/remoteorder/"
PENDING = f"{LIST}?tab=pending"
BUYERS = "/integrations/buyerentry/"
BODY = payloads()[0].decode()
FILTERS = {"platform": "woocommerce", "by": "order", "order": "4711"}


def pending(shop: Integration, key: str = "10001", **values: object) -> RemoteOrder:
    return remote(shop, key, RemoteState.PENDING, **({"payload": BODY, "status": "processing"} | values))


def said(client: Client, address: str = PENDING) -> str:
    return client.get(address).content.decode()


def test_the_filters_start_a_run(shop: Integration, admin: Client) -> None:
    page = said(admin)
    assert all(text in page for text in ("Import Filters", "Import Transaction List", "Select Import By", "6h"))
    admin.post(f"{LIST}fetch/", FILTERS | {"store": shop.pk})
    run = Run.objects.get(kind=RunKind.IMPORT_ORDERS)
    assert (run.scope, run.requested_by is not None) == ({"order": "4711"}, True)
    assert "Fetching orders from the eshop." in said(admin)
    assert admin.get(f"{LIST}fetch/progress/").json()["runs"][0]["id"] == run.pk
    admin.post(f"{LIST}fetch/", FILTERS | {"store": shop.pk})
    assert "already running" in said(admin)
    Run.objects.update(state=RunState.SUCCEEDED, finished_at=run.created_at, reason="1 order fetched as Pending.")
    assert "Garden shop: 1 order fetched as Pending." in said(admin)
    assert "1 order fetched as Pending." not in said(admin)


def test_hours_are_asked_for(shop: Integration, admin: Client) -> None:
    admin.post(f"{LIST}fetch/", {"platform": "woocommerce", "by": "time", "hours": "3", "store": shop.pk})
    run = Run.objects.get()
    assert (run.scope, run.since is not None) == ({"hours": 3}, True)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"order": ""}, "Enter the order&#x27;s number, or its id in the shop."),
        ({"platform": "shopify"}, "Garden shop is a store of WooCommerce: choose that platform, or another store."),
        ({"store": "0"}, "There is no such store"),
        ({"store": "nonsense"}, "Enter a whole number."),
        ({"by": "time", "hours": "9"}, "9 is not one of the available choices"),
        ({"by": "time"}, "Choose how many hours to look back."),
        ({"by": "magic"}, "magic is not one of the available choices"),
        ({"order": "x" * 101}, "at most 100 characters"),
        ({"order": "a\x00b"}, "Null characters are not allowed"),
    ],
)
def test_mistakes_are_said_and_what_was_typed_stays(
    shop: Integration, admin: Client, typed: dict[str, str], sentence: str
) -> None:
    admin.post(f"{LIST}fetch/", FILTERS | {"store": str(shop.pk)} | typed)
    page = said(admin)
    assert sentence in page
    assert not Run.objects.exists()
    if "order" not in typed:
        assert 'value="4711"' in page


def test_the_store_of_another_project_cannot_be_asked(shop: Integration, admin: Client) -> None:
    other = IntegrationFactory.create()
    admin.post(f"{LIST}fetch/", FILTERS | {"store": other.pk})
    assert "There is no such store" in said(admin)
    assert not Run.objects.exists()


def test_accept_buyer_on_a_row(shop: Integration, admin: Client) -> None:
    row = pending(shop)
    assert all(text in said(admin) for text in ("Accept Buyer", "Mark as Cancel", "View"))
    admin.post(f"{LIST}{row.pk}/accept/")
    order = Order.objects.get()
    assert order.remote_order == row
    page = said(admin, f"{LIST}?tab=imported")
    assert "10001" in page
    admin.post(f"{LIST}{row.pk}/accept/")
    assert "is Succeeded already" in said(admin)
    assert Order.objects.count() == 1


def test_mark_as_cancel_and_back(shop: Integration, admin: Client) -> None:
    row = pending(shop)
    admin.post(f"{LIST}{row.pk}/dismiss/", {"reason": "A test order"})
    page = said(admin, f"{LIST}?tab=dismissed")
    assert "A test order" in page
    assert "Take back" in page
    admin.post(f"{LIST}{row.pk}/take-back/")
    row.refresh_from_db()
    assert row.state == RemoteState.PENDING


def test_all_of_it_in_bulk(shop: Integration, admin: Client) -> None:
    rows = [pending(shop, f"1000{n}", payload=BODY.replace("10001", f"1000{n}")) for n in range(1, 5)]
    chosen = {ACTION_CHECKBOX_NAME: [row.pk for row in rows[:2]]}
    admin.post(PENDING, {"action": "accept_chosen", **chosen})
    assert Order.objects.count() == 2
    assert "Done for 2 orders." in said(admin)
    chosen = {ACTION_CHECKBOX_NAME: [row.pk for row in rows[2:]]}
    admin.post(PENDING, {"action": "dismiss_chosen", "reason": "Spam", **chosen})
    assert set(RemoteOrder.objects.filter(state="dismissed").values_list("reason", flat=True)) == {
        f"Marked as cancel by {rows[2].decided_by or RemoteOrder.objects.get(pk=rows[2].pk).decided_by}: Spam"
    }
    admin.post(f"{LIST}?tab=dismissed", {"action": "take_back_chosen", **chosen})
    assert RemoteOrder.objects.filter(state="pending").count() == 2


def test_view_shows_what_matters_before_deciding(shop: Integration, project: Project, admin: Client) -> None:
    row = pending(shop)
    page = said(admin, f"{LIST}{row.pk}/change/")
    assert all(text in page for text in ("What it holds", "Buyer", "unknown SKU", "Accepting runs the rule"))
    order = row.integration.connector.parse(BODY.encode(), row.integration.shop())
    for line in order.lines:
        give_stock(project, **{line.sku.replace("-", "_"): line.quantity})
    BuyerEntry.objects.create(project=project, pattern=order.email.lower())
    shop.rules.update(action=ImportAction.SKIP)
    page = said(admin, f"{LIST}{row.pk}/change/")
    assert "The buyer is on the block list" in page
    assert "accepting imports it as valid" in page
    assert "unknown SKU" not in page
    admin.post(f"{LIST}{row.pk}/accept/")
    assert not Order.objects.exists()
    admin.post(f"{LIST}{row.pk}/accept/", {"anyway": "yes", "back": "page"})
    assert Order.objects.count() == 1
    double = pending(shop, "20002", number=order.number)
    assert "This may be a double" in said(admin, f"{LIST}{double.pk}/change/")
    Order.objects.update(total=order.total + 1)
    assert "This may be a double" not in said(admin, f"{LIST}{double.pk}/change/")


def test_what_cannot_be_read_can_only_be_dismissed(shop: Integration, admin: Client) -> None:
    row = pending(shop, payload='{"id": 1}')
    page = said(admin, f"{LIST}{row.pk}/change/")
    assert "This order cannot be accepted yet" in page
    assert "/accept/" not in page


def test_with_a_lost_key_people_look_and_accept_as_before(shop: Integration, admin: Client, settings: Any) -> None:
    """Only asking the shop takes its credentials: what is stored can be read and decided about without them."""
    row = pending(shop)
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert "Accepting runs the rule" in said(admin, f"{LIST}{row.pk}/change/")
    assert admin.post(f"{LIST}{row.pk}/accept/").status_code == 302
    assert "is in the book" in said(admin)
    assert Order.objects.get().remote_order == row


@pytest.mark.parametrize("role", [Role.READ_ONLY, Role.WAREHOUSE])
def test_those_who_may_not_decide_see_no_buttons(shop: Integration, login: Login, role: Role) -> None:
    row = pending(shop)
    reader = login(shop.project, role)
    page = said(reader) + said(reader, f"{LIST}{row.pk}/change/")
    assert "Import Filters" not in page
    assert "Accept Buyer" not in page
    assert reader.post(f"{LIST}{row.pk}/accept/").status_code == 403


def test_another_projects_orders_are_not_there(shop: Integration, login: Login) -> None:
    other = IntegrationFactory.create()
    set_up(other)
    row = pending(shop)
    stranger = login(other.project)
    for step in ("accept", "dismiss", "take-back"):
        assert stranger.post(f"{LIST}{row.pk}/{step}/").status_code == 404
    row.refresh_from_db()
    assert row.state == RemoteState.PENDING


# --- allow / block list ---


def test_an_entry_is_added_changed_and_switched_off(project: Project, admin: Client) -> None:
    admin.post(f"{BUYERS}add-entry/", {"pattern": "@Spam.Example", "listing": "block", "active": "on", "remark": "No"})
    entry = BuyerEntry.objects.get()
    assert (entry.pattern, entry.listing, entry.active, entry.project) == ("spam.example", "block", True, project)
    assert "spam.example" in said(admin, f"{BUYERS}?q=SPAM")
    admin.post(f"{BUYERS}{entry.pk}/save/", {"listing": "allow", "remark": "Yes", "pattern": "other.example"})
    entry.refresh_from_db()
    assert (entry.pattern, entry.listing, entry.active, entry.remark) == ("spam.example", "allow", False, "Yes")
    admin.post(BUYERS, {"action": "switch_on", ACTION_CHECKBOX_NAME: [entry.pk]})
    entry.refresh_from_db()
    assert entry.active
    admin.post(f"{BUYERS}add-entry/", {"pattern": "nonsense", "listing": "block"})
    assert "neither an e-mail address" in said(admin, BUYERS)


def test_the_list_goes_in_and_out_as_csv(project: Project, admin: Client) -> None:
    file = SimpleUploadedFile("list.csv", b"pattern,list,remark\nspam.example,block,=1+1\n")
    admin.post(f"{BUYERS}upload/", {"file": file})
    exported = b"".join(admin.get(f"{BUYERS}export/").streaming_content).decode()  # type: ignore[attr-defined]
    assert exported.splitlines()[1] == "spam.example,block,yes,'=1+1"
    again = SimpleUploadedFile("list.csv", exported.encode())
    admin.post(f"{BUYERS}upload/", {"file": again})
    assert BuyerEntry.objects.get().remark == "=1+1"
    bad = SimpleUploadedFile("list.csv", b"pattern\nnonsense\n")
    admin.post(f"{BUYERS}upload/", {"file": bad})
    assert "Line 2: “nonsense” is neither" in said(admin, BUYERS)


def test_the_list_belongs_to_its_project(shop: Integration, login: Login) -> None:
    entry = BuyerEntry.objects.create(project=shop.project, pattern="spam.example", listing=BuyerListing.BLOCK)
    stranger = login(IntegrationFactory.create().project)
    assert "spam.example" not in said(stranger, BUYERS)
    assert stranger.post(f"{BUYERS}{entry.pk}/save/", {"listing": "allow"}).status_code == 404
    reader = login(shop.project, Role.READ_ONLY)
    assert "spam.example" in said(reader, BUYERS)
    assert reader.post(f"{BUYERS}add-entry/", {"pattern": "x.example"}).status_code == 403
