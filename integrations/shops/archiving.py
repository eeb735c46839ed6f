"""Take a shop out of the daily work, and back: archived with all it brought, or deleted while it brought nothing."""

from __future__ import annotations

from functools import reduce
from operator import or_

from django.db import transaction
from django.db.models import Exists, Q
from django.utils.translation import gettext as _

from config.kit import true_time
from config.kit.refusals import Refused
from integrations.choices import RUN_OPEN
from integrations.models import ExchangedFile, Integration
from integrations.pushes import going_live


class StillNeeded(Refused):
    """The shop cannot be archived or deleted now; the message says why, to staff."""


def archive(integration: Integration) -> None:
    """Ask and tell it nothing any more, and leave it out of lists of shops; its orders stay. Raises StillNeeded."""
    with transaction.atomic():
        shop = _locked(integration)
        if shop.archived_at is not None:
            raise StillNeeded(_("%(shop)s is archived already.") % {"shop": shop})
        _expect_no_marketplace(shop)
        if shop.live:
            going_live.stop(shop)
        shop.enabled, shop.archived_at = False, true_time.now()
        shop.save(update_fields=["enabled", "archived_at"])


def restore(integration: Integration) -> None:
    """Show it among the shops again; it stays switched off until somebody switches it on. Raises StillNeeded."""
    if not Integration.objects.filter(pk=integration.pk).exclude(archived_at=None).update(archived_at=None):
        raise StillNeeded(_("%(shop)s is not archived.") % {"shop": integration})


def delete(integration: Integration) -> None:
    """Delete a shop of which no order was ever seen, with its rules, feeds and runs. Raises StillNeeded."""
    with transaction.atomic():
        shop = _locked(integration)
        _expect_no_marketplace(shop)
        if not is_empty(shop):
            raise StillNeeded(_("%(shop)s has brought orders: archive it, and they stay.") % {"shop": shop})
        shop.delete()


def _expect_no_marketplace(shop: Integration) -> None:
    """Orders of a marketplace would have nowhere to go, or come in here without anybody having said so."""
    market = shop.handed_on_by.filter(archived_at=None).order_by("title").first()
    if market is not None:
        text = _("Orders of %(market)s go into %(shop)s: say on the page of %(market)s where they go instead.")
        raise StillNeeded(text % {"market": market, "shop": shop})


def is_empty(integration: Integration) -> bool:
    """Whether nothing came from it and nothing went to it."""
    return not Integration.objects.filter(any_trace(integration), pk=integration.pk).exists()


def any_trace(integration: Integration) -> Q:
    """Whether anything did, as a part of a query."""
    files = ExchangedFile.objects.filter(feed__integration=integration)
    kept = (integration.remote_orders.all(), integration.orders.all(), integration.crossings.all(), files)
    first, *others = (Q(Exists(rows)) for rows in kept)
    return reduce(or_, others, first)


def _locked(integration: Integration) -> Integration:
    """Its row, which runs that begin wait for. Raises StillNeeded while one is open."""
    shop = Integration.objects.select_for_update().get(pk=integration.pk)
    run = shop.runs.filter(state__in=RUN_OPEN).order_by("pk").first()
    if run is not None:
        text = _("“%(run)s” of %(shop)s is not finished: wait until it ends, or cancel it.")
        raise StillNeeded(text % {"run": run, "shop": shop})
    return shop
