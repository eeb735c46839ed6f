"""The sections of the site, in the order of the day's work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from config.kit.admin.change_lists import capped
from integrations.admin.open_project import waiting_of

Text = str | Promise


@dataclass(frozen=True)
class MenuItem:
    label: Text
    view: str
    permission: str
    query: tuple[str, str] | None = None
    """A parameter that sets this item apart from others of the same list."""
    key: str = ""
    """The key that leads here after "g"."""


@dataclass(frozen=True)
class Section:
    name: str
    label: Text
    items: tuple[MenuItem, ...]


SECTIONS = (
    Section(
        "orders",
        _("Orders"),
        (
            MenuItem(_("Orders"), "orders_order_changelist", "orders.view_order", key="o"),
            MenuItem(_("Preparation"), "orders_preparation_changelist", "orders.view_preparation", key="w"),
            MenuItem(
                _("Transactions"),
                "integrations_remoteorder_changelist",
                "integrations.view_remoteorder",
                ("tab", "imported"),
                "t",
            ),
            MenuItem(
                _("Import Orders"),
                "integrations_remoteorder_changelist",
                "integrations.view_remoteorder",
                ("tab", "pending"),
            ),
            MenuItem(_("Customers"), "orders_customer_changelist", "orders.view_customer", key="c"),
            MenuItem(_("Allow / block list"), "integrations_buyerentry_changelist", "integrations.view_buyerentry"),
            MenuItem(_("Invoices"), "orders_invoice_changelist", "orders.view_invoice", key="i"),
            MenuItem(_("Shipments"), "orders_shipment_changelist", "orders.view_shipment", key="s"),
            MenuItem(_("Letterhead"), "orders_letterhead_changelist", "orders.change_letterhead"),
        ),
    ),
    Section(
        "segments",
        _("Segments and points"),
        (
            MenuItem(_("Segments"), "orders_segment_changelist", "orders.view_segment"),
            MenuItem(_("Earning rules"), "orders_earningrule_changelist", "orders.view_earningrule"),
            MenuItem(_("Points"), "orders_pointsmovement_changelist", "orders.view_pointsmovement"),
        ),
    ),
    Section(
        "letters",
        _("E-mails"),
        (
            MenuItem(_("Distributions"), "integrations_distribution_changelist", "integrations.view_distribution"),
            MenuItem(_("Messages"), "integrations_message_changelist", "integrations.view_message"),
            MenuItem(_("Unsubscribed"), "integrations_mailoptout_changelist", "integrations.view_mailoptout"),
        ),
    ),
    Section(
        "stock",
        _("Stock"),
        (
            MenuItem(_("Products"), "stock_product_changelist", "stock.view_product", key="p"),
            MenuItem(_("Receive goods"), "stock_stockposting_receive", "stock.receive_stock"),
            MenuItem(_("Stock count"), "stock_stockposting_count", "stock.receive_stock"),
            MenuItem(_("Movements"), "stock_stockmovement_changelist", "stock.view_stockmovement", key="m"),
            MenuItem(_("Stock in shops"), "integrations_shoparticle_changelist", "integrations.view_shoparticle"),
            MenuItem(_("Warehouses"), "stock_warehouse_changelist", "stock.view_warehouse"),
            MenuItem(_("Routing rules"), "orders_routingrule_changelist", "orders.view_routingrule"),
        ),
    ),
    Section(
        "shops",
        _("Shops"),
        (
            MenuItem(
                _("Integrations"), "integrations_integration_changelist", "integrations.view_integration", key="n"
            ),
            MenuItem(
                _("Items in error"),
                "integrations_remoteorder_changelist",
                "integrations.view_remoteorder",
                ("tab", "failed"),
                "e",
            ),
            MenuItem(_("What goes out"), "integrations_crossing_changelist", "integrations.view_crossing"),
            MenuItem(_("Runs"), "integrations_run_changelist", "integrations.view_run", key="r"),
            MenuItem(_("Files"), "integrations_exchangedfile_changelist", "integrations.view_exchangedfile"),
            MenuItem(
                _("Erasure requests"), "integrations_erasurerequest_changelist", "integrations.view_erasurerequest"
            ),
        ),
    ),
    Section(
        "api",
        _("API"),
        (
            MenuItem(_("API keys"), "integrations_apikey_changelist", "integrations.view_apikey"),
            MenuItem(
                _("Webhook endpoints"), "integrations_webhookendpoint_changelist", "integrations.view_webhookendpoint"
            ),
            MenuItem(_("Deliveries"), "integrations_webhookdelivery_changelist", "integrations.view_webhookdelivery"),
            MenuItem(_("Documentation"), "api", "integrations.view_apikey"),
        ),
    ),
    Section(
        "people",
        _("People"),
        (
            MenuItem(_("Who is who"), "colleagues", "integrations.view_accessevent"),
            MenuItem(_("Access log"), "integrations_accessevent_changelist", "integrations.view_accessevent"),
        ),
    ),
    Section(
        "installation",
        _("Installation"),
        (
            MenuItem(_("Accounts"), "integrations_account_changelist", "integrations.view_account"),
            MenuItem(_("Projects"), "integrations_project_changelist", "integrations.view_project"),
            MenuItem(_("Members"), "integrations_membership_changelist", "integrations.view_membership"),
            MenuItem(_("People"), "auth_user_changelist", "auth.view_user"),
        ),
    ),
)
# Which entry of the menu leads to a tab of remote orders; to the other tabs it is "failed".
ENTRY_OF_TAB = {"imported": "imported", "handed_on": "imported", "pending": "pending"}
# Names of the sections that a browser has folded away, with dots between them; written by page.js.
FOLDED_COOKIE = "menu_folded"


def sections(request: HttpRequest) -> list[dict[str, Any]]:
    """What this person may open, with the place they are at marked; the section they are at is never folded."""
    shown = []
    folded = request.COOKIES.get(FOLDED_COOKIE, "").split(".")
    for section in SECTIONS:
        items = [_shown(request, item) for item in section.items if request.user.has_perm(item.permission)]
        if items:
            is_open = section.name not in folded or any(item["current"] for item in items)
            shown.append({"name": section.name, "label": section.label, "open": is_open, "entries": items})
    return shown


def _shown(request: HttpRequest, item: MenuItem) -> dict[str, Any]:
    path = reverse(f"admin:{item.view}")
    here = request.path.startswith(path)
    shown = {"label": item.label, "url": path, "current": here, "key": item.key, "count": ""}
    if item.query is None:
        return shown
    name, value = item.query
    tab = getattr(request, "remote_tab", request.GET.get(name, "failed"))
    waiting = waiting_of(request)
    count = {"failed": waiting.failed, "pending": waiting.pending}.get(value, 0)
    return shown | {
        "url": f"{path}?{name}={value}",
        "current": here and ENTRY_OF_TAB.get(tab, "failed") == value,
        "count": capped(count) if count else "",
    }
