"""The run that tells one shop how many units of each article it can sell: the newest number, and only where it differs.

The same number twice is harmless, so nothing is marked before it is sent. Where the platform compares, it is told what
we believe it has: if it has sold meanwhile, nothing is written, and its order comes before we tell it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from config.kit import true_time
from integrations.choices import ArticleState, Outgoing
from integrations.connectors.outward import StockAnswer, StockOutcome, StockTarget
from integrations.models import Integration, Run, ShopArticle
from integrations.pushes import shop_articles
from integrations.runs.claims import Claim
from integrations.runs.pages import RunPage, Written
from integrations.shops.ask import ask

# Until a shop that has sold meanwhile, or did not keep what it was told, is told again.
LATER = timedelta(minutes=1)
MOST_TRIES = 6
NOT_LIVE = "No quantities go out: it is not switched live for stock."
NOTHING = "Every quantity is told already."
ANOTHER = "The shop says it has {} after it was told {}."
STALE = "The shop's own quantity has changed since it was read: told again once its orders are here."


def export_page(held: Claim, run: Run, integration: Integration) -> RunPage:
    """Tell the shop the next quantities. Raises ShopError."""
    ways = integration.connector.outward.stock
    if ways is None or not integration.live or Outgoing.STOCK not in integration.sends:
        return RunPage(done=True, note=NOT_LIVE, asked=False)
    rows = list(shop_articles.to_tell(integration)[: ways.at_once])
    if not rows:
        return RunPage(done=True, note="" if run.fetched else NOTHING, asked=False)
    targets = tuple(
        StockTarget(row.sku, row.wanted or 0, row.told if row.told is not None else row.in_shop, row.place)
        for row in rows
    )
    answers = ask(integration, ways.send(integration.shop(), targets), held=held)
    at = true_time.now()

    def write(_: int) -> Written:
        return Written(_record(rows, targets, answers, at))

    return RunPage({}, write)


def _record(
    rows: Sequence[ShopArticle], targets: Sequence[StockTarget], answers: Sequence[StockAnswer], at: datetime
) -> dict[str, int]:
    """What is wanted is not written here: it may have changed since, and is then told again."""
    by_sku = {answer.sku: answer for answer in answers}
    counts = {"fetched": len(rows), "updated": 0, "failed": 0, "ignored": 0}
    for row, target in zip(rows, targets, strict=True):
        answer = by_sku.get(row.sku) or StockAnswer(
            row.sku, StockOutcome.REFUSED, message="The shop did not answer for this article."
        )
        values = _values(row, target, answer, at)
        ShopArticle.objects.filter(pk=row.pk).update(**values)
        counts[_counter(target, answer)] += 1
    return counts


def _values(row: ShopArticle, target: StockTarget, answer: StockAnswer, at: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"place": dict(answer.place) or row.place, "message": "", "next_try_at": None}
    if answer.quantity is not None:
        values |= {"in_shop": answer.quantity, "seen_at": at}
    if answer.outcome == StockOutcome.SET:
        has = target.quantity if answer.quantity is None else answer.quantity
        values |= {"told": has, "told_at": at, "tries": 0}
        if has != target.quantity:
            values |= _again(row, at, ANOTHER.format(has, target.quantity))
    elif answer.outcome == StockOutcome.STALE:
        values |= {"told": answer.quantity, "message": STALE, "next_try_at": at + LATER}
    elif answer.outcome == StockOutcome.UNKNOWN:
        values |= {"state": ArticleState.UNKNOWN}
    elif answer.outcome == StockOutcome.UNMANAGED:
        values |= {"state": ArticleState.UNMANAGED}
    else:
        values |= _again(row, at, answer.message)
    return values


def _again(row: ShopArticle, at: datetime, message: str) -> dict[str, Any]:
    """Later, with longer and longer pauses; in the end not before the shop was looked at again."""
    tries = row.tries + 1
    values: dict[str, Any] = {"tries": tries, "message": message[:500], "next_try_at": at + LATER * 2**tries}
    return values if tries < MOST_TRIES else values | {"state": ArticleState.REFUSED}


def _counter(target: StockTarget, answer: StockAnswer) -> str:
    if answer.outcome == StockOutcome.SET and answer.quantity in {None, target.quantity}:
        return "updated"
    return "ignored" if answer.outcome in {StockOutcome.UNKNOWN, StockOutcome.UNMANAGED} else "failed"
