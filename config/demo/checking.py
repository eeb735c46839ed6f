"""The main job once, as a user's day: load from both shops, every rule value, a receipt of goods, the invariants."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import Count, Sum

from config.demo import deciding, letters, moods, outside, partner, programs, webhooks
from config.demo.director import Director, Hands
from config.demo.world import BROOKLYN, PRAGUE, DemoShop
from config.kit import true_time
from config.running.processes import Supervisor
from integrations.choices import ImportAction, RemoteState, RunKind, RunState
from integrations.importing.load import request_load
from integrations.importing.retry import retry_now
from integrations.invariants import ALL, broken
from integrations.models import Feed, Integration, Project, RemoteOrder, Run
from integrations.runs.control import RunRefused
from orders.choices import Tab
from orders.documents.paper import contents
from orders.documents.paper.layout import render
from orders.intake.allocation import change_stock
from orders.models import Order, OrderLine
from orders.work import crediting, invoicing, shipping
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import Reservation

NEVER_LISTED = {"trash", "checkout-draft", "auto-draft", "draft"}
# Seconds a load may take before the check gives up.
PATIENCE = 120.0
# Seconds something else may take.
LONG = 30.0


class Check:
    """Runs the steps and keeps a table of what was seen."""

    def __init__(
        self,
        supervisor: Supervisor,
        projects: list[Project],
        ports: Mapping[DemoShop, int],
        web: int,
        say: Callable[[str], object],
    ) -> None:
        self._supervisor = supervisor
        self._projects = projects
        self._project, self._trial, self._marketplaces = projects[:3]
        self._ports = ports
        self._director = Director(ports)
        self._web = web
        self._say = say
        self._passed = True

    def run(self) -> bool:
        Feed.objects.update(enabled=False)  # the check itself starts what runs
        for name, port in (*((shop.title, port) for shop, port in self._ports.items()), ("The site", self._web)):
            programs.wait_for(name, port)
        self._row("The site answers", _status(f"http://127.0.0.1:{self._web}/healthz"), 200)
        self._load_everything()
        self._every_rule_value()
        self._new_orders()
        self._other_platforms()
        self._trial_is_refused_a_date()
        self._goods_arrive()
        self._failures_heal()
        self._work_on_an_order()
        self._decide()
        self._moods()
        self._partner_imports()
        outside.check(self._projects, Hands(self._director, self._wait, self._until, self._row))
        found = broken()
        self._row("Invariants that hold", len(ALL) - len(found), len(ALL))
        for name, rows in found.items():
            self._say(f"    {name} {rows}")
        return self._passed

    def _partner_imports(self) -> None:
        """A bulk import through the API: every order is history here, and no stock has moved."""
        held = Reservation.objects.count()
        made, address = partner.new_key(self._project), f"http://127.0.0.1:{self._web}/"
        action = partner.import_some(address, made, 250)
        self._row(
            f"API: {action['result']['message']}" if "result" in action else "API: import", action["status"], "DONE"
        )
        here = Order.objects.filter(project=self._project, source_id__startswith="kiosk-", remote_status="PAID")
        self._row("API: orders in the book, as history", here.filter(tab="").count(), 250)
        self._row("API: units reserved by them", Reservation.objects.count() - held, 0)
        letters.check(address, made, self._row)
        webhooks.check(self._project, self._row)

    def _load_everything(self) -> None:
        """A back import of the shops' whole history, then ids compared with what the shops have."""
        shops = {integration: self._director.shop(integration) for integration in self._shops()}
        for shop in shops.values():
            for status in ("pending", "processing", "on-hold", "completed", "cancelled"):
                self._director.place(shop, {"MUG-WHITE": 1}, status)
        for integration in shops:
            request_load(integration, date_from=true_time.now().date() - timedelta(days=31))
        self._wait()
        for integration, shop in shops.items():
            shown = self._director.description(shop)["orders"]
            listed = {str(order["id"]) for order in shown if order["status"] not in NEVER_LISTED}
            known = set(integration.remote_orders.values_list("external_id", flat=True))
            run = Run.objects.filter(integration=integration, kind=RunKind.LOAD).latest("id")
            self._row(f"{integration}: orders of the shop that are here", len(listed & known), len(listed))
            self._row(f"{integration}: {_sentence(run)}", run.state, RunState.SUCCEEDED)

    def _new_orders(self) -> None:
        """Orders placed now are here after a load without a date, once."""
        for integration in self._shops():
            shop = self._director.shop(integration)
            placed = [self._director.place(shop, {"MUG-WHITE": 1}) for _ in range(5)]
            request_load(integration)
            self._wait()
            here = Order.objects.filter(integration=integration, remote_order__external_id__in=placed)
            self._row(f"{integration}: orders placed a moment ago", here.count(), 5)

    def _every_rule_value(self) -> None:
        made = dict(
            RemoteOrder.objects.filter(project=self._project, state=RemoteState.IMPORTED)
            .values_list("action")
            .annotate(n=Count("id"))
        )
        made[ImportAction.SKIP] = RemoteOrder.objects.filter(
            project=self._project, state=RemoteState.IGNORED, action=ImportAction.SKIP
        ).count()
        for action in ImportAction:
            if action != ImportAction.IMPORT:
                self._row(f"“{action.label}”: orders", made.get(action, 0), at_least=1)
        for order in Order.objects.filter(project=self._project).values("tab").annotate(n=Count("id")).order_by("tab"):
            if order["tab"]:
                self._row(f"Tab {Tab(order['tab']).label}: orders", order["n"], at_least=1)

    def _other_platforms(self) -> None:
        """The history of one shop on every other platform, all at once."""
        shops = list(self._marketplaces.integrations.order_by("pk"))
        for integration in shops:
            request_load(integration, date_from=true_time.now().date() - timedelta(days=31))
        self._wait()
        for integration in shops:
            run = Run.objects.filter(integration=integration, kind=RunKind.LOAD).latest("id")
            what = f"{integration.connector.label}: {_sentence(run)}"
            self._row(what, run.state, RunState.SUCCEEDED)
            self._row(f"{integration.connector.label}: orders that can be worked on", run.created, at_least=1)

    def _trial_is_refused_a_date(self) -> None:
        try:
            request_load(self._trial.integrations.get(), date_from=true_time.now().date())
            self._row("Trial: a date is refused", "no", "yes")
        except RunRefused:
            self._row("Trial: a date is refused", "yes", "yes")

    def _goods_arrive(self) -> None:
        """A receipt for whatever waits most: the waiting orders change tab by themselves."""
        brooklyn = self._project.integrations.get(title=BROOKLYN.title)
        placed = self._director.place(BROOKLYN, {"KETTLE-1L": 500})
        request_load(brooklyn)
        self._wait()
        order = Order.objects.filter(integration=brooklyn, remote_order__external_id=placed)
        self._row("An order of more than there is, in tab", _tab(order), at_least_one_of=(Tab.PARTIAL, Tab.BACKORDER))
        product = OrderLine.objects.filter(order__in=order).values_list("product_id", flat=True).get()
        waiting = OrderLine.objects.filter(product=product).aggregate(units=Sum("waiting"))["units"]
        served = change_stock(self._project.pk, [Change(product or 0, waiting, MovementReason.RECEIPT, "Delivery")])
        self._row(f"Receipt of {waiting} units: units reserved for waiting orders", served.units, waiting)
        self._row("The same order, in tab", _tab(order), Tab.IN_STOCK)

    def _failures_heal(self) -> None:
        """Orders that could not be completed for want of stock are, once there is some and they are retried."""
        failed = RemoteOrder.objects.filter(project=self._project, state=RemoteState.FAILED)
        count = failed.count()
        self._row("Orders that can not be imported", count, at_least=1)
        products = self._project.products.values_list("id", flat=True)
        change_stock(
            self._project.pk, [Change(product, 500, MovementReason.RECEIPT, "Big delivery") for product in products]
        )
        retry_now(failed)
        self._wait()
        self._row("Of these, after a delivery and a retry", failed.count(), 0)

    def _work_on_an_order(self) -> None:
        """Ship, invoice and credit an order as staff do, and print its papers."""
        order = Order.objects.filter(project=self._project, tab=Tab.IN_STOCK, invoices=None).latest("placed_at")
        shipment, invoice = shipping.ship(order.pk), invoicing.issue(order.pk)
        note = crediting.credit_all(invoice.pk, return_stock=True, reason="Sent back")
        self._row(
            "An order in stock, shipped, invoiced and credited", Order.objects.get(pk=order.pk).status, "complete"
        )
        sheets = [*contents.of_shipments([shipment.pk]), *contents.of_invoices([invoice.pk, note.pk])]
        self._row("Its papers, as one PDF", "yes" if render(sheets).startswith(b"%PDF-") else "no", "yes")

    def _moods(self) -> None:
        """Shops that change, refund and delete what was read."""

        def direct(integration: Integration, path: str, method: str, body: Mapping[str, Any]) -> None:
            self._director.ask(self._director.shop(integration), path, body, method)

        def place(integration: Integration) -> str:
            return self._director.place(self._director.shop(integration), {"MUG-WHITE": 1})

        shops = [*self._shops(), *self._marketplaces.integrations.order_by("pk")]
        moods.check(shops, place, direct, self._wait, self._row)

    def _decide(self) -> None:
        """Import Orders, Accept Buyer and Synchronize."""
        shop = deciding.Shop(
            place=lambda status: self._director.place(BROOKLYN, {"MUG-WHITE": 1}, status),
            change=lambda order, status: self._director.ask(BROOKLYN, f"orders/{order}", {"status": status}),
            wait=self._wait,
        )
        deciding.import_and_synchronize(self._project, shop, self._row)

    # --- helpers ---

    def _wait(self) -> None:
        """Watch the site until no load is open."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self._supervisor.run(0.25):
                raise KeyboardInterrupt
            if not Run.objects.filter(state__in=[RunState.WAITING, RunState.RUNNING]).exists():
                return
        self._row(f"Loads that end within {PATIENCE:.0f} s", "no", "yes")

    def _until(self, so: Callable[[], object]) -> None:
        """Watch the site until something is so; what came of it is the next row's to say."""
        deadline = time.monotonic() + LONG
        while not so() and time.monotonic() < deadline:
            if self._supervisor.run(0.1):
                raise KeyboardInterrupt

    def _row(
        self,
        what: str,
        seen: Any,
        expected: Any = None,
        *,
        at_least: int | None = None,
        at_least_one_of: tuple[Any, ...] = (),
    ) -> None:
        if at_least is not None:
            good, wanted = seen >= at_least, f"at least {at_least}"
        elif at_least_one_of:
            good, wanted = seen in at_least_one_of, " or ".join(map(str, at_least_one_of))
        else:
            good, wanted = seen == expected, str(expected)
        self._passed &= good
        self._say(f"  {'ok ' if good else 'NO '} {what:<88} {seen!s:>10}" + ("" if good else f"  expected {wanted}"))

    def _shops(self) -> list[Integration]:
        """The two shops of the first account."""
        return list(self._project.integrations.filter(title__in=[PRAGUE.title, BROOKLYN.title]))


def _status(url: str) -> int:
    with urllib.request.urlopen(url, timeout=30) as response:  # noqa: S310  our own program on this machine
        return int(response.status)


def _tab(orders: Any) -> str:
    return str(orders.values_list("tab", flat=True).get())


def _sentence(run: Run) -> str:
    seconds = (run.finished_at - run.started_at).total_seconds() if run.finished_at and run.started_at else 0
    return (
        f"{run.fetched} fetched, {run.created} created, {run.ignored} ignored, {run.failed} failed in {seconds:.1f} s"
    )
