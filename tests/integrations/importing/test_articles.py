"""Which product a line means: by hand, by its SKU, by its EAN; and what is not certain is never guessed."""

from __future__ import annotations

import pytest

from integrations.choices import ArticleKey, ImportAction, RemoteState, RunKind, RunState, UnknownProducts
from integrations.connectors.http import Operation
from integrations.connectors.listings import ProductPage, RemoteProduct
from integrations.importing import articles, mapping
from integrations.importing.articles import Articles
from integrations.importing.judgement import judge, look_up
from integrations.importing.payloads import Candidate
from integrations.importing.rules import Rule
from integrations.invariants import broken
from integrations.models import Integration, Run, SkuMapping, StatusRule
from integrations.review import causes, fixes
from integrations.runs import claims, control, pages
from integrations.shops.code_lists import products_page
from orders.intake.drafts import Obstacle
from orders.models import OrderLine
from stock import catalogue
from stock.models import Product
from tests.factories import IntegrationFactory, give_stock, incoming, line
from tests.fake_connector import exchange
from tests.integrations.importing.test_mapping import take

E1, E2, BOTH = "4006381333931", "4006381333948", "9999999999994"
SKU, SKU_EAN, EAN_SKU = ArticleKey
KNOWN = Articles(
    mapped={"hand": "B-2", E2: "A-17"},
    known=frozenset({"A-17", "C-3"}),
    of_eans={E1: ("A-17",), BOTH: ("B-2", "C-3")},
)


@pytest.fixture
def integration(db: None) -> Integration:
    integration = IntegrationFactory.create(articles_by=SKU_EAN)
    StatusRule.objects.create(integration=integration, status="processing", action=ImportAction.VALID)
    give_stock(integration.project, A_17=5, B_2=5, C_3=5)
    catalogue.add_eans(integration.project_id, {"A-17": E1, "B-2": BOTH, "C-3": BOTH})
    return integration


@pytest.mark.parametrize(
    ("sku", "ean", "by_sku", "sku_then_ean", "ean_then_sku"),
    [
        ("A-17", "", "A-17", "A-17", "A-17"),
        ("hand", E1, "B-2", "B-2", "B-2"),
        ("new", E2, "new", "A-17", "A-17"),
        ("C-3", E1, "C-3", "C-3", "A-17"),
        ("new", E1, "new", "A-17", "A-17"),
        ("new", "123", "new", "new", "new"),
        ("", E1, "", "A-17", "A-17"),
        ("", "123", "", "123", "123"),
        ("", "", "", "", ""),
        ("new", BOTH, "new", None, None),
        ("C-3", BOTH, "C-3", "C-3", "C-3"),
    ],
)
def test_an_article_is_found_as_it_is_set(
    sku: str, ean: str, by_sku: str, sku_then_ean: str | None, ean_then_sku: str | None
) -> None:
    for by, expected in ((SKU, by_sku), (SKU_EAN, sku_then_ean), (EAN_SKU, ean_then_sku)):
        meant = Articles(by, KNOWN.mapped, KNOWN.known, KNOWN.of_eans).meant(sku, ean)
        assert (None if isinstance(meant, Obstacle) else meant) == expected, by


def test_what_takes_no_part_in_stock_is_not_found_by_its_ean() -> None:
    service = line("", ean=E1, stocked=False)
    assert Articles(EAN_SKU, of_eans=KNOWN.of_eans).sku_of(service) == ""


def test_lines_take_the_stock_of_the_product_with_their_ean(integration: Integration) -> None:
    order = incoming(line("shop-1", 2, ean=E1), line("", 1, ean=E1), line("", 1, ean="555"), line("", 1))
    assert take(integration, order).state == RemoteState.IMPORTED
    found = OrderLine.objects.order_by("position").values_list("sku", "reserved", "product__sku")
    assert list(found) == [("A-17", 2, "A-17"), ("A-17", 1, "A-17"), ("555", 0, "555"), ("", 0, None)]
    assert broken() == {}


def test_a_product_made_of_an_ean_is_found_by_it_whatever_its_next_sku(integration: Integration) -> None:
    take(integration, incoming(line("", 1, ean="555"), line("own", 1, ean="666")))
    take(integration, incoming(line("shop-1", 1, ean="555")))
    assert dict(Product.objects.filter(sku__in=["555", "own"]).values_list("sku", "ean")) == {"555": "555", "own": ""}
    assert OrderLine.objects.filter(sku="555").count() == 2


def test_by_sku_alone_an_ean_says_nothing(integration: Integration) -> None:
    """The control: the same order, where EANs do not count."""
    Integration.objects.update(articles_by=SKU)
    integration.refresh_from_db()
    take(integration, incoming(line("shop-1", 2, ean=E1), line("", 1, ean=E1)))
    found = OrderLine.objects.order_by("position").values_list("sku", "reserved", "product__sku")
    assert list(found) == [("shop-1", 0, "shop-1"), ("", 0, None)]


def test_an_ean_of_several_products_fails_the_order_until_somebody_says_which(integration: Integration) -> None:
    row = take(integration, incoming(line("shop-1", 2, ean=BOTH)))
    assert (row.state, row.reason_code, row.subject) == (RemoteState.FAILED, "ambiguous_ean", BOTH)
    assert "belongs to several products (B-2, C-3): say which one it means here." in row.reason
    [group] = causes.groups(integration.project_id)
    fix = fixes.map_sku(integration, group.cause, "C-3", None)
    assert fix.done == f"EAN {BOTH} of {integration} stands for C-3." and fix.orders == [row.pk]
    assert SkuMapping.objects.get().shop_sku == BOTH
    row = take(integration, incoming(line("shop-1", 2, ean=BOTH)))
    assert row.state == RemoteState.IMPORTED
    assert OrderLine.objects.values_list("product__sku", flat=True).get() == "C-3"


