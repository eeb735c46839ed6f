"""The run that tells one shop what waits for it.

1. Some crossings that are due are marked as being sent, in a transaction of their own.
2. Each is told, outside of any transaction; what came of it is written.
3. What was sent is looked for in the shop. One that is not there is sent again.

A worker that dies at 2 leaves crossings of which nobody knows whether the shop has them: the next one - whose claim has
another token - asks the shop before it tells it again. So does everybody at a second try.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from django.db.models import Q

from config.kit import true_time
from integrations.choices import CrossingKind, CrossingState
from integrations.connectors.contract import Creation, Shipments, Shop
from integrations.connectors.errors import Failure, NotNow, ShopError
from integrations.connectors.http import Operation
from integrations.connectors.outward import Crossed, Dispatch, OrderCopy
from integrations.marketplaces import copies, echoes, landing
from integrations.marketplaces.copies import NotCopied
from integrations.models import Crossing, Integration, RemoteOrder, Run
from integrations.pushes import outcomes, wanted
from integrations.pushes.outcomes import Told
from integrations.runs.claims import Claim
from integrations.runs.pages import RunPage, Written
from integrations.shops.ask import ask
from orders.models import Invoice, Order, Shipment

T = TypeVar("T")
Ask = Callable[[Operation[T]], T]

AT_ONCE = 20
# So many in a row that could not be told: it is the shop that is away.
AWAY_AFTER = 3
NOT_LIVE = "Nothing goes out: it is not switched live."
NOTHING = "Nothing to tell."
ERASED = "What it is about is not here any more."
PARTS = "The shop takes no parts of orders: it is told when all of it has left."


def outgoing_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """The next step of telling a shop."""
    cursor = run.cursor or {}
    if not integration.live:
        return RunPage(done=True, note=NOT_LIVE, asked=False)
    if marked := cursor.get("send"):
        return _send(held, integration, marked, known=cursor.get("token") == held.token, strict=cursor.get("strict"))
    if due := due_at(integration):
        following = {"send": due, "token": held.token, "strict": bool(cursor.get("strict"))}
        return RunPage(following, lambda _: _mark(due), asked=False)
    if unchecked := _unchecked(integration):
        return _check(held, integration, unchecked)
    return RunPage(done=True, note="" if run.updated or run.failed or run.unchanged else NOTHING, asked=False)


def due() -> Q:
    """Crossings that are to be told now."""
    open_ones = Q(state__in=[CrossingState.WAITING, CrossingState.SENDING]) | Q(state=CrossingState.FAILED)
    return open_ones & Q(next_try_at__lte=true_time.now())


def due_at(integration: Integration) -> list[int]:
    return list(
        integration.crossings.filter(due()).order_by("next_try_at", "pk").values_list("pk", flat=True)[:AT_ONCE]
    )


def _mark(ids: Sequence[int]) -> Written:
    # One that a run has left behind may be in the shop.
    left_behind = Crossing.objects.filter(pk__in=ids, state=CrossingState.SENDING, first_try_at=None)
    left_behind.update(first_try_at=true_time.now())
    Crossing.objects.filter(pk__in=ids).update(state=CrossingState.SENDING)
    return Written()


def _send(held: Claim, integration: Integration, ids: Sequence[int], *, known: bool, strict: Any) -> RunPage:
    """Tell the shop of each. Raises ShopError only where nothing was told before it."""
    asking: Ask[Any] = partial(ask, integration, held=held)
    rows = Crossing.objects.in_bulk(ids)
    told: list[Told] = []
    begun = set[int]() if known else set(ids)  # of which nobody knows whether the shop has them
    away = 0
    for row in (rows[pk] for pk in ids if pk in rows):
        try:
            told.append(_tell(integration, row, asking, unsure=not known or row.first_try_at is not None))
            away = 0
        except ShopError as error:
            whole = isinstance(error, NotNow) or error.kind in {Failure.CREDENTIALS, Failure.ADDRESS, Failure.BUSY}
            if (whole or strict) and not told:
                raise
            if whole:
                begun.add(row.pk)
                break
            told.append(Told(row.pk, row.version, error=error))
            away = away + 1 if error.passes else 0
            if away == AWAY_AFTER:
                break
    left = [pk for pk in ids if pk in rows and pk not in {each.crossing_id for each in told}]

    def write(_: int) -> Written:
        at = true_time.now()
        for each in told:
            outcomes.record(each, at)
        landing.landed(integration, [each.crossing_id for each in told if each.crossed is not None])
        Crossing.objects.filter(pk__in=begun.intersection(left), first_try_at=None).update(first_try_at=at)
        Crossing.objects.filter(pk__in=left).update(state=CrossingState.WAITING)
        failed = sum(each.error is not None for each in told)
        sent = sum(each.crossed is not None for each in told)
        return Written(
            {"fetched": len(told), "updated": sent, "failed": failed, "unchanged": len(told) - sent - failed}
        )

    return RunPage({"strict": True} if away == AWAY_AFTER else {}, write)


def _tell(integration: Integration, row: Crossing, asking: Ask[Any], *, unsure: bool) -> Told:
    """One try. Raises ShopError."""
    try:
        operation = _operation(integration, row, unsure=unsure)
    except NotCopied as obstacle:
        raise ShopError(Failure.REFUSED, str(obstacle)) from obstacle
    if isinstance(operation, str):
        return Told(row.pk, row.version, reason=operation)
    return Told(row.pk, row.version, asking(operation))


def _order(shop: Shop, ways: Creation, copy: OrderCopy) -> Operation[Crossed]:
    found = yield from ways.find(shop, copy.reference)
    return found or (yield from ways.create(shop, copy))


def _operation(integration: Integration, row: Crossing, *, unsure: bool) -> Operation[Crossed] | str:
    """What tells the shop; or why there is nothing to tell, a sentence. Raises ShopError."""
    ways, shop = integration.connector.outward, integration.shop()
    if row.kind == CrossingKind.ORDER and ways.creation is not None:
        remote = RemoteOrder.objects.filter(pk=row.subject).select_related("integration").first()
        if remote is None or not remote.payload:
            return ERASED
        return _order(shop, ways.creation, copies.copy_of(remote, integration))
    if row.kind == CrossingKind.SHIPMENT and ways.shipments is not None:
        shipment = Shipment.objects.filter(pk=row.subject, cancelled_at=None).select_related("order").first()
        if shipment is None:
            return ERASED
        dispatch = _dispatch(integration, shipment)
        if not ways.shipments.parts and not dispatch.completes:
            return PARTS
        return _shipment(shop, ways.shipments, dispatch, row.remote_id, unsure=unsure)
    if row.kind == CrossingKind.PAYMENT and ways.pay is not None:
        order = Order.objects.filter(pk=row.subject, remote_order__isnull=False).first()
        return ERASED if order is None else ways.pay(shop, _remote_id(order), wanted.paid_of(order))
    if row.kind == CrossingKind.PAPER and ways.name_paper is not None:
        invoice = Invoice.objects.filter(pk=row.subject).select_related("order").first()
        return ERASED if invoice is None else ways.name_paper(shop, _remote_id(invoice.order), wanted.paper_of(invoice))
    return outcomes.CANNOT


def _dispatch(integration: Integration, shipment: Shipment) -> Dispatch:
    """The shipment in the words of the shop that its order came from, or of the marketplace behind it."""
    dispatch = wanted.dispatch_of(integration, shipment, _remote_id(shipment.order))
    if shipment.order.integration_id == integration.pk:
        return dispatch
    return copies.in_the_marketplaces_words(dispatch, echoes.origins_of([shipment.order])[shipment.order_id])


def _remote_id(order: Order) -> str:
    """What the shop calls an order of the book that came from it."""
    return RemoteOrder.objects.values_list("external_id", flat=True).get(order=order)


def _shipment(shop: Shop, ways: Shipments, dispatch: Dispatch, remote_id: str, *, unsure: bool) -> Operation[Crossed]:
    if not remote_id and unsure:
        found = yield from ways.find(shop, dispatch)
        if found is not None:
            return found
    if not remote_id:
        return (yield from ways.send(shop, dispatch))
    if ways.correct is None:
        return Crossed(remote_id, "The shop cannot change a shipment it knows: put carrier and number right there.")
    return (yield from ways.correct(shop, remote_id, dispatch))


def _unchecked(integration: Integration) -> list[int]:
    sent = integration.crossings.filter(state=CrossingState.SENT, checked_at=None)
    return list(sent.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])


def _check(held: Claim, integration: Integration, ids: Sequence[int]) -> RunPage:
    """Look for what was sent. Raises ShopError where nothing was looked at before it."""
    asking: Ask[Any] = partial(ask, integration, held=held)
    seen: dict[int, bool] = {}
    for row in Crossing.objects.filter(pk__in=ids).order_by("pk"):
        try:
            seen[row.pk] = _is_there(integration, row, asking)
        except ShopError as error:
            waits = error.passes or error.kind in {Failure.CREDENTIALS, Failure.ADDRESS}
            if waits and not seen:
                raise
            if waits:
                break
            seen[row.pk] = error.kind != Failure.NOT_FOUND
        except NotCopied:
            seen[row.pk] = True  # its document is gone meanwhile: there is nothing left to compare with

    def write(_: int) -> Written:
        at = true_time.now()
        for pk, there in seen.items():
            outcomes.checked(pk, there=there, at=at)
        return Written({"failed": sum(not there for there in seen.values())})

    return RunPage({}, write)


def _is_there(integration: Integration, row: Crossing, asking: Ask[Any]) -> bool:
    ways = integration.connector.outward
    if row.kind == CrossingKind.ORDER and ways.creation is not None:
        remote = RemoteOrder.objects.filter(pk=row.subject).select_related("integration").first()
        made = remote and asking(ways.creation.find(integration.shop(), copies.reference_of(remote)))
        return remote is None or made is not None
    if row.kind != CrossingKind.SHIPMENT or ways.shipments is None:
        return True  # payments and papers look first and last by themselves
    shipment = Shipment.objects.filter(pk=row.subject, cancelled_at=None).select_related("order").first()
    if shipment is None:
        return True
    dispatch = _dispatch(integration, shipment)
    return asking(ways.shipments.find(integration.shop(), dispatch)) is not None
