"""Ask the shops about an order that nobody here has seen: is it there, and if so, why is it not here?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format

from config.kit import true_time
from integrations.choices import FeedKind, Whereabouts
from integrations.connectors.errors import ShopError
from integrations.finding.whereabouts import OrderAnswer, of_remote
from integrations.importing import fetch_missing
from integrations.importing.load import TRIAL_REACHES_BACK
from integrations.importing.payloads import Candidate, read_page
from integrations.models import Feed, Integration, OrderHint, RemoteOrder, Webhook
from integrations.shops.ask import ask

# Somebody waits for the page: shops that could not be asked by then are named, and asked by another click.
PATIENCE = timedelta(seconds=25)
# A shop's notification leaves it about when the order changes, by clocks that need not agree.
ABOUT = timedelta(minutes=5)


def ask_shops(shops: Iterable[Integration], text: str) -> list[OrderAnswer]:
    """One answer for each order of this number or id that a shop has, and one for each shop that has none.

    Nothing is written. Shops that have it come first.
    """
    until = true_time.now() + PATIENCE
    answers: list[OrderAnswer] = []
    for shop in (shop for shop in shops if not shop.connector.by_files):
        answers += _asked(shop, text.strip()[: fetch_missing.LONGEST_ID], until)
    return sorted(answers, key=lambda answer: answer.where in {Whereabouts.NOT_IN_SHOP, Whereabouts.NOT_ASKED})


def _asked(shop: Integration, text: str, until: datetime) -> list[OrderAnswer]:
    if not shop.enabled:
        return [OrderAnswer(Whereabouts.NOT_ASKED, text, f"{shop} is switched off, so it was not asked.", shop)]
    if true_time.now() > until:
        said = f"The other shops took so long that {shop} was not asked: ask once more."
        return [OrderAnswer(Whereabouts.NOT_ASKED, text, said, shop)]
    try:
        found = _shown(shop, text)
    except ShopError as error:
        return [OrderAnswer(Whereabouts.NOT_ASKED, text, f"{shop} could not be asked. {error}", shop)]
    if not found:
        return [_missing(shop, text)]
    known = RemoteOrder.objects.filter(integration=shop, external_id__in=[each.external_id for each in found])
    on_record = {remote.external_id: remote for remote in known.select_related("integration", "project")}
    return [
        of_remote(on_record[each.external_id]) if each.external_id in on_record else _unseen(shop, each)
        for each in found
    ]


def _shown(shop: Integration, text: str) -> list[Candidate]:
    for look in fetch_missing.looks(shop, text):
        page = ask(shop, look())
        if page.payloads:
            return read_page(shop.connector, shop.reader(), page.payloads)
    return []


def _missing(shop: Integration, text: str) -> OrderAnswer:
    bounded = shop.connector.orders.looked_through
    looked = f" It cannot look for every number: {bounded} were looked through." if bounded else ""
    return OrderAnswer(Whereabouts.NOT_IN_SHOP, text, f"{shop} has no order of this number or id.{looked}", shop)


def _unseen(shop: Integration, seen: Candidate) -> OrderAnswer:
    """Why an order that its shop has was never seen here."""
    where, sentence = _why_unseen(shop, seen)
    placed_at = seen.order.placed_at if seen.order else None
    number = seen.number or seen.external_id
    return OrderAnswer(where, number, sentence, shop, external_id=seen.external_id, placed_at=placed_at)


def _why_unseen(shop: Integration, seen: Candidate) -> tuple[Whereabouts, str]:
    if seen.order is None:
        return Whereabouts.FAILED, f"{shop} has it, and it cannot be read. {seen.error}"
    changed = seen.stamp or seen.order.modified_at
    now, at = true_time.now(), _when(changed)
    if changed < shop.start_at:
        said = f"{shop} has it. It was last changed at {at}, before orders of this shop are loaded from"
        return Whereabouts.BEFORE_START, f"{said} ({_when(shop.start_at)})."
    hint = OrderHint.objects.filter(integration=shop, external_id=seen.external_id).first()
    if hint is not None:
        said = f"{shop} told of it at {_when(hint.last_at)}; it is read in a moment."
        return Whereabouts.NOT_FETCHED, said
    if shop.project.account.on_trial and changed < now - TRIAL_REACHES_BACK:
        said = f"{shop} has it. It was last changed at {at}, and loads of the trial plan reach back 24 hours."
        return Whereabouts.PLAN, said
    webhook = Webhook.objects.filter(integration=shop, refused_at__gte=changed - ABOUT).first()
    if webhook is not None and webhook.refused_at is not None:
        said = f"{shop} has it. A webhook of this shop was rejected at {_when(webhook.refused_at)}, because its"
        return Whereabouts.REJECTED, f"{said} signature does not fit. {_next_load(shop)}"
    if shop.complete_until is not None and changed < shop.complete_until - shop.overlap:
        # Some shops stamp or list an order late; the next load does not reach back to it.
        said = f"{shop} has it, last changed at {at}. Loads have come as far as {_when(shop.complete_until)} and have"
        return Whereabouts.NOT_FETCHED, f"{said} passed it by: fetch it."
    return Whereabouts.NOT_FETCHED, f"{shop} has it, last changed at {at}. {_reached(shop)} {_next_load(shop)}"


def _reached(shop: Integration) -> str:
    if shop.complete_until is None:
        return "Nothing has been loaded from this shop yet."
    return f"Orders are loaded up to {_when(shop.complete_until)}."


def _next_load(shop: Integration) -> str:
    feed = Feed.objects.filter(integration=shop, kind=FeedKind.LOAD, enabled=True).first()
    if feed is None:
        return "Automatic loads of this shop are switched off: load new orders, or fetch this one."
    return f"The next load begins at {_when(feed.next_at)}."


def _when(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")
