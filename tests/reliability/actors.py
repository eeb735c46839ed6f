"""Who is at work during a storm: the shops sell, loads run, partners call the API, staff work on orders.

Each is a thread that goes on whatever fails, and remembers what it was promised.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import requests
from django.db import Error, connection

from config.demo.world import PASSWORD
from config.kit.refusals import Refused
from integrations.access.api_keys import NewKey
from integrations.importing.load import request_load
from integrations.models import Integration, Project
from orders.choices import OrderStatus
from orders.intake.allocation import change_stock
from orders.models import Order
from orders.work import lifecycle, shipping
from stock.choices import MovementReason
from stock.ledger import Change

FAILURES = (Error, Refused, requests.RequestException)
ROWS = 40


class Actor(threading.Thread):
    """Does one thing after the other until it is stopped. `done` and `failed` count them."""

    pause = 0.3

    def __init__(self, seed: int) -> None:
        super().__init__(daemon=True)
        self.random = Random(f"{type(self).__name__} {seed}")
        self.counts: Counter[str] = Counter()
        self._over = threading.Event()

    def act(self) -> None:
        """Raises one of FAILURES where it could not be done."""
        raise NotImplementedError

    def run(self) -> None:
        while not self._over.wait(self.pause * self.random.uniform(0.5, 1.5)):
            try:
                self.act()
                self.counts["done"] += 1
            except FAILURES:
                self.counts["failed"] += 1
                connection.close()
        connection.close()

    def stop(self) -> None:
        self._over.set()
        self.join(60)


class Shops(Actor):
    """Sell, and change what was sold."""

    def __init__(self, seed: int, urls: list[str]) -> None:
        super().__init__(seed)
        self._urls = urls
        self._sold: dict[str, list[int]] = {url: [] for url in urls}

    def act(self) -> None:
        url = self.random.choice(self._urls)
        if self._sold[url] and self.random.random() < 0.3:
            order = self.random.choice(self._sold[url])
            status = self.random.choice(["processing", "completed", "cancelled"])
            requests.post(f"{url}/_sim/orders/{order}", json={"status": status}, timeout=10)
            return
        status = self.random.choice(["processing", "processing", "on-hold", "completed"])
        answer = requests.post(f"{url}/_sim/orders", json={"status": status}, timeout=10)
        self._sold[url].append(answer.json()["id"])


class Loads(Actor):
    """Asks for a load of every shop, again and again."""

    pause = 2.0

    def __init__(self, seed: int, integrations: list[Integration]) -> None:
        super().__init__(seed)
        self._integrations = integrations

    def act(self) -> None:
        request_load(self.random.choice(self._integrations))


class Partner(Actor):
    """Creates orders through the API, one by one and in bulk. `promised`: source ids that were answered for."""

    def __init__(self, seed: int, site: str, key: NewKey) -> None:
        super().__init__(seed)
        self._site, self._made = site, 0
        self._headers = {"X-App-Id": str(key.key.app_id), "X-App-Token": key.token}
        self.live: set[str] = set()
        self.bulk: set[str] = set()
        self.asked: set[str] = set()

    def act(self) -> None:
        if self.random.random() < 0.15:
            names = [self._fresh("bulk") for _ in range(ROWS)]
            self._call("import", [self._order(name) for name in names])
            self.bulk |= set(names)
        else:
            name = self._fresh("live")
            self._call("", self._order(name))
            self.live.add(name)

    def _call(self, path: str, body: object) -> None:
        address = f"{self._site}/v1/orders/{path}".rstrip("/")
        answer = requests.post(address, json=body, headers=self._headers, timeout=20)
        self.counts[f"HTTP {answer.status_code}"] += 1
        answer.raise_for_status()

    def _fresh(self, kind: str) -> str:
        self._made += 1
        name = f"storm-{kind}-{self._made}"
        self.asked.add(name)
        return name

    def _order(self, name: str) -> dict[str, Any]:
        items = [{"source_id": "MUG-WHITE", "quantity": self.random.randint(1, 3), "price": 900}]
        return {"source_id": name, "status": "PAID", "items": items, "customer": {"source_id": f"{name}-buyer"}}


class Staff(Actor):
    """Works on orders, receives goods, and reads pages."""

    def __init__(self, seed: int, site: str, project: Project) -> None:
        super().__init__(seed)
        self._site, self._project = site, project
        self._products = list(project.products.values_list("pk", flat=True))
        self._browser = requests.Session()
        self._steps: list[Callable[[], None]] = [self._read, self._read, self._hold, self._release, self._ship]
        self._steps.append(self._receive)

    def act(self) -> None:
        self.random.choice(self._steps)()

    def _one(self, status: OrderStatus) -> int:
        found = Order.objects.filter(project=self._project, status=status).order_by("?").values_list("pk", flat=True)
        return next(iter(found[:1]), 0)

    def _hold(self) -> None:
        if order := self._one(OrderStatus.PROCESSING):
            lifecycle.hold(order, reason="Storm")

    def _release(self) -> None:
        if order := self._one(OrderStatus.ON_HOLD):
            lifecycle.release(order, reason="Storm")

    def _ship(self) -> None:
        if order := self._one(OrderStatus.PROCESSING):
            shipping.ship(order)

    def _receive(self) -> None:
        product = self.random.choice(self._products)
        change_stock(self._project.pk, [Change(product, self.random.randint(1, 9), MovementReason.RECEIPT, "Storm")])

    def _read(self) -> None:
        if "sessionid" not in self._browser.cookies:
            self._log_in()
        page = self.random.choice(["/", "/orders/order/", "/integrations/remoteorder/", "/stock/product/"])
        answer = self._browser.get(self._site + page, timeout=20)
        self.counts[f"page {answer.status_code}"] += 1

    def _log_in(self) -> None:
        address = f"{self._site}/login/"
        self._browser.get(address, timeout=20)
        form = {"username": "admin", "password": PASSWORD}
        token = self._browser.cookies.get("csrftoken", "")
        self._browser.post(address, form | {"csrfmiddlewaretoken": token}, timeout=20)
