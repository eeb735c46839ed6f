"""Controls: a small bad module turns each rule red, a good one leaves it green."""

from __future__ import annotations

import pytest

from tests.architecture import rules
from tests.architecture.reading import Module
from tests.architecture.rules import Rule

BAD: list[tuple[Rule, str, str]] = [
    (rules.direction, "stock/ledger.py", "from orders.models import Order"),
    (rules.direction, "stock/ledger.py", "import orders"),
    (rules.direction, "orders/intake/new_orders.py", "from integrations import runs"),
    (rules.direction, "orders/room.py", "from ..integrations.runs import claim"),
    (rules.direction, "orders/models/orders.py", "def f():\n    from integrations.models import Run"),
    (
        rules.direction,
        "orders/intake/new_orders.py",
        "from django.apps import apps\napps.get_model('integrations', 'Run')",
    ),
    (
        rules.direction,
        "orders/intake/new_orders.py",
        "from django.apps import apps\napps.get_model('integrations.Run')",
    ),
    (
        rules.direction,
        "orders/intake/new_orders.py",
        "from importlib import import_module\nimport_module('integrations.runs.claims')",
    ),
    (rules.direction, "orders/intake/new_orders.py", "from config import settings"),
    (rules.direction, "config/kit/sql.py", "from stock.models import Product"),
    (rules.direction, "config/kit/admin/model_admins.py", "from config.site import notices"),
    (rules.direction, "integrations/runs/claims.py", "from integrations import admin"),
    (rules.direction, "integrations/room.py", "from . import admin"),
    (rules.direction, "integrations/models/__init__.py", "from ..admin import site"),
    (rules.direction, "integrations/room.py", "from .simulator.shop import Shop"),
    (rules.direction, "integrations/runs/claims.py", "import orders.views"),
    (rules.direction, "orders/admin/orders.py", "from config.site.admin_site import CountinghouseAdminSite"),
    (rules.direction, "config/management/commands/demo.py", "from tests.factories import order"),
    (
        rules.edges_open_no_transaction,
        "orders/admin/orders.py",
        "from django.db import transaction\nwith transaction.atomic(): pass",
    ),
    (
        rules.edges_open_no_transaction,
        "orders/api/views.py",
        "from django.db import transaction\n@transaction.atomic\ndef f(): pass",
    ),
    (rules.edges_open_no_transaction, "orders/views.py", "from django.db.transaction import atomic"),
    (
        rules.edges_open_no_transaction,
        "integrations/management/commands/x.py",
        "from orders.models import Order\nOrder.objects.select_for_update().get()",
    ),
    (rules.pure_modules_are_pure, "orders/intake/incoming.py", "from orders.models import Order"),
    (rules.pure_modules_are_pure, "orders/intake/plans.py", "from django.db import models"),
    (rules.pure_modules_are_pure, "integrations/importing/rules.py", "import time"),
    (rules.pure_modules_are_pure, "integrations/connectors/errors.py", "import os.path"),
    (rules.pure_modules_are_pure, "integrations/connectors/shop.py", "def f():\n    import requests"),
    (rules.pure_modules_are_pure, "integrations/connectors/shop/orders.py", "from urllib.request import urlopen"),
    (rules.pure_modules_are_pure, "integrations/connectors/shop.py", "from integrations.runs.claims import claim"),
    (rules.pure_modules_are_pure, "integrations/connectors/shop.py", "from ..models import Run"),
    (rules.pure_modules_are_pure, "stock/availability.py", "open('x')"),
    (
        rules.pure_modules_are_pure,
        "integrations/connectors/shop.py",
        "from datetime import UTC, datetime\nat = datetime.now(UTC)",
    ),
    (rules.sole_owners, "integrations/importing/load.py", "import requests"),
    (rules.sole_owners, "integrations/simulator/shop.py", "from urllib3.util import Retry"),
    (rules.sole_owners, "orders/intake/new_orders.py", "def f():\n    import django_rq"),
    (rules.sole_owners, "integrations/jobs.py", "from rq import Queue"),
    (rules.shops_are_asked_one_way, "integrations/importing/load.py", "from integrations import client"),
    (rules.shops_are_asked_one_way, "config/demo/seeding.py", "from integrations.client import drive"),
    (
        rules.whoever_writes_it_down_rings,
        "orders/api/orders.py",
        "from integrations.runs import queue\nqueue.ring_follow_up(1)",
    ),
    (
        rules.whoever_writes_it_down_rings,
        "orders/admin/segments.py",
        "from integrations.runs.queue import ring_follow_up",
    ),
    (rules.time_is_the_databases, "orders/work/notes.py", "from django.utils import timezone\ntimezone.now()"),
    (rules.time_is_the_databases, "orders/work/notes.py", "from django.utils.timezone import now"),
    (rules.time_is_the_databases, "config/kit/api/rates.py", "import time\ntime.time()"),
    (rules.time_is_the_databases, "integrations/client/exchange.py", "from time import monotonic, time"),
    (rules.time_is_the_databases, "orders/admin/orders.py", "import datetime\ndatetime.date.today()"),
    (rules.time_is_the_databases, "stock/models.py", "class A(Model):\n    at = DateTimeField(auto_now=True)"),
    (
        rules.relations_point_down,
        "orders/models/orders.py",
        "class OrderLine(Model):\n    run = models.ForeignKey('integrations.Run', CASCADE)",
    ),
    (
        rules.relations_point_down,
        "orders/models/orders.py",
        "class Order(Model):\n    feed = models.ForeignKey(to='integrations.Feed', on_delete=CASCADE)",
    ),
    (
        rules.relations_point_down,
        "stock/models.py",
        "class Reservation(Model):\n    order = models.OneToOneField('orders.Order', CASCADE)",
    ),
    (
        rules.relations_point_down,
        "integrations/models/runs.py",
        "class Run(Model):\n    order = models.ForeignKey('orders.Order', CASCADE)",
    ),
    (
        rules.relations_point_down,
        "integrations/models/runs.py",
        "from stock.models import Product\nclass Run(Model):\n    goods = models.ManyToManyField(Product)",
    ),
    (rules.constants_are_explained_above, "stock/ledger.py", 'MOST = 9\n"""How many."""'),
    (rules.refusals_have_one_base, "stock/ledger.py", "class LedgerRefused(Exception): ..."),
    (rules.refusals_have_one_base, "stock/ledger.py", "class BookedMeanwhile(ValueError): ..."),
    (rules.no_signals, "orders/models/orders.py", "from django.db.models.signals import post_save"),
    (rules.no_signals, "orders/models/orders.py", "from django.db.models import signals"),
    (rules.no_signals, "orders/models/orders.py", "from django.dispatch import receiver"),
    (rules.no_utils, "orders/utils.py", ""),
    (rules.no_utils, "orders/utils/money.py", ""),
    (rules.no_broad_except, "orders/intake/new_orders.py", "try:\n    f()\nexcept:\n    pass"),
    (rules.no_broad_except, "orders/intake/new_orders.py", "try:\n    f()\nexcept Exception as e:\n    raise"),
    (
        rules.no_broad_except,
        "orders/intake/new_orders.py",
        "try:\n    f()\nexcept (ValueError, BaseException):\n    pass",
    ),
    (
        rules.no_broad_except,
        "orders/intake/new_orders.py",
        "import contextlib\nwith contextlib.suppress(Exception): pass",
    ),
    (rules.nothing_is_read_by_a_cursor_of_the_server, "stock/ledger.py", "rows.iterator(chunk_size=9)"),
    (rules.nothing_is_read_by_a_cursor_of_the_server, "stock/ledger.py", "connection.cursor(name='rows')"),
    (rules.files_are_short, "orders/intake/new_orders.py", "x = 1\n" * 401),
    (rules.files_are_short, "tests/orders/intake/test_new_orders.py", "x = 1\n" * 401),
    (rules.functions_are_short, "orders/intake/new_orders.py", "class A:\n    def f(self):\n" + "        x = 1\n" * 60),
]

