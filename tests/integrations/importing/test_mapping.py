"""Mappings: a shop's SKUs, payments, shipping methods and metadata in our words, at import."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from integrations.choices import (
    ImportAction,
    ListKind,
    RemoteState,
    RunKind,
    RunState,
    UnknownCodes,
    UnknownProducts,
    UnknownTaxes,
)
from integrations.connectors.kit.remote_lists import code_list, color
from integrations.connectors.listings import CodeLists, RemoteStatus
from integrations.importing import mapping, payloads
from integrations.importing.code_names import CodeNames, matches, names_of
from integrations.importing.mapping import Mapped, Mapping
from integrations.importing.orders_page import import_page
from integrations.importing.payloads import Candidate, digest_of
from integrations.invariants import broken
from integrations.models import CodeListEntry, Integration, MetadataMapping, RemoteOrder, SkuMapping, StatusRule
from integrations.review import causes, fixes
from integrations.runs import claims, control, pages
from integrations.shops.code_lists import store_code_lists
from orders.intake.drafts import Obstacle
from orders.intake.incoming import IncomingOrder
from orders.models import Order, OrderLine
from stock.models import Product
from tests.benchmarks import w2000
from tests.factories import IntegrationFactory, give_stock, incoming, line

NESTED = {"_billing_vat": "CZ123", "gift": {"from": "Eve", "notes": ["a", "b"]}, "a.b": 1}


@pytest.fixture
def integration(db: None) -> Integration:
    integration = IntegrationFactory.create()
    StatusRule.objects.create(integration=integration, status="processing", action=ImportAction.VALID)
    return integration


def take(integration: Integration, order: IncomingOrder) -> RemoteOrder:
    held = claims.claim(control.request(RunKind.LOAD, integration).pk)
    assert held is not None
    body = order.external_id
    seen = Candidate(body, order.number, order.status, order.modified_at, body, digest_of(body.encode()), order=order)
    pages.write(held, import_page(integration, [seen], None))
    claims.finish(held, RunState.SUCCEEDED)
    return RemoteOrder.objects.get(external_id=body)


def named(integration: Integration, kind: ListKind, code: str, name: str) -> None:
    CodeListEntry.objects.create(integration=integration, kind=kind, code=code, label=code, name=name)


def test_an_order_that_nothing_is_mapped_for_stays_the_very_same() -> None:
    order = incoming(line(), metadata=NESTED, payment_code="cod", payment_title="Cash")
    assert Mapping().apply(order) is order


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([("_billing_vat", "VAT")], {"VAT": "CZ123", "gift": NESTED["gift"], "a.b": 1}),
        ([("gift.from", "giver")], NESTED | {"giver": "Eve"}),
        ([("gift.notes.1", "note")], NESTED | {"note": "b"}),
        ([("a.b", "c")], {"_billing_vat": "CZ123", "gift": NESTED["gift"], "c": 1}),
        ([("_billing_vat", "gift")], {"gift": "CZ123", "a.b": 1}),
        ([("gift", "a.b"), ("a.b", "gift")], {"_billing_vat": "CZ123", "gift": 1, "a.b": NESTED["gift"]}),
        ([("missing", "x"), ("gift.notes.7", "x"), ("gift.from.deeper", "y"), ("gift.notes.first", "z")], NESTED),
    ],
)  # fmt: skip
def test_metadata_gets_our_names_and_the_rest_stays(pairs: list[tuple[str, str]], expected: dict[str, Any]) -> None:
    order = incoming(line(), metadata=NESTED)
    done = Mapping(metadata=tuple(Mapped(*pair) for pair in pairs)).apply(order)
    assert isinstance(done, IncomingOrder)
    assert done.metadata == expected
    assert order.metadata is NESTED and NESTED["_billing_vat"] == "CZ123"


@pytest.mark.parametrize(
    ("kind", "field", "code"),
    [(ListKind.PAYMENT, "payment", "unmapped_payment"), (ListKind.SHIPPING_METHOD, "shipping", "unmapped_delivery")],
)
def test_unnamed_codes_keep_the_shops_name_or_fail(kind: ListKind, field: str, code: str) -> None:
    order = incoming(line(), **{f"{field}_code": "x1", f"{field}_title": "By drone"})
    assert Mapping(names={kind: CodeNames({"x1": "Drone"})}).apply(order) == replace(
        order, **{f"{field}_title": "Drone"}
    )
    assert Mapping().apply(order) is order
    failed = Mapping(strict=frozenset({kind})).apply(order)
    assert isinstance(failed, Obstacle)
    assert (failed.code, failed.subject) == (code, "x1")
    assert "“x1” (By drone) has no name here" in failed.message


def test_without_a_code_the_title_counts_and_without_both_nothing_is_missing() -> None:
    strict = frozenset({ListKind.PAYMENT, ListKind.SHIPPING_METHOD})
    order = incoming(line(), payment_title="Wire")
    named = Mapping(names={ListKind.PAYMENT: CodeNames({"Wire": "Bank transfer"})}, strict=strict).apply(order)
    assert isinstance(named, IncomingOrder) and named.payment_title == "Bank transfer"
    untold = incoming(line())
    assert Mapping(strict=strict).apply(untold) is untold


def test_an_import_uses_the_mapping_of_its_shop(integration: Integration) -> None:
    give_stock(integration.project, A_17=5)
    SkuMapping.objects.create(integration=integration, shop_sku="tea-17", sku="A-17")
    SkuMapping.objects.create(integration=IntegrationFactory.create(), shop_sku="B", sku="A-17")
    named(integration, ListKind.PAYMENT, "cod", "Cash on delivery")
    MetadataMapping.objects.create(integration=integration, source="_billing_vat", name="VAT id")
    order = incoming(line("tea-17", 2), line("B"), payment_code="cod", metadata={"_billing_vat": "CZ1", "note": "x"})
    assert take(integration, order).state == RemoteState.IMPORTED
    taken = Order.objects.get()
    assert (taken.payment_code, taken.payment_title) == ("cod", "Cash on delivery")
    assert taken.metadata == {"VAT id": "CZ1", "note": "x"}
    assert list(OrderLine.objects.order_by("position").values_list("sku", "reserved")) == [("A-17", 2), ("B", 0)]
    assert set(Product.objects.values_list("sku", flat=True)) == {"A-17", "B"}
    assert broken() == {}


@pytest.mark.parametrize(
    ("mapped", "expected"),
    [
        (Mapped("gift.from", field="note"), {"note": "Eve"}),
        (Mapped("_billing_vat", field="phone", transform="digits"), {"phone": "123"}),
        (Mapped("_billing_vat", field="payment_title", transform="lower"), {"payment_title": "cz123"}),
        (Mapped("$.total", field="shipping_title"), {"shipping_title": "0.10"}),
        (Mapped("$.lines", field="note", transform="first_line"), {"note": "a, b"}),
        (Mapped("$.address", field="note"), {}),
        (Mapped("$.gone", field="note"), {}),
        (Mapped("gift", field="note"), {}),
    ],
)
def test_a_value_becomes_a_field_of_the_order(mapped: Mapped, expected: dict[str, Any]) -> None:
    document = {"$.total": "0.10", "$.lines": ["a", "b\nc"], "$.address": {"city": "Brno"}}
    order = incoming(line(), metadata=NESTED, picked=document)
    assert Mapping(metadata=(mapped,)).apply(order) == replace(order, **expected)


def test_a_company_goes_to_the_billing_address_and_a_name_may_be_transformed() -> None:
    order = incoming(line(), metadata={"firm": "  Acme \n Ltd", "vat": "cz 1"}, picked={"$.id": "7"})
    mapped = (
        Mapped("firm", field="company", transform="trim"),
        Mapped("vat", "VAT", transform="upper"),
        Mapped("$.id", "Id in the shop"),
    )
    done = Mapping(metadata=mapped).apply(order)
    assert isinstance(done, IncomingOrder)
    assert (done.billing.company, done.billing.city) == ("Acme \n Ltd", order.billing.city)
    assert done.metadata == {"firm": "  Acme \n Ltd", "VAT": "CZ 1", "Id in the shop": "7"}
    assert Mapping(metadata=mapped).fields == {"billing", "buyer", "company", "metadata"}


def test_paths_read_the_shops_document_to_the_digit(integration: Integration) -> None:
    MetadataMapping.objects.create(integration=integration, source="$.line_items.0.price", field="note", name="")
    MetadataMapping.objects.create(integration=integration, source="$.refunds.9.id", name="Refund")
    payload = w2000.payloads()[0].replace(b'"price": ', b'"price": 1.10000000000000000001, "was": ', 1)
    candidate = payloads.read(integration.connector, integration.reader(), payload, b"")
    assert candidate.order is not None
    assert candidate.order.picked == {"$.line_items.0.price": "1.10000000000000000001"}
    done = mapping.load(integration).apply(candidate.order)
    assert isinstance(done, IncomingOrder)
    assert done.note == "1.10000000000000000001"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("flat_rate:3", "Third"),
        ("flat_rate:4", "Flat"),
        ("flat_rate:eu:4", "Flat in the EU"),
        ("flat_rat", "Others"),
        ("drone", "Others"),
        ("a*b", "A star"),
        ("a-b", "A to b"),
        ("b", "Others"),
        ("", ""),
    ],
)
def test_a_wildcard_stands_for_many_codes_and_the_closest_counts(code: str, name: str) -> None:
    names = {
        "*": "Others", "flat_rate:*": "Flat", "flat_rate:3": "Third", "flat_rate:eu*": "Flat in the EU",
        "a*b": "A star", "a*-b": "A to b",
    }  # fmt: skip
    assert names_of(names.items()).of(code) == name


@pytest.mark.parametrize(
    ("pattern", "code", "fits"),
    [
        ("*", "", True),
        ("*", "x", True),
        ("a*", "a", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("*21%", "VAT 21%", True),
        ("*21%", "VAT 21% + 5%", False),
        ("V*T*1%", "VAT 21%", True),
        ("V*1*1%", "VAT 21%", False),
        ("a**b", "ab", True),
        ("*a" * 30 + "*", "a" * 29, False),
    ],
)
def test_what_a_wildcard_stands_for(pattern: str, code: str, fits: bool) -> None:
    assert matches(pattern, code) == fits


def test_a_wildcard_names_what_would_fail(integration: Integration) -> None:
    Integration.objects.update(unknown_deliveries=UnknownCodes.FAIL)
    integration.refresh_from_db()
    named(integration, ListKind.SHIPPING_METHOD, "flat_rate:*", "Courier")
    assert take(integration, incoming(line(), shipping_code="flat_rate:7")).state == RemoteState.IMPORTED
    assert Order.objects.get().shipping_title == "Courier"
    row = take(integration, incoming(line(), shipping_code="pickup"))
    assert (row.state, row.reason_code, row.subject) == (RemoteState.FAILED, "unmapped_delivery", "pickup")


def test_taxes_of_lines_get_their_names(integration: Integration) -> None:
    named(integration, ListKind.TAX, "reduced-rate", "12 %")
    named(integration, ListKind.TAX, "VAT *", "Other VAT")
    order = incoming(line(tax_code="reduced-rate"), line(tax_code="VAT 21%"), line(tax_code="none"), line())
    take(integration, order)
    assert list(OrderLine.objects.order_by("position").values_list("tax_name", flat=True)) == [
        "12 %", "Other VAT", "", "",
    ]  # fmt: skip


def test_a_tax_that_must_have_a_name_fails_the_order_and_its_form_mends_it(integration: Integration) -> None:
    Integration.objects.update(unknown_taxes=UnknownTaxes.FAIL)
    integration.refresh_from_db()
    order = incoming(line(tax_code="reduced-rate"), line())
    row = take(integration, order)
    assert (row.state, row.reason_code, row.subject) == (RemoteState.FAILED, "unmapped_tax", "reduced-rate")
    assert row.reason.startswith("The tax “reduced-rate” has no name here")
    [group] = causes.groups(integration.project_id)
    fixes.name_code(integration, group.cause, "12 %", "reduced-rate", None)
    assert take(integration, incoming(line(tax_code="reduced-rate"))).state == RemoteState.IMPORTED
    assert OrderLine.objects.get().tax_name == "12 %"
    assert take(integration, incoming(line())).state == RemoteState.IMPORTED, "no tax is told, so none is missing"


def test_an_order_with_an_unnamed_code_fails_until_it_is_named(integration: Integration) -> None:
    Integration.objects.update(unknown_deliveries=UnknownCodes.FAIL, unknown_products=UnknownProducts.FAIL)
    integration.refresh_from_db()
    order = incoming(line(), shipping_code="drone", shipping_title="By drone")
    row = take(integration, order)
    assert (row.state, row.reason_code) == (RemoteState.FAILED, "unmapped_delivery")
    assert "The shipping method “drone” (By drone) has no name here" in row.reason
    assert row.retry and not Order.objects.exists() and not Product.objects.exists()


def test_only_the_skus_of_the_orders_are_loaded(integration: Integration) -> None:
    for sku in ("a", "b"):
        SkuMapping.objects.create(integration=integration, shop_sku=sku, sku="A-17")
    assert mapping.load(integration).articles.mapped == {"a": "A-17", "b": "A-17"}
    assert mapping.load(integration, [incoming(line("b"))]).articles.mapped == {"b": "A-17"}


def test_codes_that_the_shop_has_no_longer_stay_and_are_marked_so(integration: Integration) -> None:
    named(integration, ListKind.PAYMENT, "cod", "Cash on delivery")
    named(integration, ListKind.PAYMENT, "old", "")
    named(integration, ListKind.PAYMENT, "*", "Others")
    named(integration, ListKind.TAX, "1", "")
    card, cod = RemoteStatus("card", "Card", "#ff8c00"), RemoteStatus("cod", "COD")
    store_code_lists(integration, CodeLists(payments=(card, cod)))
    entries = CodeListEntry.objects.order_by("kind", "code").values_list("code", "label", "name", "color", "listed")
    assert list(entries) == [
        ("*", "*", "Others", "", True),
        ("card", "Card", "", "#ff8c00", True),
        ("cod", "COD", "Cash on delivery", "", True),
        ("old", "old", "", "", False),
        ("1", "1", "", "", True),
    ]
    store_code_lists(integration, CodeLists(payments=(RemoteStatus("card", "Card"),)))
    assert set(entries.filter(listed=False).values_list("code", flat=True)) == {"cod", "old"}
    assert CodeListEntry.objects.get(code="card").color == "", "the shop has taken its colour away"
    store_code_lists(integration, CodeLists(payments=(cod,)))
    assert set(entries.filter(listed=False).values_list("code", flat=True)) == {"card", "old"}


def test_what_was_not_in_use_lately_may_be_in_the_shop_all_the_same(integration: Integration) -> None:
    named(integration, ListKind.PAYMENT, "cod", "")
    store_code_lists(integration, CodeLists(payments=(RemoteStatus("card", "Card"),), whole=False))
    assert set(CodeListEntry.objects.values_list("code", "listed")) == {("cod", True), ("card", True)}


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("#34209E", "#34209e"), (" #fff ", "#ffffff"), ("RoyalBlue", ""), ("#12345", ""), ("red\" onload=x", ""),
        ("", ""), (None, ""), (7, ""), (["#ffffff"], ""), ("#١٢٣", ""),
    ],
)  # fmt: skip
def test_colours_are_hexadecimal_or_none(told: Any, kept: str) -> None:
    assert color(told) == kept
    assert code_list({"1": "Paid"}, {"1": told}) == (RemoteStatus("1", "Paid", kept),)