def test_an_ean_is_not_guessed_where_the_guard_is_off(
    integration: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: without the obstacle the first of the products would be taken."""
    monkeypatch.setattr(articles, "_ambiguous", lambda ean, skus: skus[0])
    assert take(integration, incoming(line("shop-1", ean=BOTH))).state == RemoteState.IMPORTED
    assert OrderLine.objects.get().sku == "B-2"


def test_an_unknown_ean_fails_where_unknown_products_do(integration: Integration) -> None:
    Integration.objects.update(unknown_products=UnknownProducts.FAIL)
    integration.refresh_from_db()
    row = take(integration, incoming(line("", ean="555")))
    assert (row.state, row.reason_code, row.subject) == (RemoteState.FAILED, "unknown_sku", "555")
    assert take(integration, incoming(line("other", ean=E1))).state == RemoteState.IMPORTED


@pytest.mark.parametrize("by", list(ArticleKey))
def test_the_preview_judges_as_the_import_does(integration: Integration, by: ArticleKey) -> None:
    Integration.objects.update(articles_by=by, unknown_products=UnknownProducts.FAIL)
    integration.refresh_from_db()
    rules = {"processing": Rule("processing", ImportAction.VALID, retry=True)}
    for each in (
        line("new", ean=E1),
        line("", ean=E1),
        line("new", ean=BOTH),
        line("A-17", ean=BOTH),
        line("", ean="5"),
    ):
        order = incoming(each)
        seen = Candidate(order.external_id, order.number, order.status, order.modified_at, "", b"", order=order)
        judged = judge(seen, rules, look_up(integration, [order]))
        row = take(integration, order)
        code = judged.obstacle.code if judged.obstacle else "imported"
        assert row.reason_code == code, each
        if judged.order is not None:
            skus = list(OrderLine.objects.filter(order__remote_order=row).values_list("sku", flat=True))
            assert skus == [each.sku for each in judged.order.lines]


def test_older_documents_are_read_with_the_eans_they_ask_for(integration: Integration) -> None:
    one, other = incoming(line("x", ean=E1)), incoming(line("y", ean=BOTH))
    words = mapping.load(integration, [one])
    both = words.articles.together(articles.load(integration, articles.keys_of([other])))
    assert (both.sku_of(one.lines[0]), both.sku_of(other.lines[0])) == ("A-17", "")
    assert both.meant("C-3", BOTH) == "C-3"


# --- the shop's list of products ---


def listed(monkeypatch: pytest.MonkeyPatch, integration: Integration, *found: tuple[str, str], size: int) -> None:
    remotes = [RemoteProduct(str(place), sku, sku, True, 1, ean) for place, (sku, ean) in enumerate(found)]

    def products(shop: object, cursor: dict[str, int] | None) -> Operation[ProductPage]:
        first = (cursor or {}).get("first", 0)
        following = {"first": first + size} if first + size < len(remotes) else None
        yield from ()
        return ProductPage(tuple(remotes[first : first + size]), following)

    exchange(monkeypatch, integration.platform, products=products)
    held = claims.claim(control.request(RunKind.PRODUCTS, integration).pk)
    assert held is not None
    done = False
    while not done:
        page = products_page(held, Run.objects.get(pk=held.run_id), integration)
        pages.write(held, page)
        done = page.done
    claims.finish(held, RunState.SUCCEEDED)


@pytest.mark.parametrize("size", [1, 2, 9])
def test_a_product_list_brings_eans_and_makes_no_second_product_of_one(
    integration: Integration, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    found = [("A-17", "111"), ("shop-1", E1), ("new", "222"), ("new-too", "222"), ("", "333"), ("plain", "")]
    listed(monkeypatch, integration, *found, size=size)
    eans = dict(Product.objects.values_list("sku", "ean"))
    assert eans == {"A-17": E1, "B-2": BOTH, "C-3": BOTH, "new": "222", "333": "333", "plain": ""}


@pytest.mark.parametrize("size", [1, 9])
def test_by_sku_alone_every_sku_of_the_list_is_a_product(
    integration: Integration, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    Integration.objects.update(articles_by=SKU)
    integration.refresh_from_db()
    SkuMapping.objects.create(integration=integration, shop_sku="mine", sku="A-17")
    listed(
        monkeypatch, integration, ("shop-1", E1), ("new", "222"), ("new-too", "222"), ("", "3"), ("mine", ""), size=size
    )
    eans = dict(Product.objects.values_list("sku", "ean"))
    assert eans == {"A-17": E1, "B-2": BOTH, "C-3": BOTH, "shop-1": E1, "new": "222", "new-too": "222"}


def test_eans_are_looked_up_within_the_project(integration: Integration) -> None:
    other = IntegrationFactory.create(articles_by=SKU_EAN)
    assert catalogue.skus_of_eans(other.project_id, [E1, BOTH]) == {}
    assert catalogue.skus_of_eans(integration.project_id, [E1, BOTH, "5"]) == {E1: ("A-17",), BOTH: ("B-2", "C-3")}
