"""How simulated shops limit requests, and the words in which each platform refuses them."""

from __future__ import annotations

import json

import pytest

from integrations.simulator import dialects
from integrations.simulator.limits import Limit
from integrations.simulator.messages import Answered, Asked
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop


def asked(site: SimulatedSite, path: str = "/", **headers: str) -> Answered:
    return site.answer(Asked("GET", path, headers=headers))[0]


def test_a_rolling_limit_counts_the_last_seconds() -> None:
    now = [0.0]
    limit = Limit(2, 10, clock=lambda: now[0])
    assert [limit.take(), limit.take(), limit.take()] == [True, True, False]
    assert (limit.left, limit.reset, limit.refused) == (0, 10, 1)
    now[0] = 9.9
    assert not limit.take()
    now[0] = 10
    assert [limit.take(), limit.take(), limit.take()] == [True, True, False]


def test_a_window_begins_anew_as_a_whole() -> None:
    now = [0.0]
    limit = Limit(2, 10, rolling=False, clock=lambda: now[0])
    assert limit.take()
    now[0] = 9
    assert [limit.take(), limit.take()] == [True, False]
    assert limit.reset == 1
    now[0] = 10
    assert [limit.take(), limit.take(), limit.take()] == [True, True, False]


def test_without_a_limit_everything_is_taken() -> None:
    limit = Limit()
    assert all(limit.take() for _ in range(10_000))
    assert limit.refused == 0


@pytest.mark.parametrize("dialect", sorted(dialects.found()))
def test_every_dialect_refuses_with_429(dialect: str) -> None:
    site = SimulatedSite(SimulatedShop("Limited", seed=2), dialect)
    site.shop.limit = Limit(1, 30)
    first, second = asked(site), asked(site)
    assert (first.status == 429, second.status) == (False, 429)
    assert second.body == dialects.get(dialect).too_many(site.shop).body
    assert site.shop.limit.refused == 1


def test_limits_are_the_documented_ones_and_each_shop_counts_for_itself() -> None:
    limits = {name: dialect.limit for name, dialect in dialects.found().items() if dialect.limit is not None}
    assert {name: (limit.most, limit.seconds) for name, limit in limits.items()} == {
        "bigcommerce": (150, 30),
        "ebay": (100_000, 86_400),
        "ecwid": (600, 60),
    }
    one, other = (SimulatedSite(SimulatedShop("Limited", seed=seed), "ecwid") for seed in (2, 3))
    asked(one)
    assert (one.shop.limit.left, other.shop.limit.left) == (599, 600)


def test_bigcommerce_says_with_every_answer_how_many_are_left() -> None:
    site = SimulatedSite(SimulatedShop("Limited", seed=2), "bigcommerce")
    site.shop.limit = Limit(2, 30, rolling=False)
    seen = [asked(site, "/stores/abc/v2/store", **{"x-auth-token": site.shop.key}) for _ in range(3)]
    assert [answer.status for answer in seen] == [200, 200, 429]
    assert [answer.headers["X-Rate-Limit-Requests-Left"] for answer in seen] == ["1", "0", "0"]
    assert 29_000 < int(seen[2].headers["X-Rate-Limit-Time-Reset-Ms"]) <= 30_000
    assert {
        (each.headers["X-Rate-Limit-Requests-Quota"], each.headers["X-Rate-Limit-Time-Window-Ms"]) for each in seen
    } == {("2", "30000")}


def test_refusals_have_the_documented_bodies() -> None:
    shop = SimulatedShop("Limited", seed=2)
    said = {
        dialect: json.loads(dialects.get(dialect).too_many(shop).body)
        for dialect in ("ebay", "ecwid", "paypal", "bigcommerce")
    }
    [error] = said["ebay"]["errors"]
    assert (error["errorId"], error["domain"], error["category"]) == (2001, "ACCESS", "REQUEST")
    assert said["ecwid"] == {"errorMessage": "Too many requests", "errorCode": "RATE_LIMITED"}
    assert (said["paypal"]["name"], said["bigcommerce"]["status"]) == ("RATE_LIMIT_REACHED", 429)
    assert "debug_id" in said["paypal"]


def test_ecwid_tells_when_to_come_again_and_blocks_who_knocks_with_dead_tokens() -> None:
    site = SimulatedSite(SimulatedShop("Limited", seed=2), "ecwid")
    dead = [asked(site, "/api/v3/1003/profile", authorization="Bearer dead").status for _ in range(21)]
    assert dead == [403] * 20 + [429]
    alive = asked(site, "/api/v3/1003/profile", authorization=f"Bearer {site.shop.key}")
    assert alive.status == 429
    assert 55 < int(alive.headers["Retry-After"]) <= 60
