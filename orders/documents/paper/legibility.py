"""What a document cannot print, told before it is issued and beside it afterwards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from config.kit.postal import address_lines
from orders.documents.paper.fonts import script_of, unprintable
from orders.documents.paper.sheets import Sheet
from orders.models import Order, OrderLine

# Fields that are told; of more there is a count.
MOST_FIELDS = 5
# Characters of a text that are quoted.
MOST_QUOTED = 60


def missing_in(parts: Iterable[tuple[str, str]]) -> list[str]:
    """A sentence for each text that holds letters no font of ours has: “Buyer: “สมชาย” (Thai)”."""
    told = list(dict.fromkeys(filter(None, (_told(label, text) for label, text in parts))))
    more = len(told) - MOST_FIELDS
    return [*told[:MOST_FIELDS], _("%(count)s more texts") % {"count": more}] if more > 0 else told


def missing_on(sheet: Sheet) -> list[str]:
    """What a sheet cannot print."""
    return missing_in(
        [
            *((sheet.recipient_label, line) for line in sheet.recipient),
            *sheet.facts,
            *((column.title, text) for row in sheet.rows for column, text in zip(sheet.columns, row, strict=True)),
            *sheet.remarks,
            (_("Reason"), sheet.remark),
            *((_("Letterhead"), line) for line in (sheet.company, *sheet.company_lines, sheet.footer)),
        ]
    )


def missing_of(order: Order, lines: Sequence[OrderLine]) -> list[str]:
    """What papers of an order could not print."""
    return missing_in(
        [
            (_("Buyer"), order.buyer),
            *((_("Billing address"), line) for line in address_lines(order.billing)),
            *((_("Delivery address"), line) for line in address_lines(order.shipping)),
            *((_("Delivery address"), text) for line in lines for text in address_lines(line.shipping)),
            *((_("Item"), text) for line in lines for text in (line.sku, line.name)),
            (_("Payment"), order.payment_title),
            (_("Shipping"), order.shipping_title),
            (_("Note of the buyer"), order.note),
        ]
    )


def missing_in_rows(rows: Iterable[dict[str, Any]], reason: str) -> list[str]:
    """What a credit note of these rows could not print."""
    named = [(_("Item"), str(text)) for row in rows for text in (row["sku"], row["name"])]
    return missing_in([*named, (_("Reason"), reason)])


def _told(label: str, text: str) -> str:
    missing = unprintable(text)
    if not missing:
        return ""
    kinds = dict.fromkeys(script_of(char) or char for char in missing)
    quoted = text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED]}…"
    return f"{label}: “{quoted}” ({', '.join(list(kinds)[:MOST_FIELDS])})"
