"""The built-in labels: who sends, who gets it, and the number of the order as a barcode, on 100 × 150 mm."""

from __future__ import annotations

from collections.abc import Sequence

from orders.documents.paper.label_pages import label_pages
from orders.labels.label_providers import PrintedLabels
from orders.models import Shipment


class AddressLabels:
    """Labels to stick on parcels, for carriers that take them so, and for one's own round."""

    key = "address"
    title = "Address labels"

    def print(self, shipments: Sequence[Shipment]) -> PrintedLabels:
        return PrintedLabels(label_pages(shipments))
