"""Switching a shop live: from then on it is told what happens here. Until then a page shows what it would be told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction

from config.kit import true_time
from config.kit.counts_together import counts_of
from config.kit.refusals import Refused
from integrations.choices import ArticleState, CrossingKind, CrossingState, FeedKind, Outgoing
from integrations.connectors.contract import Connector
from integrations.importing import feeds
from integrations.models import Crossing, Feed, Integration, ShopArticle
from integrations.models.crossings import UNSETTLED
from integrations.pushes import shop_articles
from orders import bell

LEFT_OUT = "Left out by a person."
# Feeds that run while a shop is live, as far as its platform can be told anything.
FEEDS = (FeedKind.OUTGOING, FeedKind.STOCK_EXPORT, FeedKind.STOCK_CHECK)


class LiveRefused(Refused):
    """Nothing was switched; the message is for staff."""


@dataclass(frozen=True)
class OutgoingSettings:
    """What a shop is told while it is live."""

    sends: Collection[str]
    safety_stock: int
    tells_buyers: bool


@dataclass(frozen=True)
class Outlook:
    """What a shop would be told if it were switched live now."""

    waiting: int
    by_kind: dict[str, int]
    """By the label of the kind."""
    articles: int
    """Articles of the shop that stand for a product here."""
    differing: int
    compared: bool
    """Whether the shop's quantities were ever read."""


def can_send(connector: Connector) -> list[Outgoing]:
    """What a platform can be told at all."""
    ways = connector.outward
    offered = {
        Outgoing.SHIPMENTS: ways.shipments,
        Outgoing.STOCK: ways.stock,
        Outgoing.PAYMENTS: ways.pay,
        Outgoing.PAPERS: ways.name_paper,
    }
    return [kind for kind, way in offered.items() if way is not None]


def outlook(integration: Integration) -> Outlook:
    waiting = integration.crossings.filter(state__in=UNSETTLED)
    kinds = [CrossingKind(kind).label for kind in waiting.order_by().values_list("kind", flat=True)]
    articles = ShopArticle.objects.filter(integration=integration)
    known = articles.filter(state=ArticleState.KNOWN, product_id__isnull=False)
    met, differing = counts_of([known, shop_articles.differing(integration)])
    return Outlook(
        len(kinds),
        {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        met,
        differing,
        articles.exists(),
    )


def change_settings(integration: Integration, settings: OutgoingSettings) -> list[str]:
    """Save what a shop is told. What changed."""
    changed = [name for name in settings.__dataclass_fields__ if getattr(integration, name) != getattr(settings, name)]
    if changed:
        for name in changed:
            setattr(integration, name, getattr(settings, name))
        with transaction.atomic():
            integration.save(update_fields=changed)
            if "safety_stock" in changed:
                _count_all(integration)
            shop_articles.watch(integration.project_id)
            bell.something_follows(integration.project_id)
    return changed


def go_live(integration: Integration, *, leave_out: bool) -> None:
    """Switch a shop live. `leave_out`: what has gathered until now is not told any more. Raises LiveRefused."""
    if not can_send(integration.connector) and not integration.connector.by_files:
        raise LiveRefused(f"{integration.connector.label} cannot be told anything by its API.")
    if not integration.enabled:
        raise LiveRefused(f"{integration} is switched off: switch it on in its settings first.")
    with transaction.atomic():
        now = true_time.now()
        if not Integration.objects.filter(pk=integration.pk, live=False).update(live=True, live_at=now):
            raise LiveRefused(f"{integration} is live already.")
        if leave_out:
            _leave_out(integration.crossings.filter(state=CrossingState.WAITING).values_list("pk", flat=True))
        _feeds(integration, enabled=True)
        _count_all(integration)
        shop_articles.watch(integration.project_id)
        bell.something_follows(integration.project_id)
    integration.refresh_from_db(fields=["live", "live_at"])


def stop(integration: Integration) -> None:
    """Tell a shop nothing any more. What waits keeps waiting."""
    with transaction.atomic():
        Integration.objects.filter(pk=integration.pk).update(live=False, live_at=None)
        _feeds(integration, enabled=False)
        shop_articles.watch(integration.project_id)
    integration.refresh_from_db(fields=["live", "live_at"])


def send_again(integration: Integration, crossing_ids: Collection[int]) -> int:
    """Let these be told now, whatever came of them. How many."""
    open_ones = integration.crossings.filter(pk__in=crossing_ids).exclude(state=CrossingState.SENT)
    with transaction.atomic():
        # One that is marked as being sent may be in the shop: it is asked after.
        open_ones.filter(state=CrossingState.SENDING, first_try_at=None).update(first_try_at=true_time.now())
        count = open_ones.update(state=CrossingState.WAITING, tries=0, next_try_at=true_time.now())
        bell.something_follows(integration.project_id)
    return count


def leave_out(integration: Integration, crossing_ids: Collection[int]) -> int:
    """Do not tell these. How many; one that is being sent at this moment is not among them."""
    idle = [CrossingState.WAITING, CrossingState.FAILED]
    return _leave_out(integration.crossings.filter(pk__in=crossing_ids, state__in=idle).values_list("pk", flat=True))


def _leave_out(crossing_ids: Collection[int]) -> int:
    rows = Crossing.objects.filter(pk__in=list(crossing_ids))
    return rows.update(state=CrossingState.NOT_NEEDED, answer=LEFT_OUT, next_try_at=None)


def _feeds(integration: Integration, *, enabled: bool) -> None:
    feeds.add_default_feeds(integration)
    Feed.objects.filter(integration=integration, kind__in=FEEDS).update(enabled=enabled, next_at=true_time.now())


def _count_all(integration: Integration) -> None:
    known = ShopArticle.objects.filter(integration=integration).values_list("product_id", flat=True)
    shop_articles.count(integration.project_id, sorted({pk for pk in known if pk is not None}))
