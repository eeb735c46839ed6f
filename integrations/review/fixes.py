"""Put a cause right once, then look again at all its orders, and at nothing else.

What is put right is written first and alone; the orders are made due after it, because pages take the same locks the
other way round. A process that dies between the two loses nothing: the hourly retry finds the orders importable.
Doing it twice, or two people doing it at once, changes nothing more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import QuerySet

from config.kit import true_time
from config.kit.plurals import counted
from config.kit.refusals import Refused
from config.kit.sql import execute
from integrations.choices import RUN_OPEN, ImportAction, ListKind, RemoteState, RunKind
from integrations.connectors.contract import ConnectionReport
from integrations.importing import retry as retrying
from integrations.importing.articles import AMBIGUOUS
from integrations.importing.mapping import UNMAPPED
from integrations.models import Fix, Integration, RemoteOrder, Run
from integrations.review import decisions
from integrations.review.causes import CONNECTION, RULED, Cause, orders_of
from integrations.review.decisions import Reviewed
from integrations.shops import connection, mapping_settings, settings
from integrations.shops.rule_settings import WantedRule, save_rules
from orders.intake import receipts
from orders.intake.allocation import change_stock
from stock import catalogue, ledger, warehouses
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import Product
from stock.warehouses import Place

# Orders looked at again because of one fix, the oldest first; the hourly retry takes the rest.
MOST_AT_ONCE = 10_000
DISMISSED_AT_ONCE = 5_000
# Rows locked in one transaction.
DISMISSED_TOGETHER = 500
SHOWN_FOR = timedelta(minutes=15)
MOST_SHOWN = 5
KIND_OF = {code: kind for kind, code in UNMAPPED.items()}


class NothingToFix(Refused):
    """The thing a fix is for is not there; the message is for staff."""


def look_again(
    integration: Integration, cause: Cause, done: str, user_id: int | None, *, everywhere: bool = False
) -> Fix:
    """Retry all orders of a cause and write down why.

    `everywhere`: what was put right was missing in all shops of the project, not in this one alone.
    """
    orders = orders_of(integration.project_id, cause)
    if everywhere:
        orders = RemoteOrder.objects.filter(
            project_id=integration.project_id, state=RemoteState.FAILED, reason_code=cause.code, subject=cause.subject
        )
    return _retry(integration, cause, orders, done, user_id)


def _retry(
    integration: Integration, cause: Cause, orders: QuerySet[RemoteOrder], done: str, user_id: int | None
) -> Fix:
    at = true_time.now()
    oldest = list(orders.order_by("first_seen_at", "pk").values_list("pk", flat=True)[:MOST_AT_ONCE])
    with transaction.atomic():
        due = retrying.make_due(RemoteOrder.objects.filter(pk__in=oldest), at)
        fix = _written(integration, cause, done, user_id, at, due)
    retrying.start(due.values(), user_id)
    return fix


def add_product(integration: Integration, cause: Cause, name: str, units: int, user_id: int | None) -> Fix:
    """Add the product that is missing, with units on hand; one that was added meanwhile stays as it is."""
    sku, project_id = cause.subject, integration.project_id
    with transaction.atomic():
        ledger.lock_project(project_id)
        new = sku not in catalogue.find(project_id, [sku])
        if new:
            product_id = catalogue.create(project_id, {sku: name})[sku]
            if units:
                place = warehouses.of(project_id).default
                opening = Change(product_id, units, MovementReason.RECEIPT, "Opening stock", place=place)
                change_stock(project_id, [opening], user_id)
    done = f"Product {sku} was there already; nothing was added."
    if new:
        done = f"Product {sku} “{name}” is added" + (f" with {units:,} on hand." if units else ", with no stock yet.")
    return look_again(integration, cause, done, user_id, everywhere=True)


def map_sku(integration: Integration, cause: Cause, sku: str, user_id: int | None) -> Fix:
    """Let the shop's SKU, or an EAN, stand for one of our products. Raises MappingRefused."""
    mapping_settings.map_sku(integration, cause.subject, sku)
    what = "EAN" if cause.code == AMBIGUOUS else "SKU"
    return look_again(integration, cause, f"{what} {cause.subject} of {integration} stands for {sku}.", user_id)


