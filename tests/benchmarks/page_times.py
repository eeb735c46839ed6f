"""What pages cost beside an empty one: `python -m tests.benchmarks.page_times [--rounds N]`.

Pages of the back office with the 2,000 orders of W2000 in the book, asked for by Django's test client in this process;
the empty one is the page on which a password is changed: head, menu and foot are all it has. Computing time of this
process, in which a busy machine counts less than in seconds, and seconds with those of the database. Medians.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from typing import Any

from tests.benchmarks import w2000
from tests.benchmarks.servers import durable_database

BAR = 3.0
PAGE = 100
EMPTY = "an empty page"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    with durable_database():
        found = measure(rounds)
    empty = found[EMPTY]
    above = 0
    for name, (computed, took) in found.items():
        ratio = computed / empty[0]
        above += ratio > BAR
        sys.stdout.write(
            f"{name:28} {computed:6.1f} ms computed, {took:6.1f} ms: {ratio:5.2f} of an empty page"
            f"{'' if ratio <= BAR else f'  over the bar of {BAR:g}'}\n"
        )
    sys.exit(bool(above))


def measure(rounds: int) -> dict[str, tuple[float, float]]:
    """Milliseconds (of computing, in all) by name of the page."""
    browser, addresses = _site()
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in addresses}
    for round_number in range(rounds + 3):  # the first ones warm up and are not counted
        for name, address in addresses.items():
            computing, start = time.process_time(), time.perf_counter()
            answer = browser.get(address)
            took, computed = time.perf_counter() - start, time.process_time() - computing
            if answer.status_code != 200:
                raise RuntimeError(f"{address}: {answer.status_code}")
            if round_number >= 3:
                found[name][0].append(computed * 1000)
                found[name][1].append(took * 1000)
    return {name: (statistics.median(computed), statistics.median(took)) for name, (computed, took) in found.items()}


def _site() -> tuple[Any, dict[str, str]]:
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.test import Client
    from django.urls import reverse

    from orders.models import Order
    from tests.benchmarks.intake import _load, _shop

    settings.ALLOWED_HOSTS = ["*"]
    shop = _shop()
    documents = w2000.payloads()
    _load(shop, [documents[start : start + PAGE] for start in range(0, len(documents), PAGE)])
    browser = Client()
    browser.force_login(User.objects.create_superuser("owner", "owner@mail.example", "secret"))
    order = Order.objects.order_by("-placed_at")[0]
    return browser, {
        EMPTY: reverse("admin:password_change"),
        "orders, 50 rows": reverse("admin:orders_order_changelist"),
        "an open order": reverse("admin:orders_order_change", args=[order.pk]),
        "customers": reverse("admin:orders_customer_changelist"),
        "products": reverse("admin:stock_product_changelist"),
        "transactions": reverse("admin:integrations_remoteorder_changelist"),
        "runs": reverse("admin:integrations_run_changelist"),
        "a shop": reverse("admin:integrations_integration_change", args=[shop.pk]),
        "the overview": reverse("admin:index"),
    }


if __name__ == "__main__":
    main()
