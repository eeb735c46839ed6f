"""Every live shop says what is available here, told by the newest number alone, and looked at every night."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from integrations import jobs
from integrations.choices import ArticleState, Outgoing, RunKind, RunState
from integrations.follow_up.steps import follow_up
from integrations.models import Integration, Project, Run, ShopArticle, SkuMapping
from integrations.pushes import going_live, shop_articles, stock_export
from integrations.pushes.going_live import OutgoingSettings
from integrations.runs import control
from orders.intake.allocation import change_stock
from orders.work import lifecycle
from stock.choices import MovementReason
from stock.ledger import Change
from stock.models import LevelChange, Product, StockWatch
from tests.admin.conftest import imported
from tests.factories import IntegrationFactory, ProjectFactory, give_stock, incoming, line
from tests.integrations.pushes.shops_that_listen import REFUSED, ListeningShop

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(db: None) -> Project:
    project = ProjectFactory.create()
    give_stock(project, A=10, B=5, C=0)
    return project


@pytest.fixture
def garden(project: Project, monkeypatch: pytest.MonkeyPatch) -> ListeningShop:
    return ListeningShop(quantities={"A": 10, "B": 5, "C": 0}).install(monkeypatch)


@pytest.fixture
def toys(project: Project, monkeypatch: pytest.MonkeyPatch) -> ListeningShop:
    return ListeningShop(quantities={"A": 10, "B": 5, "C": 0}).install(monkeypatch, "bigcommerce")


def live(project: Project, platform: str = "woocommerce") -> Integration:
    """A shop that was read once, then switched live."""
    shop = IntegrationFactory.create(project=project, platform=platform)
    look(shop)
    going_live.go_live(shop, leave_out=False)
    return shop


def look(shop: Integration) -> Run:
    run = control.request(RunKind.STOCK_CHECK, shop)
    jobs.work(run.pk)
    return Run.objects.get(pk=run.pk)


def told(project: Project) -> list[Run]:
    """All that follows, until nothing does."""
    runs = []
    for _ in range(10):
        follow_up(project.pk)
        open_ones = list(Run.objects.filter(state=RunState.WAITING, kind=RunKind.STOCK_EXPORT))
        if not open_ones:
            break
        for run in open_ones:
            jobs.work(run.pk)
            runs.append(Run.objects.get(pk=run.pk))
    return runs


def book(project: Project, sku: str, units: int) -> None:
    product = Product.objects.get(project=project, sku=sku)
    change_stock(project.pk, [Change(product.pk, units, MovementReason.ADJUSTMENT, "test")])


def article(shop: Integration, sku: str) -> ShopArticle:
    return ShopArticle.objects.get(integration=shop, sku=sku)


def in_time(shop: Integration) -> None:
    """Let what waits for its time be due."""
    ShopArticle.objects.filter(integration=shop).update(next_try_at=None)


def test_what_is_booked_here_is_told(project: Project, garden: ListeningShop) -> None:
    shop = live(project)
    book(project, "A", -3)
    book(project, "C", 4)
    told(project)
    assert garden.quantities == {"A": 7, "B": 5, "C": 4}
    assert garden.calls[-1] == "stock A=7 C=4"
    row = article(shop, "A")
    assert (row.wanted, row.told, row.in_shop, row.message) == (7, 7, 7, "")


def test_a_sale_in_one_shop_is_told_to_the_others_alone(
    project: Project, garden: ListeningShop, toys: ListeningShop
) -> None:
    shop, other = live(project), live(project, "bigcommerce")
    garden.quantities["A"], before = 8, len(garden.calls)  # shops count off what they sell
    imported(shop, [incoming(line("A", 2), placed_at=timezone.now())], "valid")
    told(project)
    assert toys.quantities["A"] == 8
    assert garden.calls[before:] == []
    assert (article(shop, "A").told, article(other, "A").told) == (8, 8)


def test_a_sale_that_the_shop_was_not_told_before_is_told(project: Project, garden: ListeningShop) -> None:
    """Placed before the shop was told last, and imported after it: what it was told did not count it off."""
    shop = live(project)
    book(project, "A", -1)
    told(project)
    assert garden.quantities["A"] == 9
    imported(shop, [incoming(line("A", 2), placed_at=timezone.now() - timedelta(minutes=5))], "valid")
    told(project)
    assert garden.quantities["A"] == 7


def test_a_cancelled_order_gives_its_units_to_all_shops(
    project: Project, garden: ListeningShop, toys: ListeningShop
) -> None:
    shop = live(project)
    live(project, "bigcommerce")
    [order] = imported(shop, [incoming(line("A", 2), placed_at=timezone.now())], "valid")
    told(project)
    lifecycle.cancel(order.pk)
    told(project)
    assert (garden.quantities["A"], toys.quantities["A"]) == (10, 10)


def test_the_newest_number_alone_is_told(project: Project, garden: ListeningShop) -> None:
    live(project)
    before = len(garden.calls)
    for units in (1, 1, 1, -2):
        book(project, "A", units)
    told(project)
    assert garden.calls[before:] == ["stock A=11"]


def test_a_change_while_it_is_told_is_told_next(project: Project, garden: ListeningShop) -> None:
    shop = live(project)
    book(project, "A", -1)

    def sell() -> None:
        book(project, "A", -1)
        follow_up(project.pk)

    garden.meanwhile = sell
    told(project)
    assert garden.quantities["A"] == 8
    assert [call for call in garden.calls if call.startswith("stock")] == ["stock A=9", "stock A=8"]
    assert article(shop, "A").told == 8


def test_a_safety_stock_is_kept_back(project: Project, garden: ListeningShop) -> None:
    shop = live(project)
    going_live.change_settings(shop, OutgoingSettings([Outgoing.STOCK], 6, tells_buyers=True))
    told(project)
    assert garden.quantities == {"A": 4, "B": 0, "C": 0}


def test_nothing_is_told_before_it_is_live(project: Project, garden: ListeningShop) -> None:
    shop = IntegrationFactory.create(project=project)
    look(shop)
    book(project, "A", -3)
    assert told(project) == []
    assert LevelChange.objects.count() == 0  # nobody listens
    assert garden.quantities["A"] == 10
    going_live.go_live(shop, leave_out=False)
    told(project)
    assert garden.quantities["A"] == 7


def test_a_shop_that_does_not_want_stock_is_not_told(project: Project, garden: ListeningShop) -> None:
    shop = live(project)
    going_live.change_settings(shop, OutgoingSettings([Outgoing.SHIPMENTS], 0, tells_buyers=True))
    book(project, "A", -3)
    assert told(project) == []
    assert garden.quantities["A"] == 10


def test_mapped_articles_are_told_by_the_shops_own_sku(project: Project, garden: ListeningShop) -> None:
    garden.quantities = {"TEA-A": 0}
    shop = IntegrationFactory.create(project=project)
    SkuMapping.objects.create(integration=shop, shop_sku="TEA-A", sku="A")
    look(shop)
    going_live.go_live(shop, leave_out=False)
    told(project)
    assert garden.quantities == {"TEA-A": 10}


def test_articles_that_are_not_here_are_left_alone(project: Project, garden: ListeningShop) -> None:
    garden.quantities |= {"X": 3, "Y": None}
    shop = live(project)
    told(project)
    assert (garden.quantities["X"], garden.quantities["Y"]) == (3, None)
    assert (article(shop, "X").product_id, article(shop, "Y").state) == (None, ArticleState.UNMANAGED)


def test_what_the_shop_lost_is_told_again_after_its_orders_came(project: Project, garden: ListeningShop) -> None:
    shop = live(project)
    garden.forgets.add("A")
    book(project, "A", -3)
    told(project)
    assert garden.quantities["A"] == 10
    run = look(shop)
    assert run.reason == "1 quantity differs."
    assert list(shop_articles.adrift(shop).values_list("sku", flat=True)) == ["A"]
    assert told(project) == []  # its order may be on its way
    in_time(shop)
    told(project)
    assert garden.quantities["A"] == 7


def test_a_check_that_differs_only_by_an_order_on_its_way_tells_nothing(
    project: Project, garden: ListeningShop
) -> None:
    shop = live(project)
    garden.quantities["A"] = 8
    look(shop)
    imported(shop, [incoming(line("A", 2), placed_at=timezone.now())], "valid")
    in_time(shop)
    assert told(project) == []
    assert article(shop, "A").told == 8


def test_where_the_platform_compares_a_shop_that_sold_is_waited_for(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    garden = ListeningShop(quantities={"A": 10, "B": 5, "C": 0}, compares=True).install(monkeypatch)
    shop = live(project)
    garden.quantities["A"] = 9  # sold, and its order is on its way
    book(project, "A", 5)
    told(project)
    assert garden.quantities["A"] == 9
    row = article(shop, "A")
    assert (row.told, row.message) == (9, stock_export.STALE)
    imported(shop, [incoming(line("A", 1), placed_at=timezone.now())], "valid")
    follow_up(project.pk)
    in_time(shop)
    told(project)
    assert garden.quantities["A"] == 14


def test_a_refused_article_stops_no_other(project: Project, garden: ListeningShop) -> None:
    shop = live(project)
    garden.refuses["A"] = REFUSED
    for sku in "ABC":
        book(project, sku, 1)
    told(project)
    assert garden.quantities == {"A": 10, "B": 6, "C": 1}
    row = article(shop, "A")
    assert (row.message, row.tries, row.state) == ("Not now.", 1, ArticleState.KNOWN)
    for _ in range(stock_export.MOST_TRIES - 1):
        in_time(shop)
        told(project)
    assert article(shop, "A").state == ArticleState.REFUSED
    look(shop)
    assert article(shop, "A").state == ArticleState.KNOWN


def test_an_article_the_shop_has_no_more_is_told_no_more(project: Project, garden: ListeningShop) -> None:
    shop = live(project)
    del garden.quantities["A"]
    book(project, "A", 1)
    told(project)
    assert article(shop, "A").state == ArticleState.UNKNOWN
    look(shop)
    assert article(shop, "A").state == ArticleState.UNKNOWN
    garden.quantities["A"] = 3
    look(shop)
    in_time(shop)
    told(project)
    assert garden.quantities["A"] == 11


def test_the_trigger_is_what_tells(project: Project, garden: ListeningShop) -> None:
    """The control: without the watch a change of levels is not heard of."""
    live(project)
    StockWatch.objects.all().delete()
    book(project, "A", -3)
    assert told(project) == []
    assert garden.quantities["A"] == 10
