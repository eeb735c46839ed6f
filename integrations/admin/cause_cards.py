"""Root causes as cards: what is wrong, how much it holds up, and the form that puts it right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.forms import Form
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.http import urlencode
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from integrations import causes
from integrations.admin.cause_forms import (
    AddProductForm,
    ChooseRuleForm,
    CredentialsForm,
    DismissForm,
    MapSkuForm,
    NameCodeForm,
)
from integrations.causes import CONNECTION, MOST_COUNTED, RULED, Cause, Group
from integrations.choices import ImportAction, IntegrationHealth, RemoteState
from integrations.failures import PayloadError
from integrations.mapping import UNMAPPED, code_of
from integrations.models import Integration, RemoteOrder, StatusRule
from integrations.ruling import fingerprint
from orders import receiving
from orders.incoming import IncomingOrder
from orders.money import money
from stock.admin.forms import ReceiveForm
from stock.models import StockLevel
from stock.suggesting import similar

TROUBLED = (IntegrationHealth.CREDENTIALS, IntegrationHealth.UNREACHABLE)
SHOWN = 12
"""Cards above the list; the others are a click away."""


@dataclass
class Card:
    """A cause as people see it. Which forms it has depends on what it is and on what the person may do."""

    key: str
    cause: Cause
    shop: Integration
    title: str
    reason: str
    tone: str = "bad"
    group: Group | None = None
    sample: RemoteOrder | None = None
    address: str = ""
    facts: str = ""
    """A line about the thing itself, e.g. how many units are free."""
    forms: dict[str, Form] = field(default_factory=dict)
    """By what they do: product, map, code, stock, status, credentials."""
    suggestions: list[tuple[str, str]] = field(default_factory=list)
    may_retry: bool = False
    may_test: bool = False

    @property
    def auto_id(self) -> str:
        """Ids of form fields that no other card of the page has."""
        return f"cause-{self.sample.pk if self.sample else 0}-%s"

    @property
    def counts_down(self) -> bool:
        """Whether its count is told while fixes are at work."""
        return self.group is not None and self.cause.code not in RULED

    @property
    def count(self) -> str:
        if self.group is None:
            return ""
        more = "+" if self.group.count >= MOST_COUNTED else ""
        text = ngettext("%(number)s order", "%(number)s orders", self.group.count)
        return text % {"number": f"{self.group.count:,}{more}"}

    @property
    def age(self) -> str:
        if self.group is None or self.group.oldest is None:
            return ""
        if timezone.now() - self.group.oldest < timedelta(minutes=1):
            return _("since a moment ago")
        return _("oldest %(age)s ago") % {"age": timesince(self.group.oldest, depth=1)}

    @property
    def next_attempt(self) -> str:
        if self.group is None or not self.group.count:
            return ""
        if self.group.next_attempt is None:
            return _("no further attempt by itself")
        if self.group.next_attempt <= timezone.now():
            return _("being looked at again")
        at = date_format(timezone.localtime(self.group.next_attempt), "DATETIME_FORMAT")
        return _("next attempt %(at)s") % {"at": at}

    @property
    def amounts(self) -> str:
        if self.group is None:
            return ""
        return ", ".join(money(total, currency) for currency, total in sorted(self.group.amounts.items()))


def key_of(cause: Cause) -> str:
    return f"{cause.integration_id}:{cause.code}:{cause.subject}"


def cards(
    project_id: int, shops: Sequence[Integration], state: RemoteState, user: Any, most: int = SHOWN
) -> tuple[list[Card], int]:
    """The cards of a tab, and how many causes are not among them.

    Shops that cannot be read come first, then statuses nobody has decided about, then failures, the most orders first.
    `shops` are those of the project, each with `undecided`, as `attention.shops` gives them.
    """
    by_id = {shop.pk: shop for shop in shops}
    found = [(RemoteState.IGNORED, group) for group in _undecided(project_id, shops)]
    if state == RemoteState.FAILED:
        found += [(RemoteState.FAILED, group) for group in causes.groups(project_id)]
    shown = []
    for each in (RemoteState.IGNORED, RemoteState.FAILED):
        groups = [group for of_state, group in found[:most] if of_state == each]
        samples = causes.samples(project_id, [group.cause for group in groups], each)
        shown += [card(by_id[one.cause.integration_id], one, samples.get(one.cause), user) for one in groups]
    fill(shown, user)
    troubled = [trouble(shop, user) for shop in shops if shop.health in TROUBLED and shop.enabled]
    return troubled + shown, max(0, len(found) - most)


def _undecided(project_id: int, shops: Sequence[Integration]) -> list[Group]:
    """The orders that are ignored because nobody has decided about their status."""
    waiting = [shop.pk for shop in shops if shop.undecided]  # type: ignore[attr-defined]
    if not waiting:
        return []
    rules = StatusRule.objects.filter(integration_id__in=waiting, discovered=True)
    statuses = set(rules.values_list("integration_id", "status"))
    ignored = causes.groups(project_id, RemoteState.IGNORED)
    return [group for group in ignored if (group.cause.integration_id, group.cause.subject) in statuses]


def trouble(shop: Integration, user: Any) -> Card:
    """A shop that rejects our credentials, or cannot be reached."""
    cause = Cause(shop.pk, CONNECTION, "")
    rejected = shop.health == IntegrationHealth.CREDENTIALS
    title = _("%(shop)s rejects our credentials") if rejected else _("%(shop)s can not be reached")
    tone = "bad" if rejected else "warn"
    shown = Card(key_of(cause), cause, shop, title % {"shop": shop}, shop.health_note, tone=tone)
    if user.has_perm("integrations.change_integration"):
        shown.may_test = True
        if rejected:
            shown.forms["credentials"] = CredentialsForm(integration=shop, auto_id=f"shop-{shop.pk}-%s")
    return shown


def card(shop: Integration, group: Group, sample: RemoteOrder | None, user: Any) -> Card:
    """A cause with its orders, its forms not yet filled in."""
    cause = group.cause
    query = urlencode([("shop", cause.integration_id), ("code", cause.code), ("subject", cause.subject)])
    return Card(
        key=key_of(cause),
        cause=cause,
        shop=shop,
        title=title_of(cause),
        reason=sample.reason if sample else "",
        group=group,
        sample=sample,
        address=f"{reverse('admin:integrations_remoteorder_cause')}?{query}",
        may_retry=user.has_perm("integrations.retry_remoteorder"),
    )


def title_of(cause: Cause) -> str:
    titles = {
        "unknown_sku": _("SKU %(subject)s is unknown"),
        "unmapped_payment": _("Payment “%(subject)s” has no name here"),
        "unmapped_delivery": _("Delivery “%(subject)s” has no name here"),
        "insufficient_stock": _("Not enough stock of %(subject)s"),
        "rule": _("Status “%(subject)s”"),
        "rule_retry": _("Status “%(subject)s”"),
        "gone": _("No longer in the shop"),
        "not_storable": _("Cannot be stored"),
    }
    general = _("Cannot be read: %(subject)s") if cause.subject else _("Cannot be read")
    return titles.get(cause.code, general) % {"subject": cause.subject}


def fill(cards: Sequence[Card], user: Any) -> None:
    """Give each card the forms its kind has and this person may use; a query or two per kind, not per card."""
    kinds: dict[str, list[Card]] = {}
    may_dismiss = user.has_perm("integrations.review_remoteorder")
    for each in cards:
        if may_dismiss:
            each.forms["dismiss"] = DismissForm(auto_id=each.auto_id)
        kinds.setdefault(each.cause.code, []).append(each)
    _fill_skus(kinds.get("unknown_sku", []), user)
    _fill_codes([each for code in UNMAPPED.values() for each in kinds.get(code, [])], user)
    _fill_stock(kinds.get("insufficient_stock", []), user)
    _fill_statuses([each for code in RULED for each in kinds.get(code, [])], user)


def order_in(card: Card) -> IncomingOrder | None:
    """The sample as its connector reads it; None where that is not possible."""
    if card.sample is None:
        return None
    try:
        return card.shop.connector.parse(card.sample.payload.encode(), card.shop.reader())
    except PayloadError:
        return None


def _fill_skus(cards: Sequence[Card], user: Any) -> None:
    may_add, may_map = user.has_perm("stock.add_product"), user.has_perm("integrations.edit_mappings")
    if not cards or not (may_add or may_map):
        return
    may_book = user.has_perm("stock.receive_stock")
    names = [_line_name(card) for card in cards]
    near: list[list[tuple[str, str]]] = [[] for _ in cards]
    if may_map:
        wanted = [(card.cause.subject, name) for card, name in zip(cards, names, strict=True)]
        near = similar(cards[0].shop.project_id, wanted)
    for card, name, suggestions in zip(cards, names, near, strict=True):
        if may_add:
            card.forms["product"] = AddProductForm(initial={"name": name}, may_book=may_book, auto_id=card.auto_id)
        if may_map:
            card.forms["map"] = MapSkuForm(auto_id=card.auto_id)
            card.suggestions = suggestions


def _line_name(card: Card) -> str:
    """What the shop calls the thing with the unknown SKU."""
    order = order_in(card)
    return next((line.name for line in order.lines if line.sku == card.cause.subject), "") if order else ""


def _fill_codes(cards: Sequence[Card], user: Any) -> None:
    if user.has_perm("integrations.edit_mappings"):
        for card in cards:
            card.forms["code"] = NameCodeForm(initial={"name": label_of(card)}, auto_id=card.auto_id)


def label_of(card: Card) -> str:
    """What the shop itself calls the payment or delivery; its code where it says nothing."""
    order = order_in(card)
    if order is None:
        return card.cause.subject
    for code, title in ((order.payment_code, order.payment_title), (order.shipping_code, order.shipping_title)):
        if code_of(code, title) == card.cause.subject and title:
            return title[:200]
    return card.cause.subject


def _fill_stock(cards: Sequence[Card], user: Any) -> None:
    if not cards:
        return
    skus = [card.cause.subject for card in cards]
    levels = StockLevel.objects.filter(
        product__project_id=cards[0].shop.project_id, product__sku__in=skus, warehouse__is_default=True
    ).select_related("product")
    by_sku = {level.product.sku: level for level in levels}
    may_receive = user.has_perm("stock.receive_stock")
    for card in cards:
        level = by_sku.get(card.cause.subject)
        if level is None:
            continue
        figures = {"free": f"{level.available:,}", "hand": f"{level.on_hand:,}", "reserved": f"{level.reserved:,}"}
        card.facts = _("%(free)s free now: %(hand)s on hand, %(reserved)s reserved.") % figures
        if may_receive:
            seen = receiving.last_booking(level.product_id)
            card.forms["stock"] = ReceiveForm(initial={"seen": seen}, auto_id=card.auto_id)


def _fill_statuses(cards: Sequence[Card], user: Any) -> None:
    if not cards:
        return
    rules = {
        (rule.integration_id, rule.status): rule
        for rule in StatusRule.objects.filter(
            integration_id__in={card.shop.pk for card in cards}, status__in={card.cause.subject for card in cards}
        )
    }
    for card in cards:
        rule = rules.get((card.shop.pk, card.cause.subject))
        if rule is None:
            continue
        card.tone = "warn" if rule.discovered else "plain"
        card.facts = _("The rule holds for all orders with this status: these, and those still to come.")
        if rule.discovered:
            card.title = _("New status “%(subject)s”: nobody has decided about it") % {"subject": card.cause.subject}
        if user.has_perm("integrations.change_statusrule"):
            action = ImportAction.SKIP if rule.action == ImportAction.IMPORT else rule.action
            initial = {"action": action, "retry": rule.retry, "seen": fingerprint(rule)}
            card.forms["status"] = ChooseRuleForm(initial=initial, auto_id=card.auto_id)
