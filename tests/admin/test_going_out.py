"""What goes out: shown before it does, switched live by somebody who looked, and sent again by one click."""

from __future__ import annotations

import pytest
from django.test import Client

from integrations import jobs
from integrations.choices import ArticleState, CrossingState, Role, RunKind
from integrations.follow_up.steps import follow_up
from integrations.models import Crossing, Integration, Project, Run, ShopArticle
from integrations.pushes import going_live
from integrations.shops.connection import set_up
from orders.work import shipping
from tests.admin.conftest import Login, imported
from tests.factories import IntegrationFactory, give_stock, incoming, line
from tests.integrations.pushes.shops_that_listen import REFUSED, ListeningShop


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> ListeningShop:
    return ListeningShop(quantities={"A-17": 3}).install(monkeypatch)


@pytest.fixture
def order(shop: Integration, remote: ListeningShop) -> int:
    give_stock(shop.project, A_17=9)
    [order] = imported(shop, [incoming(line("A-17", 2))], "valid")
    return order.pk


def page(browser: Client, shop: Integration) -> str:
    return browser.get(f"/integrations/integration/{shop.pk}/goes-out/").content.decode()


def post(browser: Client, shop: Integration, step: str, **values: object) -> str:
    address = f"/integrations/integration/{shop.pk}/goes-out/{step}/"
    return browser.post(address, values, follow=True).content.decode()


def work(shop: Integration) -> None:
    follow_up(shop.project_id)
    for run in Run.objects.filter(state="waiting", integration=shop):
        jobs.work(run.pk)


def test_what_would_go_out_is_shown_and_nothing_does(
    admin: Client, shop: Integration, order: int, remote: ListeningShop
) -> None:
    shipment = shipping.ship(order, carrier="DHL", tracking_number="JD1")
    work(shop)
    shown = page(admin, shop)
    assert "The shop is told nothing yet" in shown and shipment.code in shown
    assert "were never read" in shown
    post(admin, shop, "look")
    jobs.work(Run.objects.get(kind=RunKind.STOCK_CHECK).pk)
    shown = page(admin, shop)
    assert "Would be told" in shown and ">7<" in shown
    assert remote.shipments == [] and remote.quantities == {"A-17": 3}


def test_live_asks_for_a_look_first(admin: Client, shop: Integration, order: int) -> None:
    assert "It was not switched live" in post(admin, shop, "live")
    shop.refresh_from_db()
    assert not shop.live
    assert "is live: it is told from now on" in post(admin, shop, "live", sure="on")
    assert "is live already" in post(admin, shop, "live", sure="on")
    shop.refresh_from_db()
    assert shop.live and shop.live_at is not None
    assert "is told nothing any more" in post(admin, shop, "stop")
    shop.refresh_from_db()
    assert not shop.live


@pytest.mark.parametrize(("gathered", "told"), [("leave", 0), ("send", 1)])
def test_what_has_gathered_is_left_out_or_sent(
    admin: Client, shop: Integration, order: int, remote: ListeningShop, gathered: str, told: int
) -> None:
    shipping.ship(order)
    work(shop)
    post(admin, shop, "live", sure="on", gathered=gathered)
    work(shop)
    assert len(remote.shipments) == told


def test_a_failed_one_is_red_on_its_order_and_sent_by_one_click(
    admin: Client, shop: Integration, order: int, remote: ListeningShop
) -> None:
    going_live.go_live(shop, leave_out=False)
    shipment = shipping.ship(order)
    remote.refuses[shipment.code] = REFUSED
    work(shop)
    shown = admin.get(f"/orders/order/{order}/change/").content.decode()
    row = Crossing.objects.get()
    assert str(REFUSED) in shown and f'action="/integrations/crossing/{row.pk}/send/"' in shown
    assert "Waits for you." in admin.get("/integrations/crossing/").content.decode()
    remote.refuses.clear()
    answer = admin.post(f"/integrations/crossing/{row.pk}/send/", {"order": order}, follow=True)
    assert answer.redirect_chain[-1][0] == f"/orders/order/{order}/change/#told"
    assert "1 is sent now." in answer.content.decode()
    work(shop)
    row.refresh_from_db()
    assert (row.state, len(remote.shipments)) == (CrossingState.SENT, 1)
    assert (
        "the shop has it already" in admin.post(f"/integrations/crossing/{row.pk}/send/", follow=True).content.decode()
    )


