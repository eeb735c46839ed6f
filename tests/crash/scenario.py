"""A run of two pages with orders of every Import value, and the state it leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from config.kit.sql import execute
from integrations.choices import ImportAction, RunKind, RunState
from integrations.importing.orders_page import import_page
from integrations.importing.payloads import Candidate
from integrations.models import Integration, RemoteOrder, Run, StatusRule
from integrations.runs import claims, control, pages
from integrations.runs.claims import LostClaim
from orders.intake.incoming import IncomingOrder
from orders.models import Announcement, Invoice, Order, OrderLine, Shipment
from stock.models import Reservation, StockLevel, StockMovement
from tests.factories import IntegrationFactory, give_stock, incoming, line

ACTIONS = [action for action in ImportAction if action != ImportAction.IMPORT]


def candidate(order: IncomingOrder) -> Candidate:
    return Candidate(
        order.external_id, order.number, order.status, order.modified_at, "{}", order.external_id.encode(), order=order
    )


@dataclass
class Scenario:
    """A shop whose statuses are named after the Import values, and two pages of orders that compete for stock."""

    integration: Integration
    pages: list[list[Candidate]]

    @classmethod
    def create(cls) -> Scenario:
        integration = IntegrationFactory.create()
        StatusRule.objects.bulk_create(
            [StatusRule(integration=integration, status=action, action=action) for action in ACTIONS]
        )
        give_stock(integration.project, A_17=9, B_2=40)
        pages = [
            [
                candidate(
                    incoming(
                        line("A-17", 2, key="1"),
                        line("B-2", 1, key="2"),
                        external_id=f"{page}-{action}",
                        number=f"{page}-{action}",
                        status=action,
                        email=f"{action}@mail.example",
                    )
                )
                for action in ACTIONS
            ]
            for page in (1, 2)
        ]
        return cls(integration, pages)

    def request(self) -> Run:
        return control.request(RunKind.LOAD, self.integration)

    def go_on(self, run_id: int) -> None:
        """What a worker does: claim, page after page from the cursor, finish."""
        held = claims.claim(run_id)
        if held is None:
            return
        try:
            done = (Run.objects.values_list("cursor", flat=True).get(pk=run_id) or {}).get("done", 0)
            for number in range(done, len(self.pages)):
                pages.write(
                    held, replace(import_page(self.integration, self.pages[number], {"done": number + 1}), total=14)
                )
            claims.finish(held, RunState.SUCCEEDED)
        except LostClaim:
            return

    def state(self) -> dict[str, Any]:
        """Everything that must be the same however often the run was interrupted."""
        project = self.integration.project
        orders = Order.objects.filter(project=project)
        lines = OrderLine.objects.filter(order__project=project)
        return {
            "orders": sorted(orders.values_list("number", "status", "tab", "total", "remote_status")),
            "lines": sorted(
                lines.values_list("order__number", "sku", "reserved", "waiting", "shipped", "cancelled"),
            ),
            "effects": sorted(orders.filter(effects__isnull=False).values_list("number", "effects__effect")),
            "events": sorted(orders.values_list("number", "events__message")),
            "announcements": list(
                Announcement.objects.filter(project=project).order_by("id").values_list("order__number", "kind")
            ),
            "levels": sorted(
                StockLevel.objects.filter(product__project=project).values_list("product__sku", "on_hand", "reserved")
            ),
            "reservations": Reservation.objects.filter(level__product__project=project).count(),
            "movements": sorted(
                StockMovement.objects.filter(level__product__project=project).values_list("quantity", "reason", "note")
            ),
            "invoices": sorted(Invoice.objects.filter(project=project).values_list("code", "order_number")),
            "shipments": sorted(Shipment.objects.filter(project=project).values_list("code", "order__number")),
            "remote orders": sorted(
                RemoteOrder.objects.filter(project=project).values_list("external_id", "state", "reason", "attempts")
            ),
            "customers": project.customers.count(),
            "runs": list(
                Run.objects.filter(project=project).values_list(
                    "state", "fetched", "created", "updated", "unchanged", "ignored", "failed", "cursor__done"
                )
            ),
        }


def expire_leases() -> None:
    """What a minute does to the lease of a dead worker."""
    execute("UPDATE integrations_run SET lease_until = now() - interval '1 second' WHERE state = 'running'")
