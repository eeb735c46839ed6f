"""Where is my order? Each cause of the closed list planted on every platform, 27 times: that cause, and no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations import client
from integrations.choices import AccountPlan, FeedKind, ImportAction, Role, UnknownProducts, Whereabouts
from integrations.connectors import shop_connectors
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import Operation
from integrations.finding import asking_shops, everywhere, timeline, whereabouts
from integrations.finding.whereabouts import OrderAnswer
from integrations.importing import fetch_missing
from integrations.importing.load import request_load
from integrations.models import Account, Integration, OrderHint, RemoteOrder, StatusRule, Webhook
from integrations.review import decisions
from integrations.secrets import Secrets
from integrations.shops.connection import set_up
from integrations.simulator import dialects
from integrations.simulator.limits import Limit
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop
from orders.models import Order
from tests.factories import IntegrationFactory, give_stock, member
from tests.integrations.importing.working import worked
from tests.recorded import from_site, serve

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(300)]

PLATFORMS = [connector.key for connector in shop_connectors()]
EACH = 3
KNOWN = "MUG-BLUE"
UNKNOWN = "MUG-WHITE"
# When orders are placed: late enough for a load of the trial plan, early enough to be listed by every platform.
AGO = timedelta(hours=5)


class Planting:
    """A simulated shop of a platform, and orders of it that are somewhere."""

    def __init__(self, platform: str, patch: pytest.MonkeyPatch) -> None:
        self.now = datetime.now(UTC) - AGO
        self.shop = SimulatedShop("Planted", seed=5, clock=lambda: self.now)
        self.shop.limit = Limit()
        self.site = SimulatedSite(self.shop, platform)
        self.dialect = dialects.get(platform)
        self.integration: Integration = IntegrationFactory.create(
            platform=platform, credentials=Secrets(**self.dialect.keys(self.shop))
        )
        set_up(self.integration)
        self.integration.feeds.filter(kind=FeedKind.LOAD).update(enabled=True)
        give_stock(self.integration.project, MUG_BLUE=500)
        self.change(unknown_products=UnknownProducts.FAIL)
        patch.setattr(client, "drive", self._drive)
        self.refuses: ShopError | None = None

    def _drive(self, operation: Operation[Any], **_: Any) -> Any:
        if self.refuses is not None:
            raise self.refuses
        # What is asked is answered as of now; orders are placed in the hours before.
        placed, self.now = self.now, datetime.now(UTC)
        try:
            return serve(operation, lambda request: from_site(self.site, request))[0]
        finally:
            self.now = placed

    def change(self, **values: Any) -> None:
        Integration.objects.filter(pk=self.integration.pk).update(**values)
        self.integration = Integration.objects.select_related("project__account").get(pk=self.integration.pk)

    def ruled(self, action: ImportAction, *, retry: bool = True) -> None:
        StatusRule.objects.filter(integration=self.integration).update(action=action, retry=retry)

    def place(self, sku: str = KNOWN) -> list[str]:
        """Some new orders; what they are called when their shop is asked for them."""
        ids = []
        for _ in range(EACH):
            self.now += timedelta(seconds=20)
            sale = self.shop.place("processing", {sku: 2})
            ids.append(sale)
        at, self.now = self.now, datetime.now(UTC)
        names = [self.dialect.external_id(self.shop, sale) for sale in ids]
        self.now = at
        assert all(names)
        return [name for name in names if name]

    def load(self) -> None:
        run = worked(request_load(self.integration))
        assert run.state == "succeeded", run.reason
        self.change()

    def loaded(self, sku: str = KNOWN) -> list[str]:
        names = self.place(sku)
        self.load()
        return names

    def fetched(self) -> list[str]:
        names = self.place()
        for name in names:
            worked(fetch_missing.request_order(self.integration, name))
        return names

    def unseen(self) -> list[str]:
        """Orders that nobody here has seen, of a shop that was loaded before."""
        return self.place()


def in_book(shop: Planting) -> list[str]:
    shop.ruled(ImportAction.VALID)
    return shop.loaded()


def failed(shop: Planting) -> list[str]:
    shop.ruled(ImportAction.VALID)
    return shop.loaded(UNKNOWN)


def waiting(shop: Planting) -> list[str]:
    shop.ruled(ImportAction.SKIP)
    return shop.loaded()


def by_rule(shop: Planting) -> list[str]:
    shop.ruled(ImportAction.SKIP, retry=False)
    return shop.loaded()


def pending(shop: Planting) -> list[str]:
    return shop.fetched()


def double(shop: Planting) -> list[str]:
    """Over the same amount and of the same number as one that is in the book."""
    in_book(shop)
    names = shop.fetched()
    twins = Order.objects.order_by("pk")
    for remote, twin in zip(RemoteOrder.objects.filter(external_id__in=names), twins, strict=True):
        Order.objects.filter(pk=twin.pk).update(total=remote.total, currency=remote.currency)
        RemoteOrder.objects.filter(order=twin).update(number=remote.number)
    return names


def dismissed(shop: Planting) -> list[str]:
    names = shop.fetched()
    ids = [remote.pk for remote in RemoteOrder.objects.filter(external_id__in=names)]
    person = member(shop.integration.project.account, Role.ORDER_STAFF)
    decisions.dismiss(shop.integration.project_id, ids, "Paid twice", actor_id=person.pk, actor=person.username)
    return names


def handed_on(shop: Planting) -> list[str]:
    shop.ruled(ImportAction.VALID)
    shop.change(into_shop=IntegrationFactory.create(project=shop.integration.project))
    return shop.loaded()


def not_fetched(shop: Planting) -> list[str]:
    shop.load()
    return shop.unseen()


def told_of(shop: Planting) -> list[str]:
    shop.load()
    names = shop.unseen()
    now = datetime.now(UTC)
    for name in names:
        OrderHint.objects.create(integration=shop.integration, external_id=name, first_at=now, last_at=now)
    return names


def rejected(shop: Planting) -> list[str]:
    Webhook.objects.update_or_create(integration=shop.integration, defaults={"refused_at": datetime.now(UTC)})
    return shop.unseen()


def before_start(shop: Planting) -> list[str]:
    names = shop.unseen()
    shop.change(start_at=datetime.now(UTC))
    return names


def beyond_plan(shop: Planting) -> list[str]:
    Account.objects.update(plan=AccountPlan.TRIAL)
    shop.now -= timedelta(hours=40)
    names = shop.unseen()
    shop.change()
    return names


def not_in_shop(shop: Planting) -> list[str]:
    shop.place()
    return ["7700123401", "7700123402", "7700123403"]


def not_asked(shop: Planting) -> list[str]:
    names = shop.place()
    shop.refuses = ShopError(Failure.UNAVAILABLE, "The shop does not answer.")
    return names


PLANTED: list[tuple[Callable[[Planting], list[str]], Whereabouts]] = [
    (in_book, Whereabouts.IN_BOOK),
    (failed, Whereabouts.FAILED),
    (waiting, Whereabouts.WAITING),
    (by_rule, Whereabouts.BY_RULE),
    (pending, Whereabouts.PENDING),
    (double, Whereabouts.DUPLICATE),
    (dismissed, Whereabouts.DISMISSED),
    (handed_on, Whereabouts.HANDED_ON),
    (not_fetched, Whereabouts.NOT_FETCHED),
    (told_of, Whereabouts.NOT_FETCHED),
    (rejected, Whereabouts.REJECTED),
    (before_start, Whereabouts.BEFORE_START),
    (beyond_plan, Whereabouts.PLAN),
    (not_in_shop, Whereabouts.NOT_IN_SHOP),
    (not_asked, Whereabouts.NOT_ASKED),
]


def answer_for(shop: Planting, name: str) -> OrderAnswer:
    """As the page finds it: among the records, and by asking the shops where there is nothing."""
    project = shop.integration.project
    one = everywhere.find([project], name).exactly(name)
    if one is not None:
        return whereabouts.of_order(one) if isinstance(one, Order) else whereabouts.of_remote(one)
    [answer] = asking_shops.ask_shops([shop.integration], name)
    return answer


def test_every_place_of_the_list_is_planted() -> None:
    assert {where for _, where in PLANTED} == set(Whereabouts)
    assert len(PLATFORMS) * EACH >= 20


@pytest.mark.parametrize(("plant", "where"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_that_cause_and_no_other(
    plant: Callable[[Planting], list[str]], where: Whereabouts, platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Planting(platform, monkeypatch)
    before = RemoteOrder.objects.count()
    names = plant(shop)
    seen = RemoteOrder.objects.count()
    answers = [answer_for(shop, name) for name in names]
    assert [answer.where for answer in answers] == [where] * EACH, answers
    assert all(answer.sentence.endswith(".") for answer in answers)
    assert all(answer.integration == shop.integration for answer in answers)
    for answer in answers:
        moments = timeline.timeline(answer)
        assert bool(moments) == (where not in {Whereabouts.NOT_IN_SHOP, Whereabouts.NOT_ASKED})
        assert [moment.at for moment in moments] == sorted((moment.at for moment in moments), reverse=True)
    assert RemoteOrder.objects.count() == seen >= before, "to ask a shop writes nothing"


def test_what_loads_have_passed_by_is_not_left_to_the_next_load(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Planting("woocommerce", monkeypatch)
    shop.load()
    [name, *_] = shop.unseen()
    passed = answer_for(shop, name).sentence
    assert "passed it by: fetch it." in passed and "next load" not in passed
    # The control: before loads have come that far, the next one brings it.
    shop.change(complete_until=shop.now - timedelta(hours=1))
    assert "The next load begins at" in answer_for(shop, name).sentence