def test_one_is_left_out_and_taken_back(admin: Client, shop: Integration, order: int) -> None:
    shipping.ship(order)
    work(shop)
    row = Crossing.objects.get()
    shown = admin.post(f"/integrations/crossing/{row.pk}/leave/", follow=True).content.decode()
    assert "takes that back" in shown and going_live.LEFT_OUT in shown
    assert "is not live" in admin.post(f"/integrations/crossing/{row.pk}/send/", follow=True).content.decode()
    row.refresh_from_db()
    assert row.state == CrossingState.WAITING


def test_settings_and_carriers(admin: Client, shop: Integration, remote: ListeningShop) -> None:
    shown = post(admin, shop, "settings", sends=["shipments", "papers"], safety_stock="2", tells_buyers="on")
    assert "The settings are saved." in shown
    shop.refresh_from_db()
    assert (shop.sends, shop.safety_stock, shop.tells_buyers) == (["shipments", "papers"], 2, True)
    assert "Ensure this value is greater than or equal to 0" in post(admin, shop, "settings", safety_stock="-1")
    assert "DHL* is dhl in the shop." in post(admin, shop, "carriers", carrier="DHL*", code="dhl")
    mapping = shop.carriers.get()
    assert "The mapping is removed." in post(admin, shop, f"carriers/{mapping.pk}/remove")


def test_the_board_tells_articles_again(admin: Client, shop: Integration, order: int, remote: ListeningShop) -> None:
    jobs.work(_look(shop).pk)
    article = ShopArticle.objects.get(integration=shop)
    chosen = {"action": "tell_chosen", "_selected_action": [article.pk]}
    assert "is not live" in admin.post("/integrations/shoparticle/", chosen, follow=True).content.decode()
    going_live.go_live(shop, leave_out=False)
    work(shop)
    assert remote.quantities == {"A-17": 7}
    remote.quantities["A-17"] = 1  # somebody changed it there
    ShopArticle.objects.update(state=ArticleState.REFUSED, message="Not now.")
    assert "1 quantity is told now." in admin.post("/integrations/shoparticle/", chosen, follow=True).content.decode()
    work(shop)
    assert remote.quantities == {"A-17": 7}
    for tab in ("adrift", "to_tell", "refused", "all"):
        assert admin.get(f"/integrations/shoparticle/?tab={tab}").status_code == 200
    assert b"A-17" in b"".join(admin.get("/integrations/shoparticle/export/?tab=all"))


def _look(shop: Integration) -> Run:
    return Run.objects.create(project=shop.project, integration=shop, kind=RunKind.STOCK_CHECK)


def test_who_only_reads_looks_and_changes_nothing(
    project: Project, login: Login, shop: Integration, remote: ListeningShop
) -> None:
    browser = login(project, Role.READ_ONLY)
    assert "Switch live" not in page(browser, shop)
    for step in ("live", "stop", "settings", "look", "carriers"):
        assert browser.post(f"/integrations/integration/{shop.pk}/goes-out/{step}/").status_code == 403


def test_where_orders_of_a_marketplace_go(admin: Client, shop: Integration, project: Project) -> None:
    target = IntegrationFactory.create(project=project, title="Second shop")
    address = f"/integrations/integration/{shop.pk}/"
    assert "go into Second shop" in admin.get(f"{address}change/").content.decode()
    shown = admin.post(f"{address}marketplace/", {"into_shop": target.pk, "takes_stock": "on"}, follow=True)
    assert "They wait until Second shop is switched live." in shown.content.decode()
    shop.refresh_from_db()
    assert (shop.into_shop, shop.takes_stock, shop.invoice_after_import) == (target, True, False)
    assert (
        f'href="/integrations/integration/{shop.pk}/change/"'
        in admin.get(f"/integrations/integration/{target.pk}/change/").content.decode()
    )
    set_up(shop)
    assert "Its orders go into Second shop" in admin.get("/orders/order/").content.decode()
    assert admin.post(f"{address}marketplace/", {"into_shop": shop.pk}).status_code == 422
    shown = admin.post(f"{address}marketplace/", {"into_shop": ""}, follow=True)
    assert "come into the book here" in shown.content.decode()
