"""What the page of a remote order shows to whoever decides about it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from config.kit.money import money
from config.kit.postal import address_lines
from integrations.admin.transactions import REVIEW
from integrations.choices import ImportAction, RemoteState
from integrations.models import RemoteOrder
from integrations.review.assessment import Assessment, assess
from integrations.review.decisions import DISMISSABLE
from orders.intake.incoming import IncomingAddress, IncomingOrder

DECIDED_HERE = {RemoteState.PENDING, RemoteState.DISMISSED}


def review_page(request: HttpRequest, remote: RemoteOrder) -> dict[str, Any]:
    """The decision to make, with everything that matters for it; little for orders that are settled."""
    may = request.user.has_perm(REVIEW)
    context: dict[str, Any] = {
        "may_accept": may and remote.state == RemoteState.PENDING,
        "may_dismiss": may and remote.state in DISMISSABLE,
        "may_take_back": may and remote.state == RemoteState.DISMISSED and remote.erased_at is None,
    }
    if remote.state not in DECIDED_HERE:
        return context
    found = assess(remote)
    context["assessment"] = found
    if found.order is None:
        return context
    order = found.order
    return context | {
        "becomes": _becomes(found),
        "review_lines": [
            {
                "need": need,
                "unit_price": money(need.line.unit_price, order.currency),
                "total": money(need.line.total + need.line.tax, order.currency),
            }
            for need in found.needs
        ],
        "review_amounts": _amounts(order),
        "review_addresses": [
            (_("Billing"), address_lines(_parts(order.billing))),
            (_("Shipping"), address_lines(_parts(order.shipping))),
        ],
        "review_total": money(order.total, order.currency),
        "review_residual": money(order.residual, order.currency) if order.residual else "",
        "review_residual_title": order.residual_title or _("Rounding and other"),
    }


def _becomes(found: Assessment) -> str:
    """What accepting makes of the order, in a sentence."""
    label = ImportAction(found.becomes).label
    if found.by_rule:
        return _("Accepting runs the rule of its status: “%(rule)s”.") % {"rule": label}
    return _("The rule of its status would not import it: accepting imports it as valid.")


def _amounts(order: IncomingOrder) -> list[tuple[str, str]]:
    goods = sum((line.total + line.tax for line in order.lines), start=order.total * 0)
    rows = (
        (_("Items with tax"), goods),
        (_("Shipping with tax"), order.shipping_total + order.shipping_tax),
        (order.fee_title or _("Fees with tax"), order.fee_total + order.fee_tax),
        (order.residual_title or _("Rounding and other"), order.residual),
    )
    shown = [(label, money(amount, order.currency)) for label, amount in rows if amount]
    return [*shown, (_("Total of the shop"), money(order.total, order.currency))]


def _parts(place: IncomingAddress) -> dict[str, Any]:
    return {name: getattr(place, name) for name in place.__struct_fields__}
