"""Shops that were connected by an earlier release have what a new one has."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from integrations.choices import FeedKind
from integrations.importing.feeds import DEFAULT_FEEDS
from integrations.models import Feed
from integrations.shops.connection import set_up
from tests.factories import IntegrationFactory

pytestmark = pytest.mark.django_db


def test_an_older_shop_gets_the_order_update_feed_switched_off() -> None:
    old, new = IntegrationFactory.create(), IntegrationFactory.create()
    for shop in (old, new):
        set_up(shop)
    Feed.objects.filter(integration=old, kind=FeedKind.ORDER_UPDATE).delete()
    Feed.objects.filter(integration=new, kind=FeedKind.ORDER_UPDATE).update(enabled=True)
    # The step alone: going back and forth would take everything away that came after it.
    import_module("integrations.migrations.0012_order_update_feed").add_feed(apps, None)
    feeds = Feed.objects.filter(kind=FeedKind.ORDER_UPDATE).values_list("integration_id", "enabled")
    assert set(feeds) == {(old.pk, False), (new.pk, True)}
    assert set(old.feeds.values_list("kind", flat=True)) == set(DEFAULT_FEEDS)
