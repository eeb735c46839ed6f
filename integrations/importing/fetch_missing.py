"""Import Orders: fetch orders that are missing here into the pending list, where a person decides about each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import F

from config.kit import true_time
from config.kit.plurals import counted
from integrations.choices import IntegrationHealth, RemoteState, RunKind
from integrations.connectors.contract import Paging
from integrations.connectors.listings import OrderPage, Window
from integrations.importing.faulty_pages import broken, next_page
from integrations.importing.orders_page import import_page
from integrations.importing.payloads import Candidate, read_page
from integrations.importing.rules import SETTLED, Mode
from integrations.models import Integration, RemoteOrder, Run
from integrations.runs import control
from integrations.runs.claims import Claim
from integrations.runs.control import RunRefused
from integrations.runs.pages import RunPage
from integrations.shops.ask import ask

HOURS = range(1, 7)
LONGEST_ID = 100


def request_order(integration: Integration, order_id: str, *, user_id: int | None = None) -> Run:
    """Fetch exactly one order, by its number or its id in the shop. Raises RunRefused with a sentence."""
    order_id = order_id.strip()
    if not order_id:
        raise RunRefused("Enter the order's number, or its id in the shop.")
    if len(order_id) > LONGEST_ID or not order_id.isprintable():
        raise RunRefused(f"That is no order number: at most {LONGEST_ID} visible characters.")
    return _request(integration, user_id, None, {"order": order_id})


def request_hours(integration: Integration, hours: int, *, user_id: int | None = None) -> Run:
    """Fetch what was created or modified in the last 1 to 6 hours. Raises RunRefused with a sentence."""
    if hours not in HOURS:
        raise RunRefused(f"Choose between {HOURS[0]} and {HOURS[-1]} hours; “Load new orders” reaches further back.")
    return _request(integration, user_id, true_time.now() - timedelta(hours=hours), {"hours": hours})


def _request(integration: Integration, user_id: int | None, since: datetime | None, scope: dict[str, object]) -> Run:
    if integration.connector.by_files:
        raise RunRefused(f"{integration} cannot be asked for orders: they come in files, by its feeds.")
    if not integration.enabled:
        raise RunRefused(f"{integration} is switched off: switch it on in its settings first.")
    if integration.health == IntegrationHealth.CREDENTIALS:
        raise RunRefused(control.REJECTED.format(integration))
    return control.request(RunKind.IMPORT_ORDERS, integration, user_id=user_id, since=since, scope=scope)


def fetch_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """One page of what was asked for; the last one tells what came of it."""
    cursor = run.cursor or {}
    if cursor.get("done"):
        return RunPage(
            done=True, note=_sentence(integration, run, Counter(cursor["seen"]), cursor.get("shown", "")), asked=False
        )
    page, size = _fetch(held, run, integration, cursor)
    candidates = read_page(integration.connector, integration.reader(), page.payloads)
    candidates += map(broken, page.broken)
    seen = Counter(cursor.get("seen", {})) + _states(integration, candidates)
    done = page.next is None
    shown = candidates[0].external_id if candidates else ""
    reached = {"at": page.next, "done": done, "size": size, "seen": dict(seen), "shown": shown}
    return replace(
        import_page(integration, candidates, reached, mode=Mode.REVIEW),
        done=done,
        note=_sentence(integration, run, seen, shown) if done else "",
        total=page.total,
        until=page.until or run.until,
    )


def _fetch(held: Claim, run: Run, integration: Integration, cursor: dict[str, Any]) -> tuple[OrderPage, int | None]:
    """The page, and the size of the next."""
    connector, shop = integration.connector, integration.shop()
    if "order" not in run.scope:
        if run.since is None:
            raise ValueError("without an order there is a window")
        at = cursor.get("at")
        drive = partial(ask, integration, held=held)
        return next_page(connector, shop, Window(run.since, run.until), at, cursor.get("size"), run.failures, drive)
    for look in looks(integration, run.scope["order"]):
        found = ask(integration, look(), held=held)
        if found.payloads:
            break
    return OrderPage(found.payloads, None, len(found.payloads)), None


def looks(integration: Integration, wanted: str) -> list[Callable[[], Paging]]:
    """The ways to ask a shop for an order by its number or its id, the surest first. Raises ShopError."""
    orders, shop = integration.connector.orders, integration.shop()
    ours = _on_record(integration, wanted)
    ways = [partial(orders.by_ids, shop, (ours.external_id,))] if ours else []
    return [*ways, partial(orders.by_number, shop, wanted), partial(orders.by_ids, shop, (wanted,))]


def _on_record(integration: Integration, number: str) -> RemoteOrder | None:
    """The newest order of this number that the shop has shown us: some shops cannot be asked for a number."""
    # Numbers are no keys: PayPal's are the invoice numbers that its merchants give, some of them twice.
    newest = (F("placed_at").desc(nulls_last=True), "-id")
    found = RemoteOrder.objects.filter(project_id=integration.project_id, integration=integration, number=number)
    return found.select_related("order").defer("payload", "taken").order_by(*newest).first()


def _states(integration: Integration, candidates: list[Candidate]) -> Counter[str]:
    """What was on record of these orders before: how many in each state, "new" for those never seen."""
    ids = [candidate.external_id for candidate in candidates]
    known = dict(
        RemoteOrder.objects.filter(integration=integration, external_id__in=ids).values_list("external_id", "state")
    )
    settled = {key: state for key, state in known.items() if state in SETTLED}
    return Counter(
        settled.get(seen.external_id) or (known.get(seen.external_id, "new") if seen.order else "unreadable")
        for seen in candidates
    )


def _sentence(integration: Integration, run: Run, seen: Counter[str], shown: str) -> str:
    """What a person is told at the end. `shown`: the id of the last page's first order."""
    total = sum(seen.values())
    ours = _on_record(integration, run.scope["order"]) if "order" in run.scope else None
    if ours and shown in {"", ours.external_id} and not seen["unreadable"] and not seen["new"]:
        return _where(ours, next(iter(seen), None))
    if not total and "order" in run.scope:
        return _not_found(integration, run)
    if not total:
        return f"{integration} has no order created or modified in the last {counted(run.scope['hours'], 'hour')}."
    fetched = seen["new"] + seen[RemoteState.FAILED] + seen[RemoteState.IGNORED]
    parts = [f"{counted(fetched, 'order')} fetched as Pending" if fetched else "Nothing new"]
    if seen[RemoteState.IMPORTED]:
        parts.append(f"{counted(seen[RemoteState.IMPORTED], 'order')} left out: in the book already")
    if seen[RemoteState.PENDING]:
        parts.append(f"{counted(seen[RemoteState.PENDING], 'order')} pending already")
    if seen[RemoteState.HANDED_ON]:
        parts.append(f"{counted(seen[RemoteState.HANDED_ON], 'order')} handed on into another shop before")
    if seen[RemoteState.DISMISSED]:
        parts.append(
            f"{counted(seen[RemoteState.DISMISSED], 'order')} marked as cancel before: take that back to import"
        )
    if seen["unreadable"]:
        parts.append(f"{counted(seen['unreadable'], 'order')} unreadable: see the items in error")
    return "; ".join(parts) + "."


