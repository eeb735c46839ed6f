"""Feeds: scheduled runs of an integration, started by the tick when they are due; switched on and off by people."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from config.kit import true_time
from integrations.choices import FILE_KINDS, FeedKind, IntegrationHealth, RunKind
from integrations.importing.load import request_load
from integrations.models import Feed, Integration, Run
from integrations.runs import control
from integrations.runs.control import RunRefused
from integrations.warehouses import feed_settings

SHORTEST_MINUTES = 5
DEFAULT_FEEDS = {
    FeedKind.LOAD: timedelta(minutes=15),
    FeedKind.RETRY: timedelta(hours=1),
    FeedKind.OPEN_ORDERS: timedelta(hours=1),
    FeedKind.CODE_LISTS: timedelta(hours=8),
    FeedKind.PRODUCTS: timedelta(days=1),
    FeedKind.WEBHOOK_CHECK: timedelta(days=1),
    FeedKind.ORDER_UPDATE: timedelta(minutes=15),
    FeedKind.OUTGOING: timedelta(minutes=15),
    FeedKind.STOCK_EXPORT: timedelta(hours=1),
    FeedKind.STOCK_CHECK: timedelta(days=1),
}
# What changes orders of the book by itself, or tells a shop anything, is switched on by a person.
OFF_AT_FIRST = frozenset({FeedKind.ORDER_UPDATE, FeedKind.OUTGOING, FeedKind.STOCK_EXPORT, FeedKind.STOCK_CHECK})
OUTWARD = frozenset({FeedKind.OUTGOING, FeedKind.STOCK_EXPORT, FeedKind.ORDERS_OUT})


def start(feed: Feed, user_id: int | None = None) -> Run:
    """Start a feed's run now. Raises RunRefused with a sentence."""
    integration = feed.integration
    if feed.kind == FeedKind.LOAD:
        return request_load(integration, user_id=user_id)
    if not integration.enabled:
        raise RunRefused(f"{integration} is switched off: switch it on in its settings first.")
    if feed.kind in FILE_KINDS and (sentence := feed_settings.why_not(feed)):
        raise RunRefused(sentence)
    if feed.kind in OUTWARD and not integration.live:
        raise RunRefused(f"{integration} is told nothing: switch it live under “What goes out” first.")
    return control.request(RunKind(feed.kind), integration, user_id=user_id)


def start_due() -> int:
    """Start every feed that is due; how many runs that made. Two of these at once start each feed once."""
    started = 0
    now = true_time.now()
    with transaction.atomic():
        due = (
            Feed.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(enabled=True, next_at__lte=now, integration__enabled=True)
            .exclude(integration__health=IntegrationHealth.CREDENTIALS)
            .select_related("integration__project__account")
            .order_by("next_at")[:200]
        )
        for feed in due:
            feed.next_at = now + feed.interval
            try:
                feed.last_run = start(feed)
                started += 1
            except RunRefused:
                pass  # one of its kind is open; the next turn comes
            feed.save(update_fields=["next_at", "last_run"])
    return started


def add_default_feeds(integration: Integration) -> None:
    """The feeds of a new integration, as far as its platform can do what they are for; those that are there stay.

    Where files are exchanged that is only the retry: the others are set up by `integrations.warehouses`.
    """
    connector = integration.connector
    ways = connector.outward
    able = {
        FeedKind.WEBHOOK_CHECK: connector.webhooks,
        FeedKind.OUTGOING: ways.shipments or ways.pay or ways.name_paper or ways.creation,
        FeedKind.STOCK_EXPORT: ways.stock,
        FeedKind.STOCK_CHECK: ways.stock and connector.products,
    }
    left_out = {kind for kind, way in able.items() if way is None}
    Feed.objects.bulk_create(
        [
            Feed(integration=integration, kind=kind, interval=interval, enabled=kind not in OFF_AT_FIRST)
            for kind, interval in DEFAULT_FEEDS.items()
            if kind not in left_out and (kind == FeedKind.RETRY or not connector.by_files)
        ],
        ignore_conflicts=True,
    )


def put_off_load(integration: Integration) -> None:
    """Leave a person the time of one interval to look at the rules of a new shop before orders come in."""
    for feed in integration.feeds.filter(kind=FeedKind.LOAD):
        feed.next_at = true_time.now() + feed.interval
        feed.save(update_fields=["next_at"])


def set_feed(feed: Feed, *, enabled: bool, interval: timedelta) -> bool:
    """Whether anything changed. The next turn is no later than one interval from now."""
    if (feed.enabled, feed.interval) == (enabled, interval):
        return False
    now = true_time.now()
    feed.enabled, feed.interval = enabled, interval
    feed.next_at = min(max(feed.next_at, now), now + interval)
    feed.save(update_fields=["enabled", "interval", "next_at"])
    return True
