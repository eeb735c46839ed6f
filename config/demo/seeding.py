"""Put the demo's accounts, people, shops and stock into the database; a second time changes only the addresses."""

from __future__ import annotations

import html
import json
import urllib.request
from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User

from config.demo import loyalty, programs
from config.demo.world import ACCOUNTS, DAYS, LETTERHEAD, OPERATOR, PASSWORD, DemoAccount, DemoShop
from config.kit import true_time
from config.kit.public_ids import PublicIds
from config.running.listening import CannotRun
from integrations.choices import FeedKind
from integrations.models import Account, Integration, Membership, Project, Webhook
from integrations.secrets import Secrets
from integrations.shop_webhooks import registration
from integrations.shops.connection import set_up
from integrations.simulator import dialects
from integrations.simulator.catalogue import PRODUCTS, SHIRT
from integrations.simulator.shop import SimulatedShop
from orders.documents import letterheads
from orders.documents.letterheads import LetterheadWording
from orders.intake.allocation import change_stock
from stock import catalogue
from stock.choices import MovementReason
from stock.goods.goods_rows import Catalogue
from stock.goods.parents import save_product
from stock.goods.sent_fields import ProductFields, SkuFields
from stock.goods.skus import save_sku
from stock.ledger import Change

# Platforms whose webhooks are entered in their own settings.
BY_HAND = {"ecwid"}
# Products of which the shops think to have fewer units than this.
SCARCE = 16


def seed(ports: Mapping[DemoShop, int]) -> list[Project]:
    """The demo's projects, the first one of the standard account. Raises CannotRun where others are at home."""
    if User.objects.exists() and not User.objects.filter(username=OPERATOR).exists():
        raise CannotRun(
            f"There is a site in {settings.DATA_DIR} already, and the demo would add people to it whose passwords"
            " everybody can read. Give the demo a folder of its own: COUNTINGHOUSE_DATA=.data/demo make demo"
        )
    _person(OPERATOR, superuser=True)
    return [_account(account, ports) for account in ACCOUNTS]


def _account(wanted: DemoAccount, ports: Mapping[DemoShop, int]) -> Project:
    account, _ = Account.objects.get_or_create(name=wanted.name, defaults={"plan": wanted.plan})
    project, new = Project.objects.get_or_create(
        account=account, name=wanted.project, defaults={"currency": "EUR", "time_zone": "Europe/Prague"}
    )
    for person in wanted.people:
        Membership.objects.get_or_create(account=account, user=_person(person.username), defaults={"role": person.role})
    if new:
        _stock(project)
        _variants(project)
        loyalty.seed(project)
        wording = LetterheadWording(wanted.name, *LETTERHEAD)
        letterheads.change(project.pk, wording, logo=None, seen=None, actor_id=None)
    for shop in wanted.shops:
        connect(project, shop, ports[shop])
    return project


def _person(username: str, *, superuser: bool = False) -> User:
    user, new = User.objects.get_or_create(
        username=username, defaults={"is_staff": True, "is_superuser": superuser, "email": f"{username}@example.com"}
    )
    if new:
        user.set_password(PASSWORD)
        user.save()
    return user


def connect(project: Project, shop: DemoShop, port: int) -> bool:
    """Connect a simulated shop at its port of this start. Whether it is new in the project."""
    simulated = SimulatedShop(shop.title, seed=shop.seed)
    integration, new = Integration.objects.get_or_create(
        project=project,
        title=shop.title,
        defaults={
            "platform": shop.platform,
            "base_url": shop.at(port),
            "credentials": Secrets(dialects.get(shop.platform).keys(simulated)),
            "time_zone": shop.zone,
            "start_at": true_time.now() - timedelta(days=DAYS),
        },
    )
    if not new:
        Integration.objects.filter(pk=integration.pk).update(base_url=shop.at(port))
        return False
    set_up(integration)
    for status, action in shop.rules.items():
        integration.rules.filter(status=status).update(action=action)
    integration.feeds.filter(kind=FeedKind.LOAD).update(interval=timedelta(minutes=5))
    return True


def _stock(project: Project) -> None:
    """Plenty of most products and too little of the scarce ones, so that some orders wait and a few fail."""
    sold = [product for product in PRODUCTS if product.sku]
    ids = catalogue.create(project.pk, {product.sku: html.unescape(product.name) for product in sold})
    change_stock(
        project.pk,
        [
            Change(
                ids[product.sku],
                product.stock if product.stock < SCARCE else product.stock * 5,
                MovementReason.RECEIPT,
                "Opening stock",
            )
            for product in sold
        ],
    )


def _variants(project: Project) -> None:
    """Shirts in several sizes are one product, as a partner would say."""
    ids, at = PublicIds(bytes(project.id_key)), true_time.now_in_milliseconds()
    goods = Catalogue(project.pk, project.currency, ids, at)
    sizes = [product for product in PRODUCTS if product.parent == SHIRT]
    shirt = save_product(goods, ProductFields(source_id="SHIRT", name=sizes[0].name, attributes=["size"]))
    for each in sizes:
        price = goods.minor(each.price)
        save_sku(goods, shirt.pk, SkuFields(None, each.sku, each.option, price, attributes={"size": each.option}))


def register_webhooks(ports: Mapping[DemoShop, int]) -> None:
    """Have the shops tell us of their orders, once they answer; those that have no API for it by hand."""
    for shop, port in ports.items():
        programs.wait_for(shop.title, port)
        for integration in Integration.objects.filter(title=shop.title):
            registered = registration.register(integration, sure=True)  # the demo may be on another port than before
            if not registered.ok and shop.platform in BY_HAND:
                address = registration.address_of(Webhook.objects.get(integration=integration))
                _enter_by_hand(shop.at(port), address)


def _enter_by_hand(shop: str, address: str) -> None:
    body = json.dumps({"topic": "order.*", "address": address}).encode()
    urllib.request.urlopen(f"{shop}/_sim/hooks", body, timeout=10).close()  # noqa: S310 - a shop of our own
