"""The search of every page: one answer with its buttons, other order books, and shops that are asked."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import client as shop_client
from integrations.choices import RemoteState, Role, RunKind, Whereabouts
from integrations.models import Integration, Membership, Project, RemoteOrder, Run
from integrations.shops.connection import set_up
from orders.models import Order
from tests.admin.conftest import Login, imported, remote
from tests.factories import IntegrationFactory, ProjectFactory, give_stock, incoming, line
from tests.fake_connector import FakeConnector

PAGE = "/where/"


def words(key: str, *more: str) -> dict[str, object]:
    return {"search": " ".join([key, *more]), "number": key}


def shown(browser: Client, text: str) -> Any:
    response = browser.get(PAGE, {"q": text})
    assert response.status_code == 200
    return response


def steps(response: Any) -> list[str]:
    [answer] = response.context["answers"]
    return [step.label for step in answer["steps"]]


@pytest.fixture
def failed(shop: Integration) -> RemoteOrder:
    return remote(shop, "F-1", RemoteState.FAILED, **words("f", "1", "f1"))


def test_every_page_leads_there(admin: Client, shop: Integration) -> None:
    for address in ("/", "/orders/order/", "/integrations/run/"):
        page = admin.get(address).content.decode()
        assert f'action="{PAGE}"' in page and 'aria-keyshortcuts="/ Control+K"' in page


def test_an_order_of_the_book_is_the_answer(admin: Client, shop: Integration) -> None:
    give_stock(shop.project, A_17=5)
    [order] = imported(shop, [incoming(line("A-17"), number="7001", external_id="7001")])
    response = shown(admin, "7001")
    [answer] = response.context["answers"]
    assert answer["answer"].where == Whereabouts.IN_BOOK
    assert answer["answer"].sentence == "It is in the book as order 7001: Processing, In stock."
    assert f'href="/orders/order/{order.pk}/change/"' in response.content.decode()
    assert [moment.text for moment in answer["moments"]][-1] == "Placed."


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        (Role.ORDER_STAFF, ["See the cause and mend it", "Look again now"]),
        (Role.READ_ONLY, ["See the cause and mend it"]),
    ],
)
def test_only_what_a_person_may_do_is_offered(
    role: Role, offered: list[str], failed: RemoteOrder, login: Login, project: Project
) -> None:
    assert steps(shown(login(project, role), "F-1")) == offered


@pytest.mark.parametrize(
    ("state", "retries", "first"),
    [
        (RemoteState.IGNORED, True, "Fetch it now, to decide"),
        (RemoteState.IGNORED, False, "Fetch it now, to decide"),
        (RemoteState.PENDING, False, "Look at it and decide"),
        (RemoteState.DISMISSED, False, "Take “Mark as cancel” back"),
    ],
)
def test_the_first_button_mends_it(
    state: RemoteState, retries: bool, first: str, shop: Integration, admin: Client
) -> None:
    remote(shop, "77", state, retry=retries, **words("77"))
    assert steps(shown(admin, "77"))[0] == first


def test_what_was_erased_cannot_be_taken_back(shop: Integration, admin: Client) -> None:
    """Its decision refuses it; so does the page of the order."""
    erased = remote(shop, "77", RemoteState.DISMISSED, **words("77"))
    page = f"/integrations/remoteorder/{erased.pk}/change/"
    assert "Take “Mark as cancel” back" in admin.get(page).content.decode()
    RemoteOrder.objects.filter(pk=erased.pk).update(erased_at=timezone.now(), search="", payload="")
    assert steps(shown(admin, "77")) == ["Everything about it"]
    assert "Take “Mark as cancel” back" not in admin.get(page).content.decode()


def test_orders_of_the_book_have_the_colour_of_where_they_stand(shop: Integration, admin: Client) -> None:
    give_stock(shop.project, A_17=50)
    orders = imported(shop, [incoming(line("A-17"), number=f"70{n}", external_id=f"70{n}") for n in range(4)])
    for order, (status, tab) in zip(
        orders,
        [("complete", ""), ("cancelled", ""), ("processing", "in_stock"), ("processing", "partial")],
        strict=True,
    ):
        Order.objects.filter(pk=order.pk).update(status=status, tab=tab)
    rows = {row["label"]: (row["state"], row["tone"]) for row in shown(admin, "70").context["rows"]}
    assert rows == {
        "700": ("Complete", "good"),
        "701": ("Cancelled", "plain"),
        "702": ("Processing, In stock", "good"),
        "703": ("Processing, Partial", "warn"),
    }


def test_its_buttons_work(shop: Integration, admin: Client) -> None:
    remote(shop, "77", RemoteState.IGNORED, **words("77"))
    [answer] = shown(admin, "77").context["answers"]
    for step in answer["steps"]:
        if step.posts:
            assert admin.post(step.url, step.fields).status_code == 302
        else:
            assert admin.get(step.url.partition("#")[0]).status_code == 200
    kinds = set(Run.objects.values_list("kind", flat=True))
    assert kinds == {RunKind.IMPORT_ORDERS, RunKind.RETRY}


def test_several_are_listed_and_one_is_chosen(shop: Integration, admin: Client) -> None:
    one, other = (
        remote(shop, key, RemoteState.FAILED, buyer="Ann Lee", **words(key, "ann", "lee")) for key in ("81", "82")
    )
    response = shown(admin, "ann lee")
    assert response.context["answers"] == []
    assert [row["label"] for row in response.context["rows"]] == ["82", "81"], "the newest first"
    chosen = admin.get(response.context["rows"][1]["url"])
    assert [each["answer"].remote for each in chosen.context["answers"]] == [one]
    assert [row["label"] for row in chosen.context["rows"]] == [str(other)]


class TestOtherBooks:
    """What lies in an order book that is not open."""

    @pytest.fixture
    def second(self, project: Project) -> Integration:
        shop = IntegrationFactory.create(project=ProjectFactory.create(account=project.account), title="Second shop")
        set_up(shop)
        return shop

    def test_of_the_same_account_is_found_and_opened(
        self, second: Integration, shop: Integration, admin: Client
    ) -> None:
        found = remote(second, "F-9", RemoteState.FAILED, **words("f", "9", "f9"))
        [answer] = shown(admin, "F-9").context["answers"]
        [step] = answer["steps"]
        assert step.label == f"Open {second.project.account} · {second.project}"
        opened = admin.post(step.url, step.fields)
        assert opened.headers["Location"] == f"/where/?q=F-9&remote={found.pk}"
        [answer] = admin.get(opened.headers["Location"]).context["answers"]
        assert answer["elsewhere"] is None and answer["steps"][0].label == "See the cause and mend it"

    def test_of_another_account_is_never_found(self, shop: Integration, admin: Client) -> None:
        foreign = IntegrationFactory.create(title="Foreign shop")
        hidden = remote(foreign, "F-9", RemoteState.FAILED, **words("f", "9", "f9"))
        give_stock(foreign.project, A_17=5)
        [order] = imported(foreign, [incoming(line("A-17"), number="7001", external_id="7001")])
        for text in ("F-9", "7001", "A-17"):
            assert not shown(admin, text).context["anything"]
        for chosen in (f"remote={hidden.pk}", f"order={order.pk}"):
            assert admin.get(f"{PAGE}?q=x&{chosen}").status_code == 404
        # The control: who may open that account finds all of it.
        person = User.objects.get(pk=admin.session["_auth_user_id"])
        Membership.objects.create(account=foreign.project.account, user=person, role=Role.READ_ONLY)
        for text in ("F-9", "7001", "A-17"):
            assert shown(admin, text).context["anything"]

    @pytest.mark.parametrize("then", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil"])
    def test_nobody_is_sent_away_from_here(self, then: str, project: Project, admin: Client) -> None:
        answer = admin.post("/project/", {"project": project.pk, "next": then})
        assert answer.headers["Location"] == "/"


class TestAskingShops:
    """An order that nobody here has seen."""

    @pytest.fixture
    def asked(self, shop: Integration, monkeypatch: pytest.MonkeyPatch) -> FakeConnector:
        fake = FakeConnector()
        fake.install(monkeypatch)
        return fake

    def test_nothing_is_asked_before_somebody_says_so(
        self, admin: Client, shop: Integration, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shop_client, "drive", lambda *_, **__: pytest.fail("a shop was asked"))
        response = shown(admin, "12345")
        assert "Nothing in this order book" in response.content.decode()
        assert "Ask the shop</button>" in response.content.decode()

    def test_a_shop_that_has_it_not_says_so(self, asked: FakeConnector, admin: Client, shop: Integration) -> None:
        response = admin.post(PAGE, {"q": "12345"})
        assert [each.where for each in response.context["absent"]] == [Whereabouts.NOT_IN_SHOP]
        assert f"{shop} has no order of this number or id." in response.content.decode()
        assert RemoteOrder.objects.count() == Order.objects.count() == Run.objects.count() == 0

    def test_asking_for_nothing_asks_nobody(self, asked: FakeConnector, admin: Client) -> None:
        assert admin.post(PAGE, {"q": " "}).status_code == 200
        assert asked.called == []


def test_it_takes_few_queries(shop: Integration, admin: Client) -> None:
    give_stock(shop.project, A_17=50)
    imported(shop, [incoming(line("A-17"), number=f"70{n:02}", external_id=f"x{n}") for n in range(15)])
    for n in range(15):
        remote(shop, f"y{n}", RemoteState.FAILED, **words(f"70{n + 15}"))
    admin.get(PAGE, {"q": "70"})
    with CaptureQueriesContext(connection) as queries:
        response = shown(admin, "70")
    assert len(response.context["rows"]) == 30
    assert len(queries) <= 14, "\n".join(query["sql"] for query in queries)


@pytest.mark.parametrize("text", ["\x00", "<script>alert(1)</script>", "' OR 1=1 --", "%", "a" * 10_000, "\u202e77"])
def test_whatever_is_typed_is_answered(text: str, shop: Integration, admin: Client) -> None:
    response = admin.get(PAGE, {"q": text})
    assert response.status_code == 200
    assert "<script>alert" not in response.content.decode()


@pytest.mark.parametrize("key", ["x", "-1", "9" * 40, "٣"])
def test_what_is_no_key_is_not_there(key: str, shop: Integration, admin: Client) -> None:
    assert admin.get(PAGE, {"q": "1", "remote": key}).status_code == 404


def test_only_reading_and_asking_are_offered(shop: Integration, admin: Client) -> None:
    assert admin.put(PAGE).status_code == 405
    assert Client().get(PAGE).status_code == 302
