"""Synchronize orders of the book with their shops: one after a preview, or up to 100 at once in a run."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from django.db import transaction

from config.kit import true_time
from config.kit.isolating import apart, place_of
from config.kit.refusals import Refused
from integrations.choices import IntegrationHealth, RunKind
from integrations.connectors.errors import ShopError
from integrations.following import gone, newer
from integrations.importing import mapping, remote_orders
from integrations.importing.faulty_pages import broken, by_ids
from integrations.importing.mapping import Mapping
from integrations.importing.payloads import Candidate, digest_of, read, read_page
from integrations.importing.statuses import meaning
from integrations.models import Integration, RemoteOrder, Run
from integrations.runs import control
from integrations.runs.claims import Claim
from integrations.runs.control import RunRefused
from integrations.runs.pages import NOT_STORABLE, RunPage, Written
from integrations.shops.ask import ask
from orders.choices import Part
from orders.intake.drafts import Obstacle
from orders.models import Order
from orders.work.refresh import overwrite
from orders.work.refresh.overwrite import Refreshed, RefreshOutcome, ShopAnswer
from stock.ledger import lock_project

logger = logging.getLogger(__name__)

MOST_AT_ONCE = 100
GONE = "The shop no longer has this order: it was deleted or moved to the trash there. It stays as it is here."


class SyncRefused(Refused):
    """The order cannot be synchronised; the message is for staff."""


NOT_GIVEN = "The shop has not given this order just now, which is no proof that it is gone: try again in a moment."


@dataclass(frozen=True)
class SyncLook:
    """What synchronising would do, and which answer of the shop that was."""

    seen: str
    """The digest of the answer, for `synchronize`."""
    result: Refreshed


# --- one order ---


def look(order: Order) -> SyncLook:
    """Ask the shop for an order and say what synchronising would change; only the remote order is brought up to date.

    Raises SyncRefused.
    """
    integration, remote = _source(order)
    try:
        operation = integration.connector.orders.by_ids(integration.shop(), (remote.external_id,))
        page = ask(integration, operation)
        candidates = read_page(integration.connector, integration.reader(), page.payloads)
        seen = next((each for each in candidates if each.external_id == remote.external_id), None)
        missing = [] if seen else gone.confirmed(integration, [remote.external_id], (), partial(ask, integration))
    except ShopError as error:
        raise SyncRefused(str(error)) from error
    if seen is None:
        with transaction.atomic():
            gone.mark(integration, missing)
        raise SyncRefused(GONE if missing else NOT_GIVEN)
    with transaction.atomic():
        lock_project(integration.project_id)
        _keep(integration, seen)
    return SyncLook(seen.digest.hex(), overwrite.preview(order.pk, _settings(integration, [seen]).answer(seen)))


def synchronize(order: Order, seen: str, *, version: int, actor_id: int) -> Refreshed:
    """Write what `look` has shown. Raises SyncRefused when the shop has said something else since.

    Raises `orders.work.changing.ChangedMeanwhile` when the order was changed here since.
    """
    integration, remote = _source(order)
    payload = remote.payload.encode()
    if digest_of(payload).hex() != seen:
        raise SyncRefused("The shop has sent a newer version of this order meanwhile: look at what changes once more.")
    kept = read(integration.connector, integration.reader(), payload, digest_of(payload))
    answer = _settings(integration, [kept]).answer(kept)
    done = overwrite.refresh(order.pk, answer, actor_id=actor_id, seen=version)
    if done.outcome == RefreshOutcome.REFUSED:
        raise SyncRefused(done.sentence)
    return done


def _source(order: Order) -> tuple[Integration, RemoteOrder]:
    """Where an order came from. Raises SyncRefused for those of no shop, or of one that cannot be asked."""
    if order.integration_id is None or order.remote_order_id is None:
        raise SyncRefused("This order came by the API: there is no shop to synchronize it with.")
    integration = Integration.objects.select_related("project__account").get(pk=order.integration_id)
    reason = _unreadable(integration)
    if reason:
        raise SyncRefused(reason)
    return integration, RemoteOrder.objects.get(pk=order.remote_order_id)


def _unreadable(integration: Integration) -> str:
    if integration.connector.by_files:
        return f"{integration} cannot be asked for orders: what it says comes in files."
    if not integration.enabled:
        return f"{integration} is switched off: switch it on in its settings first."
    if integration.health == IntegrationHealth.CREDENTIALS:
        return control.REJECTED.format(integration)
    return ""


@dataclass(frozen=True)
class _Settings:
    """The mapping and rules of now, read once for a page of answers."""

    integration: Integration
    words: Mapping
    actions: dict[str, str]

    def answer(self, seen: Candidate) -> ShopAnswer:
        """What a shop's answer means here. Raises SyncRefused."""
        if seen.order is None:
            raise SyncRefused(seen.error)
        ours = self.words.apply(seen.order)
        if isinstance(ours, Obstacle):
            raise SyncRefused(ours.message)
        return ShopAnswer(
            ours,
            meaning(self.integration, seen.status, self.actions.get(seen.status)),
            frozenset(Part(part) for part in self.integration.ours_wins if part in Part.values),
            create_unknown_products=self.integration.unknown_products == "create",
        )


def _settings(integration: Integration, candidates: Iterable[Candidate]) -> _Settings:
    words = mapping.load(integration, [seen.order for seen in candidates if seen.order is not None])
    return _Settings(integration, words, dict(integration.rules.values_list("status", "action")))


