"""Give the cards of causes their forms, filled in with what is known: a query or two per kind, not per card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from integrations.admin.cause_cards import Card
from integrations.admin.cause_forms import AddProductForm, ChooseRuleForm, DismissForm, MapSkuForm, NameCodeForm
from integrations.choices import ImportAction
from integrations.connectors.errors import PayloadError
from integrations.importing.articles import AMBIGUOUS
from integrations.importing.mapping import UNMAPPED, code_of
from integrations.models import StatusRule
from integrations.review.causes import RULED
from integrations.shops.rule_settings import fingerprint
from orders.intake import receipts
from orders.intake.incoming import IncomingOrder
from stock import warehouses
from stock.admin.forms import ReceiveForm
from stock.models import Product, StockLevel
from stock.suggestions import similar
from stock.warehouses import Warehouses


def fill(cards: Sequence[Card], user: Any) -> None:
    """Give each card the forms its kind has and this person may use; a query or two per kind, not per card."""
    kinds: dict[str, list[Card]] = {}
    may_dismiss = user.has_perm("integrations.review_remoteorder")
    for each in cards:
        if may_dismiss:
            each.forms["dismiss"] = DismissForm(auto_id=each.auto_id)
        kinds.setdefault(each.cause.code, []).append(each)
    _fill_skus(kinds.get("unknown_sku", []), user)
    _fill_eans(kinds.get(AMBIGUOUS, []), user)
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


def _fill_eans(cards: Sequence[Card], user: Any) -> None:
    """The products that share the EAN are the suggestions."""
    if not cards or not user.has_perm("integrations.edit_mappings"):
        return
    eans = {card.cause.subject for card in cards}
    same = Product.objects.filter(project_id=cards[0].shop.project_id, ean__in=eans, deleted_at=None).exclude(ean="")
    found = list(same.order_by("sku").values_list("ean", "sku", "name"))
    for card in cards:
        card.forms["map"] = MapSkuForm(auto_id=card.auto_id)
        card.suggestions = [(sku, name) for ean, sku, name in found if ean == card.cause.subject]


def _line_name(card: Card) -> str:
    """What the shop calls the thing with the unknown SKU."""
    order = order_in(card)
    return next((line.name for line in order.lines if line.sku == card.cause.subject), "") if order else ""


def _fill_codes(cards: Sequence[Card], user: Any) -> None:
    if user.has_perm("integrations.edit_mappings"):
        for card in cards:
            card.forms["code"] = NameCodeForm(initial={"name": label_of(card)}, auto_id=card.auto_id)


def label_of(card: Card) -> str:
    """What the shop itself calls the payment or shipping method, as its order says; its code where it says nothing."""
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
    levels = StockLevel.objects.filter(product__project_id=cards[0].shop.project_id, product__sku__in=skus)
    by_sku: dict[str, list[StockLevel]] = {}
    for level in levels.select_related("product", "warehouse").order_by("warehouse__priority", "warehouse_id"):
        by_sku.setdefault(level.product.sku, []).append(level)
    here = warehouses.of(cards[0].shop.project_id)
    may_receive = user.has_perm("stock.receive_stock")
    for card in cards:
        found = by_sku.get(card.cause.subject)
        if found is None:
            continue
        card.facts = " ".join(_free(level, here) for level in found)
        if may_receive:
            seen = receipts.last_booking(found[0].product_id)
            card.forms["stock"] = ReceiveForm(initial={"seen": seen}, auto_id=card.auto_id, here=here)


def _free(level: StockLevel, here: Warehouses) -> str:
    """What is free of a level, its warehouse named where there are several."""
    figures = {"free": f"{level.available:,}", "hand": f"{level.on_hand:,}", "reserved": f"{level.reserved:,}"}
    text = _("%(free)s free now: %(hand)s on hand, %(reserved)s reserved.") % figures
    return f"{level.warehouse}: {text}" if here.several else text


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
