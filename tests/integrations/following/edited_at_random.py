"""A simulated shop that is edited at random while it is loaded, and its orders in the book worked on meanwhile.

`Play.faults` asks the shop once more, past the engine, and names each order that neither says the same here nor is
marked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User

from config.kit.amounts import amount
from integrations import client, jobs
from integrations.choices import Role, RunKind, RunState
from integrations.connectors.http import Operation
from integrations.following import newer
from integrations.following.keeping import keep_ours
from integrations.importing import synchronize
from integrations.importing.load import request_load
from integrations.importing.payloads import Candidate, digest_of, read, read_stored
from integrations.importing.statuses import meaning
from integrations.models import Integration, OrderHint, RemoteOrder, Run
from integrations.runs import control
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator import dialects
from integrations.simulator.catalogue import BUYERS, PRODUCTS
from integrations.simulator.limits import Limit
from integrations.simulator.sales import Amended
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop
from orders.choices import OrderStatus
from orders.intake.incoming import IncomingOrder
from orders.models import Order
from orders.work import editing, invoicing, lifecycle, notes, shipping
from orders.work.changing import ChangeRefused
from orders.work.worked_on import worked_on
from tests.factories import IntegrationFactory, give_stock, member
from tests.recorded import from_site, serve

SKUS = [product.sku for product in PRODUCTS if product.sku]
STATUSES = (
    "pending",
    "processing",
    "processing",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
)
# Platforms where "modified" stays when an address is changed.
ADDRESSES_UNSTAMPED = {"magento1", "magento2"}
OPEN = {OrderStatus.PROCESSING, OrderStatus.ON_HOLD}
# Of the hours behind us in which the shop is edited; PayPal brings changes of closed payments for a day.
BEGAN = timedelta(hours=22)
SPAN = timedelta(hours=20)
# After which every platform lists everything.
LISTED = timedelta(minutes=45)
# Fields of an order that are compared, besides its status and lines.
FIELDS: dict[str, Callable[[IncomingOrder], Any]] = {
    "number": lambda told: told.number,
    "currency": lambda told: told.currency,
    "total": lambda told: amount(told.total),
    "tax_total": lambda told: amount(told.tax_total),
    "shipping_total": lambda told: amount(told.shipping_total),
    "refunded_total": lambda told: amount(told.refunded_total),
    "payment_code": lambda told: told.payment_code,
    "shipping_title": lambda told: told.shipping_title,
    "note": lambda told: told.note,
    "email": lambda told: told.email,
    "billing": lambda told: msgspec.to_builtins(told.billing),
    "shipping": lambda told: msgspec.to_builtins(told.shipping),
}


class Play:
    """One shop of a platform, its integration, and chance."""

    def __init__(self, platform: str, seed: int, edits: int, patch: pytest.MonkeyPatch) -> None:
        self.chance = Random(f"{platform} {seed}")
        self.now = datetime.now(UTC) - BEGAN
        self.step = SPAN / edits
        self.shop = SimulatedShop("Edited", seed=seed + 3, clock=lambda: self.now)
        self.site = SimulatedSite(self.shop, platform)
        self.shop.limit = Limit()
        keys = Secrets(**dialects.get(platform).keys(self.shop))
        self.integration: Integration = IntegrationFactory.create(platform=platform, credentials=keys)
        set_up(self.integration)
        give_stock(self.integration.project, **{sku.replace("-", "_"): 60 for sku in SKUS[::2]})
        self.person: User = member(self.integration.project.account, Role.ORDER_STAFF)
        self.unseen: set[int] = set()
        """Sales changed without a stamp since the last change that moved it."""
        self.bases: dict[int, IncomingOrder] = {}
        """What the shop said when somebody last worked on an order here, as far as that was known here."""
        self.counts = dict.fromkeys(("same", "marked", "gone"), 0)
        patch.setattr(client, "drive", self._drive)

    def _drive(self, operation: Operation[Any], **_: Any) -> Any:
        return serve(operation, lambda request: from_site(self.site, request))[0]

    # --- in the shop ---

    def edit(self) -> None:
        """One edit, some time after the last."""
        self.now += self.step * self.chance.choice([0, 0.5, 1, 1, 2])
        ways: list[tuple[Callable[[int], None], int]] = [
            (self._status, 6), (self._lines, 4), (self._address, 3), (self._note, 3), (self._half, 2),
            (self._refund, 3), (self._touch, 1), (self._trash, 1), (self._delete, 1),
        ]  # fmt: skip
        if len(self.shop.sales) < 8 or self.chance.random() < 0.25:
            self.shop.place(self.chance.choice(STATUSES), self._basket())
            return
        [way] = self.chance.choices([way for way, _ in ways], [weight for _, weight in ways])
        way(self.chance.choice(list(self.shop.sales)))

    def _basket(self) -> dict[str, int]:
        return {sku: self.chance.randint(1, 3) for sku in self.chance.sample(SKUS, self.chance.randint(1, 3))}

    def _change(self, sale: int, status: str | None = None, *, refund: float = 0, **amended: Any) -> None:
        stamped = self.chance.random() < 0.75
        if self.integration.platform in ADDRESSES_UNSTAMPED and set(amended) == {"buyer"}:
            stamped = False
        whole = Amended(**amended) if amended else None
        self.shop.change(sale, status, refund=refund, amended=whole, stamped=stamped)
        (self.unseen.discard if stamped else self.unseen.add)(sale)

    def _status(self, sale: int) -> None:
        self._change(sale, self.chance.choice(STATUSES))

    def _lines(self, sale: int) -> None:
        self._change(sale, skus=tuple(self._basket().items()))

    def _address(self, sale: int) -> None:
        self._change(sale, buyer=self.chance.randrange(len(BUYERS)))

    def _note(self, sale: int) -> None:
        self._change(sale, note=f"Ring {self.chance.randint(1, 99)} times")

    def _half(self, sale: int) -> None:
        """Saved in steps: what came before may be taken for the whole in between."""
        self._change(sale, half=self.chance.random() < 0.4)

    def _refund(self, sale: int) -> None:
        paid_back = sum(change.refund for change in self.shop.sales[sale].changes)
        self._change(sale, refund=min(1 - paid_back, self.chance.choice([0.25, 0.5, 1])))

    def _touch(self, sale: int) -> None:
        self._change(sale)

    def _trash(self, sale: int) -> None:
        self._change(sale, "trash")

    def _delete(self, sale: int) -> None:
        self.shop.delete(sale)

    # --- the engine ---

    def engine(self) -> None:
        self.chance.choice([self.load, self.load, self.reread, self.hints, self._synchronize])()

    def load(self) -> None:
        self._work(request_load(self._fresh()))

    def reread(self) -> None:
        RemoteOrder.objects.update(first_seen_at=self.now - timedelta(days=2))
        self._work(control.request(RunKind.OPEN_ORDERS, self._fresh()))

    def hints(self) -> None:
        """A few orders, told of by webhook long enough ago to be listed."""
        names = list(RemoteOrder.objects.order_by("pk").values_list("external_id", flat=True))
        at = datetime.now(UTC) - timedelta(hours=9)
        OrderHint.objects.bulk_create(
            [
                OrderHint(integration=self.integration, external_id=name, first_at=at, last_at=at, look_at=at)
                for name in self.chance.sample(names, min(3, len(names)))
            ],
            ignore_conflicts=True,
        )
        OrderHint.objects.update(look_at=at)
        self._work(control.request(RunKind.WEBHOOK_ORDERS, self._fresh()))

    def _synchronize(self) -> None:
        orders = list(Order.objects.order_by("pk"))
        chosen = self.chance.sample(orders, min(2, len(orders)))
        if not chosen:
            return
        [run] = synchronize.request(self.integration.project_id, [order.pk for order in chosen]).runs
        self._work(run)
        for order in chosen:
            if _settled(order.pk):  # whoever asked for it was told what could not be taken over
                self._base(order.pk)

    def _fresh(self) -> Integration:
        self.integration.refresh_from_db()
        return self.integration

    def _work(self, run: Run) -> None:
        for _ in range(30):
            jobs.work(run.pk)
            run.refresh_from_db()
            if run.state not in {RunState.WAITING, RunState.RUNNING}:
                break
            Run.objects.filter(pk=run.pk).update(next_attempt_at=None)
        assert run.state == RunState.SUCCEEDED, (run.kind, run.state, run.reason)

    # --- people ---

    def staff(self) -> None:
        """One step of somebody with an order; many are not allowed, which is as it should be."""
        order = self._any()
        if order is None:
            return
        steps: list[Callable[[Order], object]] = [self._held, self._noted, self._shipped, self._invoiced, self._edited]
        if order.shop_changed_at is not None and self.chance.random() < 0.5:
            steps = [self._kept]
        before = self._known(order.pk)
        with suppress(ChangeRefused):
            self.chance.choice(steps)(order)
        if before is not None and worked_on([order.pk]):
            if steps == [self._kept]:
                self._base(order.pk)
            self.bases.setdefault(order.pk, before)

    def _any(self) -> Order | None:
        orders = list(Order.objects.order_by("pk"))
        return self.chance.choice(orders) if orders else None

    def _held(self, order: Order) -> None:
        step = lifecycle.release if order.status == OrderStatus.ON_HOLD else lifecycle.hold
        step(order.pk, actor_id=self.person.pk)

    def _noted(self, order: Order) -> None:
        notes.add_note(order.pk, "call back", seen=0, author_id=self.person.pk)

    def _shipped(self, order: Order) -> None:
        ready = order.lines.filter(reserved__gt=0).first()
        if ready is not None:
            shipping.ship(order.pk, {ready.pk: 1}, actor_id=self.person.pk)

    def _invoiced(self, order: Order) -> None:
        invoicing.issue(order.pk, actor_id=self.person.pk)

    def _edited(self, order: Order) -> None:
        editing.edit_note(order.pk, f"ours {self.chance.randint(1, 99)}", actor_id=self.person.pk)

    def _kept(self, order: Order) -> None:
        remote = RemoteOrder.objects.get(order=order)
        keep_ours(order, bytes(remote.digest).hex(), version=order.version, actor_id=self.person.pk)

    def _known(self, order_id: int) -> IncomingOrder | None:
        """What the shop said, as far as the order is up to it."""
        remote = RemoteOrder.objects.get(order=order_id)
        document = remote.taken or remote.payload
        return read_stored(self.integration.connector, self.integration.reader(), document).order

    def _base(self, order_id: int) -> None:
        remote = RemoteOrder.objects.get(order=order_id)
        told = read_stored(self.integration.connector, self.integration.reader(), remote.payload).order
        if told is not None:
            self.bases[order_id] = told

    # --- the end ---

    def finish(self) -> None:
        self.now += LISTED
        self.load()
        self.reread()

    def faults(self) -> list[str]:
        """What the book says otherwise than the shop without a mark, or marks without a reason."""
        told = self._told()
        names = {
            dialects.get(self.integration.platform).external_id(self.shop, sale): sale.id
            for sale in self.shop.visible()
        }
        silent = {name for name, sale in names.items() if sale in self.unseen}
        actions = dict(self.integration.rules.values_list("status", "action"))
        orders = list(Order.objects.select_related("remote_order").prefetch_related("lines").order_by("pk"))
        busy = worked_on([order.pk for order in orders])
        found = []
        for order in orders:
            assert order.remote_order is not None
            key = order.remote_order.external_id
            closed = order.status not in OPEN
            if (order.shop_gone_at is None) != (key in told) and not (closed and order.shop_gone_at is None):
                found.append(f"{order.number} is {'gone' if key not in told else 'there'} in the shop, and not here")
            if key not in told:
                self.counts["gone"] += order.shop_gone_at is not None
                continue
            if closed and key in silent:
                continue  # nothing tells of it, and nobody asks
            found += [
                f"{order.number} ({order.status}): {what}"
                for what in self._order(order, told[key], actions, order.pk in busy)
            ]
        return found

    def _told(self) -> dict[str, Candidate]:
        """What the shop says now of all orders in the book."""
        connector, found = self.integration.connector, {}
        names = list(RemoteOrder.objects.filter(order__isnull=False).values_list("external_id", flat=True))
        most = connector.capabilities.orders_by_ids
        for start in range(0, len(names), most):
            page = self._drive(connector.orders.by_ids(self.integration.shop(), tuple(names[start : start + most])))
            for payload in page.payloads:
                seen = read(connector, self.integration.reader(), payload, digest_of(payload))
                found[seen.external_id] = seen
        return found

    def _order(self, order: Order, seen: Candidate, actions: dict[str, str], busy: bool) -> Iterator[str]:
        """What is wrong with one order, as its shop has it now."""
        marked = order.shop_changed_at is not None
        if seen.order is None:
            if not marked:
                yield "what cannot be read leaves no mark"
            return
        follow = meaning(self.integration, seen.status, actions.get(seen.status))
        differs = set(_differing(order, seen.order))
        if follow not in {None, order.status} and not (follow in OPEN and _paid_back(order, seen.order)):
            differs.add("status")
        base = self.bases.get(order.pk)
        if base is not None:
            news = _news(base, seen.order) | ({"status"} if base.status != seen.order.status else set())
            differs &= news
        self.counts["marked" if marked else "same"] += 1
        if differs and not marked:
            yield f"not marked, though it differs in {sorted(differs)}"
        if marked and not newer.differs_now(self.integration, order):
            yield "marked, though nothing differs"
        shipped = any(line.shipped for line in order.lines.all())
        in_the_way = OrderStatus.COMPLETE in {order.status, follow} or shipped
        if differs and not busy and not in_the_way:
            yield f"has not followed in {sorted(differs)}"


def _settled(order_id: int) -> bool:
    return Order.objects.filter(pk=order_id, shop_changed_at=None, shop_gone_at=None).exists()


def _differing(order: Order, told: IncomingOrder) -> Iterator[str]:
    for name, value in FIELDS.items():
        if getattr(order, name) != value(told):
            yield name
    lines = sorted((line.key, line.sku, line.quantity, line.total, line.tax) for line in order.lines.all())
    if lines != _lines(told):
        yield "lines"
    refunded = {line.key: line.refunded for line in told.lines}
    if order.status in OPEN and any(
        line.cancelled < min(refunded.get(line.key, 0), line.quantity - line.shipped) for line in order.lines.all()
    ):
        yield "lines"


def _paid_back(order: Order, told: IncomingOrder) -> bool:
    """Whether all that is not shipped was paid back, so that nothing is open here whatever the shop calls it."""
    refunded = {line.key: line.refunded for line in told.lines}
    left = [line.quantity - line.shipped - refunded.get(line.key, 0) for line in order.lines.all()]
    return any(refunded.values()) and max(left, default=0) <= 0


def _lines(told: IncomingOrder) -> list[tuple[Any, ...]]:
    return sorted((line.key, line.sku, line.quantity, amount(line.total), amount(line.tax)) for line in told.lines)


def _news(before: IncomingOrder, after: IncomingOrder) -> set[str]:
    """In what the shop has changed the order between two answers."""
    found = {name for name, value in FIELDS.items() if value(before) != value(after)}
    refunds = [[line.refunded for line in told.lines] for told in (before, after)]
    return found | ({"lines"} if _lines(before) != _lines(after) or refunds[0] != refunds[1] else set())