def _where(row: RemoteOrder, before: str | None) -> str:
    """Where an order on record is. `before`: its state when the shop showed it again; None: it did not."""
    state = before or row.state
    if before in {RemoteState.FAILED, RemoteState.IGNORED}:
        was = RemoteState(before).label
        return f"Order {row} was found by its number in our own records ({was}) and fetched as Pending."
    if state == RemoteState.IMPORTED:
        order = getattr(row, "order", None)
        said = f"is in the book already{f', as {order} ({order.get_status_display()})' if order else ''}"
    elif state == RemoteState.PENDING:
        said = "is pending already"
    elif state == RemoteState.HANDED_ON:
        said = "was handed on into another shop, and comes into the book from there"
    elif state == RemoteState.DISMISSED:
        said = "was marked as cancel before: take that back to import"
    else:
        said = f"is in our own records ({RemoteState(state).label})"
    return f"Order {row} {said}." if before else f"Order {row} {said}. The shop does not show it any more."


def _not_found(integration: Integration, run: Run) -> str:
    """There is no such order; it may be another store's."""
    wanted = run.scope["order"]
    elsewhere = (
        RemoteOrder.objects.filter(project_id=run.project_id, number=wanted)
        .exclude(integration=integration)
        .values_list("integration__title", flat=True)
        .first()
    )
    if elsewhere:
        return (
            f"{integration} has no order “{wanted}”. There is one with this number at {elsewhere}: choose that store."
        )
    hint = "check the number, and that it was placed in this store. Orders in the trash of a shop are not shown to us."
    looked_through = integration.connector.orders.looked_through
    if looked_through:
        return (
            f"Order “{wanted}” was not found at {integration}: {hint} The shop cannot look for every number:"
            f" {looked_through} were looked through, and our own records. Any order is found by its id in the shop."
        )
    return f"{integration} has no order “{wanted}”: {hint}"