def _keep(integration: Integration, seen: Candidate) -> None:
    """Bring the record up to date, as every sweep does; an older answer than the one on record is no news.

    The order is marked as changed until it is written, which somebody may decide against.
    """
    row = remote_orders.known(integration.pk, [seen.external_id]).get(seen.external_id)
    gone.back(integration, [seen.external_id])
    if row and row.digest != seen.digest and not (seen.stamp and row.stamp and seen.stamp < row.stamp):
        newer.keep_up(integration, [(row, seen)], true_time.now(), follow=False)


# --- up to a hundred ---


@dataclass(frozen=True)
class Requested:
    """The runs that were started, and a sentence for each order that has none."""

    runs: tuple[Run, ...]
    refusals: tuple[str, ...]


def request(project_id: int, order_ids: Sequence[int], *, user_id: int | None = None) -> Requested:
    """Start synchronising orders of a project, one run per shop. Raises SyncRefused above MOST_AT_ONCE."""
    if len(order_ids) > MOST_AT_ONCE:
        raise SyncRefused(
            f"At most {MOST_AT_ONCE} orders at once: {len(order_ids):,} were chosen, nothing was started."
        )
    by_shop: dict[int, list[int]] = {}
    refusals: list[str] = []
    rows = Order.objects.filter(project_id=project_id, pk__in=order_ids).order_by("remote_order_id")
    for order_id, integration_id, number in rows.values_list("pk", "integration_id", "number"):
        if integration_id is None:
            refusals.append(f"{number} came by the API: there is no shop to synchronize it with.")
        else:
            by_shop.setdefault(integration_id, []).append(order_id)
    started = []
    for integration in Integration.objects.filter(pk__in=by_shop).select_related("project"):
        reason = _unreadable(integration)
        try:
            if reason:
                raise RunRefused(reason)
            scope = {"orders": by_shop[integration.pk]}
            started.append(control.request(RunKind.SYNCHRONIZE, integration, user_id=user_id, scope=scope))
        except RunRefused as refusal:
            refusals.append(str(refusal))
    return Requested(tuple(started), tuple(refusals))


def synchronize_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """One request's worth of the orders of a run; each is written in its own savepoint, its result kept."""
    wanted: list[int] = run.scope["orders"]
    done = (run.cursor or {}).get("done", 0)
    chunk = wanted[done : done + integration.connector.capabilities.orders_by_ids]
    if not chunk:
        return RunPage(done=True, note=_summary(run.results), asked=False)
    orders = {order.pk: order for order in Order.objects.filter(pk__in=chunk).select_related("remote_order")}
    ids = {order.remote_order.external_id: pk for pk, order in orders.items() if order.remote_order is not None}
    connector, drive = integration.connector, partial(ask, integration, held=held)
    page = by_ids(connector, integration.shop(), tuple(ids), run.failures, drive)
    candidates = [*read_page(connector, integration.reader(), page.payloads), *map(broken, page.broken)]
    found = {seen.external_id: seen for seen in candidates}
    missing = gone.confirmed(integration, list(ids), found, drive)
    over = done + len(chunk) >= len(wanted)

    def write(run_id: int) -> Written:
        lock_project(integration.project_id)
        settings = _settings(integration, found.values())
        results = [
            _one(settings, orders[pk], found.get(key) or (GONE if key in missing else NOT_GIVEN), run.requested_by_id)
            for key, pk in ids.items()
        ]
        gone.mark(integration, missing)
        counts = {"fetched": len(ids), "updated": 0, "unchanged": 0, "failed": 0}
        for result in results:
            counts[COUNTED[RefreshOutcome(str(result["outcome"]))]] += 1
        together = [*run.results, *results]
        return Written(counts, together, _summary(together) if over else "")

    return RunPage({"done": done + len(chunk)}, write, done=over, total=len(wanted))


COUNTED = {
    RefreshOutcome.CHANGED: "updated",
    RefreshOutcome.SAME: "unchanged",
    RefreshOutcome.STALE: "unchanged",
    RefreshOutcome.REFUSED: "failed",
}


def _one(settings: _Settings, order: Order, seen: Candidate | str, actor_id: int | None) -> dict[str, object]:
    """Write one order; what keeps it from being written is its result, and stops none of the others.

    `seen`: the shop's answer, or the sentence that there is none.
    """

    def refresh() -> Refreshed:
        if isinstance(seen, str):
            raise SyncRefused(seen)
        _keep(settings.integration, seen)
        return overwrite.refresh(order.pk, settings.answer(seen), actor_id=actor_id)

    def refused(error: Exception) -> Refreshed:
        if isinstance(error, SyncRefused):
            return Refreshed(RefreshOutcome.REFUSED, str(error))
        if isinstance(error, NOT_STORABLE):
            sentence = "The shop's answer cannot be stored: correct the order in the shop."
            return Refreshed(RefreshOutcome.REFUSED, sentence)
        logger.error("Order %s could not be synchronized: %s", order.pk, place_of(error))
        return Refreshed(RefreshOutcome.REFUSED, f"A fault of Countinghouse ({place_of(error)}). Report it.")

    done = apart(refresh, refused)
    message = " ".join([done.sentence, *done.reports])
    return {"id": order.pk, "number": order.number, "outcome": str(done.outcome), "message": message[:500]}


def _summary(results: Sequence[dict[str, object]]) -> str:
    count = {outcome: sum(result["outcome"] == outcome for result in results) for outcome in RefreshOutcome}
    same = count[RefreshOutcome.SAME] + count[RefreshOutcome.STALE]
    refused = count[RefreshOutcome.REFUSED]
    return f"{count[RefreshOutcome.CHANGED]} changed, {same} as in the shop, {refused} could not be synchronized."
