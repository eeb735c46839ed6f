"""The sections of the site, in the order of the day's work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True)
class MenuItem:
    label: Text
    view: str
    permission: str
    query: tuple[str, str] | None = None
    """A parameter that sets this item apart from others of the same list."""


@dataclass(frozen=True)
class Section:
    label: Text
    items: tuple[MenuItem, ...]


SECTIONS = (
    Section(
        _("Orders"),
        (
            MenuItem(_("Orders"), "orders_order_changelist", "orders.view_order"),
            MenuItem(_("Preparation"), "orders_preparation_changelist", "orders.view_preparation"),
            MenuItem(
                _("Transactions"),
                "integrations_remoteorder_changelist",
                "integrations.view_remoteorder",
                ("tab", "imported"),
            ),
            MenuItem(_("Customers"), "orders_customer_changelist", "orders.view_customer"),
            MenuItem(_("Allow / block list"), "integrations_buyerentry_changelist", "integrations.view_buyerentry"),
            MenuItem(_("Invoices"), "orders_invoice_changelist", "orders.view_invoice"),
            MenuItem(_("Shipments"), "orders_shipment_changelist", "orders.view_shipment"),
            MenuItem(_("Letterhead"), "orders_letterhead_changelist", "orders.change_letterhead"),
        ),
    ),
    Section(
        _("Segments and points"),
        (
            MenuItem(_("Segments"), "orders_segment_changelist", "orders.view_segment"),
            MenuItem(_("Earning rules"), "orders_earningrule_changelist", "orders.view_earningrule"),
            MenuItem(_("Points"), "orders_pointsmovement_changelist", "orders.view_pointsmovement"),
        ),
    ),
    Section(
        _("Letters"),
        (
            MenuItem(_("Distributions"), "integrations_distribution_changelist", "integrations.view_distribution"),
            MenuItem(_("Messages"), "integrations_message_changelist", "integrations.view_message"),
            MenuItem(_("Unsubscribed"), "integrations_mailoptout_changelist", "integrations.view_mailoptout"),
        ),
    ),
    Section(
        _("Stock"),
        (
            MenuItem(_("Products"), "stock_product_changelist", "stock.view_product"),
            MenuItem(_("Movements"), "stock_stockmovement_changelist", "stock.view_stockmovement"),
            MenuItem(_("Stock in shops"), "integrations_shoparticle_changelist", "integrations.view_shoparticle"),
            MenuItem(_("Warehouses"), "stock_warehouse_changelist", "stock.view_warehouse"),
            MenuItem(_("Routing rules"), "orders_routingrule_changelist", "orders.view_routingrule"),
        ),
    ),
    Section(
        _("Shops"),
        (
            MenuItem(_("Integrations"), "integrations_integration_changelist", "integrations.view_integration"),
            MenuItem(
                _("Items in error"),
                "integrations_remoteorder_changelist",
                "integrations.view_remoteorder",
                ("tab", "failed"),
            ),
            MenuItem(_("What goes out"), "integrations_crossing_changelist", "integrations.view_crossing"),
            MenuItem(_("Runs"), "integrations_run_changelist", "integrations.view_run"),
            MenuItem(_("Files"), "integrations_exchangedfile_changelist", "integrations.view_exchangedfile"),
            MenuItem(
                _("Erasure requests"), "integrations_erasurerequest_changelist", "integrations.view_erasurerequest"
            ),
        ),
    ),
    Section(
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
        _("People"),
        (
            MenuItem(_("Who is who"), "colleagues", "integrations.view_accessevent"),
            MenuItem(_("Access log"), "integrations_accessevent_changelist", "integrations.view_accessevent"),
        ),
    ),
    Section(
        _("Installation"),
        (
            MenuItem(_("Accounts"), "integrations_account_changelist", "integrations.view_account"),
            MenuItem(_("Projects"), "integrations_project_changelist", "integrations.view_project"),
            MenuItem(_("Members"), "integrations_membership_changelist", "integrations.view_membership"),
            MenuItem(_("People"), "auth_user_changelist", "auth.view_user"),
        ),
    ),
)
OF_IMPORTED = {"imported", "pending", "handed_on"}


def sections(request: HttpRequest) -> list[dict[str, Any]]:
    """What this person may open, with the place they are at marked."""
    shown = []
    for section in SECTIONS:
        items = [_shown(request, item) for item in section.items if request.user.has_perm(item.permission)]
        if items:
            shown.append({"label": section.label, "entries": items})
    return shown


def _shown(request: HttpRequest, item: MenuItem) -> dict[str, Any]:
    path = reverse(f"admin:{item.view}")
    here = request.path.startswith(path)
    if item.query is None:
        return {"label": item.label, "url": path, "current": here}
    name, value = item.query
    transactions = getattr(request, "of_transactions", request.GET.get(name, "failed") in OF_IMPORTED)
    return {
        "label": item.label,
        "url": f"{path}?{name}={value}",
        "current": here and transactions == (value in OF_IMPORTED),
    }