def name_code(integration: Integration, cause: Cause, name: str, label: str, user_id: int | None) -> Fix:
    """Name a payment, shipping method or tax; `label` is the shop's own name. Raises MappingRefused, NothingToFix."""
    kind = KIND_OF.get(cause.code)
    if kind is None:
        raise NothingToFix("There is no payment, shipping method or tax to name.")
    mapping_settings.name_code(integration, ListKind(kind), cause.subject, name, label)
    return look_again(integration, cause, f"“{cause.subject}” of {integration} is called “{name}”.", user_id)


def receive(
    integration: Integration,
    cause: Cause,
    units: int,
    note: str,
    *,
    seen: int | None,
    user_id: int | None,
    place: Place = None,
) -> Fix:
    """Receive stock of the product that is short. Raises NothingToFix, BookedMeanwhile and StockError."""
    product = Product.objects.filter(project_id=integration.project_id, sku=cause.subject).first()
    if product is None:
        raise NothingToFix(f"There is no product {cause.subject}: add it first.")
    served = receipts.book(product, units, MovementReason.RECEIPT, note, seen=seen, actor_id=user_id, place=place)
    done = receipts.sentence(units, product.sku, served)
    return look_again(integration, cause, done, user_id, everywhere=True)


def choose_rule(
    integration: Integration, cause: Cause, action: ImportAction, retry: bool, seen: str, user_id: int | None
) -> Fix:
    """Decide what becomes of a status. Raises NothingToFix, and RulesRefused when somebody else has decided else."""
    rule = integration.rules.filter(status=cause.subject).first()
    if rule is None:
        raise NothingToFix(f"There is no rule for the status “{cause.subject}” any more.")
    save_rules(integration, [WantedRule(rule.status, rule.label, action, retry, rule.pk, seen)])
    done = f"Status “{cause.subject}” of {integration}: {action.label}."
    ignored = integration.remote_orders.filter(
        project_id=integration.project_id,
        state=RemoteState.IGNORED,
        reason_code__in=RULED,
        subject=cause.subject,
    )
    return _retry(integration, cause, ignored, done, user_id)


def reconnect(
    integration: Integration, credentials: Mapping[str, str], user_id: int | None
) -> tuple[list[str], ConnectionReport, Fix | None]:
    """Save credentials where any are entered, test the connection and, when the shop answers, retry its failed orders.

    Which credentials were entered, what the shop answered, and what is retried.
    """
    entered = settings.enter_credentials(integration, credentials) if any(credentials.values()) else []
    report = connection.test_connection(integration)
    if not report.ok:
        return entered, report, None
    failed = integration.remote_orders.filter(project_id=integration.project_id, state=RemoteState.FAILED)
    cause = Cause(integration.pk, CONNECTION, "")
    return entered, report, _retry(integration, cause, failed, f"{integration} is connected again.", user_id)


def dismiss(integration: Integration, cause: Cause, reason: str, *, actor_id: int, actor: str) -> Fix:
    """Dismiss the orders of a cause, the oldest first, at most DISMISSED_AT_ONCE: they never enter the book."""
    orders = orders_of(integration.project_id, cause).order_by("first_seen_at")
    ids = list(orders.values_list("pk", flat=True)[:DISMISSED_AT_ONCE])
    dismissed = _reviewed(ids, partial(decisions.dismiss, integration.project_id, reason=reason), actor_id, actor)
    done = f"{_orders(dismissed)} dismissed: {reason}"
    return _written(integration, cause, done, actor_id, true_time.now(), dismissed)