GOOD: list[tuple[Rule, str, str]] = [
    (
        rules.time_is_the_databases,
        "orders/work/notes.py",
        "from config.kit import true_time\nfrom django.utils import timezone\ntrue_time.now()\ntimezone.localtime(at)",
    ),
    (rules.time_is_the_databases, "integrations/simulator/shop.py", "from time import time\ntime()"),
    (
        rules.direction,
        "integrations/importing/orders_page.py",
        "from orders.intake.new_orders import take_in\nfrom stock import ledger",
    ),
    (rules.direction, "orders/admin/orders.py", "from integrations import runs"),
    (rules.direction, "stock/ledger.py", "from config.kit import sql"),
    (rules.direction, "orders/admin/orders.py", "from config.kit.admin.model_admins import PageAdmin"),
    (rules.direction, "config/kit/admin/csv_files.py", "from config.kit.spreadsheets import plain"),
    (rules.direction, "orders/api/urls.py", "from . import views\nfrom integrations.api import keys"),
    (rules.direction, "config/urls.py", "from integrations.admin import site\nfrom orders.api import urls"),
    (rules.direction, "integrations/client/driver.py", "from .transport import send"),
    (rules.direction, "tests/factories.py", "from orders.models import Order\nfrom integrations.admin import x"),
    (rules.edges_open_no_transaction, "orders/intake/new_orders.py", "with transaction.atomic(): pass"),
    (rules.pure_modules_are_pure, "integrations/importing/rules.py", "from integrations.choices import ImportAction"),
    (
        rules.pure_modules_are_pure,
        "integrations/connectors/shop/orders.py",
        "from urllib.parse import urlsplit\nfrom .requests import page\n"
        "from integrations.connectors.contract import Shop\n"
        "from integrations.connectors.errors import PayloadError\nfrom orders.intake.incoming import IncomingOrder",
    ),
    (rules.sole_owners, "integrations/client/transport.py", "import requests\nfrom urllib3.util import Retry"),
    (rules.sole_owners, "config/running/bell_worker.py", "import django_rq\nfrom rq import Worker"),
    (rules.shops_are_asked_one_way, "integrations/shops/ask.py", "from integrations import client, runs"),
    (rules.sole_owners, "integrations/connectors/shop/orders.py", "from .requests import page"),
    (rules.whoever_writes_it_down_rings, "integrations/apps.py", "from integrations.runs.queue import ring_follow_up"),
    (
        rules.relations_point_down,
        "orders/models/orders.py",
        "class Order(Model):\n    run = models.ForeignKey('integrations.Run', SET_NULL)\n"
        "    project = models.ForeignKey('integrations.Project', CASCADE)\n"
        "    who = models.ForeignKey(settings.AUTH_USER_MODEL, SET_NULL)\n"
        "    product = models.ForeignKey('stock.Product', PROTECT)",
    ),
    (
        rules.relations_point_down,
        "stock/models.py",
        "class Level(Model):\n    of = models.ForeignKey('Product', PROTECT)",
    ),
    (rules.constants_are_explained_above, "stock/ledger.py", '"""The ledger."""\n# How many.\nMOST = 9'),
    (rules.refusals_have_one_base, "stock/ledger.py", "class LedgerRefused(Refused, ValueError): ..."),
    (rules.no_broad_except, "orders/intake/new_orders.py", "try:\n    f()\nexcept (ValueError, KeyError):\n    raise"),
    (rules.nothing_is_read_by_a_cursor_of_the_server, "stock/ledger.py", "connection.cursor()\nin_portions(rows)"),
    (rules.files_are_short, "orders/intake/new_orders.py", "x = 1\n" * 400),
    (rules.functions_are_short, "orders/intake/new_orders.py", "def f():\n" + "    x = 1\n" * 59),
]


@pytest.mark.parametrize(("rule", "path", "source"), BAD)
def test_bad_module_is_seen(rule: Rule, path: str, source: str) -> None:
    found = list(rule(Module(path, source)))
    assert len(found) == 1
    assert found[0].startswith(f"{path}:")


@pytest.mark.parametrize(("rule", "path", "source"), GOOD)
def test_good_module_is_left_alone(rule: Rule, path: str, source: str) -> None:
    assert list(rule(Module(path, source))) == []


def test_every_rule_has_a_control() -> None:
    assert {rule for rule, _, _ in BAD} == set(rules.RULES)
