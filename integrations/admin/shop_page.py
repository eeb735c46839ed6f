"""What the page of a shop shows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from integrations.admin.going_out import outgoing_card
from integrations.admin.marketplace_card import marketplace_card
from integrations.admin.open_project import shops_of
from integrations.admin.rule_grid import RuleGrid
from integrations.admin.shop_facts import entries_of, facts_of
from integrations.admin.shop_mappings import EDIT, mappings_card
from integrations.admin.shop_stock import STOCK, stock_card
from integrations.admin.tones import HEALTH_TONES, RUN_TONES
from integrations.choices import AfterImport, ListKind
from integrations.importing.code_names import WILDCARD
from integrations.models import Feed, Integration, Webhook
from integrations.shop_webhooks import registration
from orders.choices import Part

# Of all code lists together.
MOST_LISTED = 1_000
# What each choice does, as the page says it.
AFTER = [
    (
        AfterImport.FOLLOW,
        AfterImport.FOLLOW.label,
        _(
            "What the shop changes is taken over automatically, into the history, and can be taken back. Orders that"
            " somebody has edited, noted, held, shipped, printed or invoiced here are marked instead."
        ),
    ),
    (AfterImport.STATUS, AfterImport.STATUS.label, _("Statuses are carried over; any other change marks the order.")),
    (AfterImport.NOTHING, AfterImport.NOTHING.label, _("Every change marks the order.")),
]


def shop_page(request: HttpRequest, shop: Integration) -> dict[str, Any]:
    user: Any = request.user
    may_change = user.has_perm("integrations.change_integration")
    facts, entries = facts_of(shop), entries_of(shop)
    listed = [entry for entry in entries if WILDCARD not in entry.code][:MOST_LISTED]
    return {
        "tone": HEALTH_TONES[shop.health],
        "connector": shop.connector,
        "rules": RuleGrid(shop, entries=entries),
        "feeds": [_feed(feed) for feed in shop.feeds.select_related("last_run", "files")],
        "code_lists": [(kind.label, [entry for entry in listed if entry.kind == kind]) for kind in ListKind],
        "outgoing": outgoing_card(shop, facts),
        **marketplace_card(shop, shops_of(request), may_change),
        "stock": stock_card(shop, facts, user.has_perm(STOCK)),
        "mappings": mappings_card(shop, facts, entries, user.has_perm(EDIT)),
        "after_choices": AFTER,
        "parts": [(value, label, value in shop.ours_wins) for value, label in Part.choices],
        "running": [(run, RUN_TONES[run.state]) for run in facts.running],
        **_webhooks(shop, may_change=may_change),
        "empty": facts.is_empty,
        "may_change": may_change,
        "may_rule": user.has_perm("integrations.change_statusrule"),
        "may_feed": user.has_perm("integrations.change_feed"),
    }


def _feed(feed: Feed) -> dict[str, Any]:
    """`where`: the files it is about, of one that exchanges some."""
    return {
        "row": feed,
        "minutes": round(feed.interval.total_seconds() / 60),
        "run": feed.last_run,
        "tone": RUN_TONES[feed.last_run.state] if feed.last_run else "plain",
        "where": getattr(feed, "files", None),
    }


def _webhooks(shop: Integration, *, may_change: bool) -> dict[str, Any]:
    """The address, which is a secret, only where it is entered by hand and by whom."""
    webhook = Webhook.objects.filter(integration=shop).defer("secrets").first()
    platform = shop.connector.webhooks
    shown = webhook is not None and may_change and platform is not None and platform.by_hand
    return {
        "webhook": webhook,
        "webhook_address": registration.address_of(webhook) if webhook and shown else "",
        "webhooks_elsewhere": webhook is not None and registration.is_elsewhere(webhook.registered_for),
        "public_url": settings.PUBLIC_URL,
    }