def take_back(fix: Fix, *, actor_id: int, actor: str) -> Fix:
    """Undo a dismissal: its orders that are still dismissed are pending again, for a person to accept."""
    ids = _reviewed(fix.orders, partial(decisions.take_back, fix.project_id), actor_id, actor)
    cause = Cause(fix.integration_id, fix.reason_code, fix.subject)
    done = f"{_orders(ids)} taken back: they are pending, among the transactions."
    return _written(fix.integration, cause, done, actor_id, true_time.now(), ids)


def _orders(ids: Sequence[int]) -> str:
    return counted(len(ids), "order")


def _reviewed(ids: Sequence[int], decide: Callable[..., list[Reviewed]], actor_id: int, actor: str) -> list[int]:
    """Decide about orders, some hundreds in a transaction; the ids of those for which it was done."""
    done: list[int] = []
    for start in range(0, len(ids), DISMISSED_TOGETHER):
        together = ids[start : start + DISMISSED_TOGETHER]
        results = decide(remote_ids=together, actor_id=actor_id, actor=actor)
        done += [result.remote_id for result in results if result.done]
    return done


def _written(
    integration: Integration, cause: Cause, done: str, user_id: int | None, at: datetime, orders: Iterable[int]
) -> Fix:
    fix: Fix = Fix.objects.create(
        project_id=integration.project_id,
        integration=integration,
        reason_code=cause.code,
        subject=cause.subject,
        done=done[:500],
        user_id=user_id,
        at=at,
        orders=sorted(orders),
    )
    return fix


@dataclass(frozen=True)
class FixProgress:
    """How far the orders of a fix are."""

    fix: Fix
    total: int
    imported: int
    failed: int
    """Looked at again and failed again, maybe with the next cause."""
    ignored: int
    pending: int
    dismissed: int
    waiting: int
    running: bool
    """Whether a retry of the shop waits or runs."""
    reason: str
    """Why that retry waits, or why the last one ended without looking at all of them."""

    @property
    def finished(self) -> bool:
        return not self.waiting or not self.running


def recent(project_id: int) -> list[Fix]:
    """The newest fixes that had orders, as long as people want to see how they end."""
    since = true_time.now() - SHOWN_FOR
    newest = Fix.objects.filter(project_id=project_id, at__gt=since).exclude(orders=[])
    return list(newest.select_related("integration").defer("integration__credentials")[:MOST_SHOWN])


def progress_of(fixes: Sequence[Fix]) -> list[FixProgress]:
    rows = execute(
        "SELECT fix.id, seen.state, seen.state IN ('failed', 'ignored') AND seen.next_attempt_at <= fix.at, count(*)"
        " FROM integrations_fix AS fix CROSS JOIN unnest(fix.orders) AS of_it (id)"
        " JOIN integrations_remoteorder AS seen ON seen.id = of_it.id WHERE fix.id = ANY(%s) GROUP BY 1, 2, 3",
        [[fix.pk for fix in fixes]],
    )
    done: dict[int, Counter[str]] = {fix.pk: Counter() for fix in fixes}
    for fix_id, state, waits, count in rows:
        done[fix_id]["waiting" if waits else state] += count
    waiting = {fix.integration_id for fix in fixes if done[fix.pk]["waiting"]}
    retries = Run.objects.filter(integration_id__in=waiting, kind=RunKind.RETRY).order_by("integration_id", "-id")
    runs = {run.integration_id: run for run in retries.distinct("integration_id")} if waiting else {}
    return [_progress(fix, done[fix.pk], runs.get(fix.integration_id)) for fix in fixes]


def _progress(fix: Fix, counts: Counter[str], run: Run | None) -> FixProgress:
    imported, failed = counts[RemoteState.IMPORTED.value], counts[RemoteState.FAILED.value]
    waiting = counts["waiting"]
    return FixProgress(
        fix=fix,
        total=len(fix.orders),
        imported=imported,
        failed=failed,
        ignored=counts[RemoteState.IGNORED.value],
        pending=counts[RemoteState.PENDING.value],
        dismissed=counts[RemoteState.DISMISSED.value],
        waiting=waiting,
        running=run is not None and run.state in RUN_OPEN,
        reason=run.reason if run and waiting else "",
    )
