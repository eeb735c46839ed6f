"""The connection test: every refusal is a sentence with the way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from integrations.connectors import get
from integrations.connectors.contract import Shop
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import HeaderAuth, Request, Response
from integrations.simulator.dialects.shopify.answering import state_of
from integrations.simulator.server import SimulatedSite
from integrations.simulator.shop import SimulatedShop
from tests.integrations.connectors.shopify.orders import SHOP, keys
from tests.recorded import answer, from_site, play, serve

shopify = get("shopify")
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
ABOUT = {
    "shop": {"name": "Tea &amp; more", "myshopifyDomain": "tea.myshopify.com", "ianaTimezone": "Europe/Prague"},
    "currentAppInstallation": {"accessScopes": [{"handle": each} for each in ("read_orders", "read_products")]},
}
ONE: dict[str, Any] = {"orders": {"nodes": []}}


def errors(code: str, message: str = "x", **cost: Any) -> Response:
    extensions = {"cost": {"requestedQueryCost": 300, "throttleStatus": cost}} if cost else {}
    return answer({"errors": [{"message": message, "extensions": {"code": code}}], "extensions": extensions})


def check(answers: Sequence[Response | ShopError], shop: Shop = SHOP) -> Any:
    return play(shopify.check(shop), answers)[0]


def test_connected() -> None:
    report = check([answer({"data": ABOUT}, x_shopify_api_version="2026-07"), answer({"data": ONE})])
    assert (report.ok, report.shop_name, report.version, report.clock) == (True, "Tea & more", "2026-07", NOON)
    assert report.summary == "Connected to Tea & more."
    assert any("older than 60 days" in hint for hint in report.hints)
    assert any("webhooks cannot be checked" in hint for hint in report.hints)


def test_hints() -> None:
    about = {**ABOUT, "shop": {"name": "Tea", "ianaTimezone": "America/New_York"}}
    about["currentAppInstallation"] = {"accessScopes": [{"handle": "read_orders"}, {"handle": "read_all_orders"}]}
    shop = replace(SHOP, credentials={"access_token": "shpat_1", "client_secret": "hush"})
    report = check([answer({"data": about}, x_shopify_api_version="2026-10"), answer({"data": ONE})], shop)
    assert [hint.split(":")[0] for hint in report.hints] == [
        "Products cannot be imported",
        "Shopify answers as version 2026-10, not 2026-07",
        "The shop's own time zone is America/New_York, here Europe/Prague is set.",
    ]


@pytest.mark.parametrize(
    ("response", "kind", "words"),
    [
        (answer({"errors": "[API] Invalid API key or access token"}, 401), Failure.CREDENTIALS, "access token"),
        (answer({"errors": "Unavailable Shop"}, 402), Failure.REFUSED, "frozen"),
        (answer({"errors": "Forbidden"}, 403), Failure.CREDENTIALS, "scopes"),
        (answer({"errors": "Not Found"}, 404), Failure.ADDRESS, ".myshopify.com"),
        (answer({"errors": "Locked"}, 423), Failure.UNAVAILABLE, "locked"),
        (answer(b"", 429), Failure.BUSY, "wait"),
        (answer(b"", 502), Failure.UNAVAILABLE, "502"),
        (answer(b"", 418), Failure.REFUSED, "418"),
        (answer(b"<html>Log in</html>"), Failure.NONSENSE, "not the JSON"),
        (answer({"data": None}), Failure.NONSENSE, "no data"),
        (errors("THROTTLED", currentlyAvailable=100, restoreRate=50), Failure.BUSY, "wait"),
        (errors("SHOP_INACTIVE"), Failure.REFUSED, "not active"),
        (errors("INTERNAL_SERVER_ERROR"), Failure.UNAVAILABLE, "fault of its own"),
        (errors("undefinedField", "Field 'secret@x' doesn't exist"), Failure.REFUSED, "(undefinedField)"),
        (errors("<b>", "x"), Failure.REFUSED, "(no code)"),
        (
            errors("ACCESS_DENIED", "Required access: `read_orders` access scope."),
            Failure.CREDENTIALS,
            "lacks the scope read_orders",
        ),
        (
            errors("ACCESS_DENIED", "This app is not approved to access the Customer object."),
            Failure.CREDENTIALS,
            "protected customer data",
        ),
        (ShopError(Failure.UNAVAILABLE, "The shop was silent for 30 seconds."), Failure.UNAVAILABLE, "silent"),
    ],
)
def test_refusals(response: Response | ShopError, kind: Failure, words: str) -> None:
    report = check([response])
    assert (report.ok, report.failure) == (False, kind)
    assert words in report.summary
    assert report.summary.endswith(".")
    assert "secret@x" not in report.summary
    later = check([answer({"data": ABOUT}), response])
    assert later.summary == report.summary


def test_part_of_an_order_withheld_is_a_refusal() -> None:
    body = {
        "data": {"orders": {"nodes": [{"id": "gid://shopify/Order/1", "customer": None}]}},
        "errors": [
            {"message": "This app is not approved to use the firstName field.", "extensions": {"code": "ACCESS_DENIED"}}
        ],
    }
    assert "protected customer data" in check([answer({"data": ABOUT}), answer(body)]).summary


@pytest.mark.parametrize(
    ("cost", "wait"),
    [
        ({"currentlyAvailable": 100, "restoreRate": 50}, 4),
        ({"currentlyAvailable": 299.5, "restoreRate": 50}, 1),
        ({"currentlyAvailable": -1e8, "restoreRate": 1}, 900),
        ({"currentlyAvailable": 100, "restoreRate": 0}, 2),
        ({"currentlyAvailable": "x", "restoreRate": None}, 2),
        ({}, 2),
    ],
)
def test_the_wait_is_computed(cost: dict[str, Any], wait: float) -> None:
    with pytest.raises(ShopError) as caught:
        play(shopify.orders.by_ids(SHOP, ("1",)), [errors("THROTTLED", **cost)])
    assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    ("token", "words"), [("shpss_1", "API secret key"), ("abc", "begins with shpat_"), ("shpat_1", "")]
)
def test_key_hints(token: str, words: str) -> None:
    report = check([answer({}, 401)], replace(SHOP, credentials={"access_token": token}))
    assert words in " ".join(report.hints)


CREDENTIALS = {"client_id": "ck", "client_secret": "hush"}


def client(**changes: Any) -> Shop:
    return replace(SHOP, **{"credentials": CREDENTIALS, "memory": {}, **changes})


def test_client_credentials() -> None:
    shop = client()
    token = answer({"access_token": "shpca_1", "scope": "read_orders", "expires_in": 86399})
    report, asked = play(shopify.check(shop), [token, answer({"data": ABOUT}), answer({"data": ONE})])
    assert report.ok
    assert asked[0].url == "https://tea.myshopify.com/admin/oauth/access_token"
    assert parse_qs((asked[0].body or b"").decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["ck"],
        "client_secret": ["hush"],
    }
    assert [request.auth for request in asked[1:]] == [HeaderAuth("X-Shopify-Access-Token", "shpca_1")] * 2
    assert "hush" not in repr(shop)
    _, asked = play(shopify.check(shop), [answer({"data": ABOUT}), answer({"data": ONE})])
    assert len(asked) == 2, "the token is remembered"


@pytest.mark.parametrize(
    ("response", "kind", "words"),
    [
        (answer({"error": "invalid_client"}, 400), Failure.CREDENTIALS, "own organisation"),
        (answer(b"<html>", 401), Failure.CREDENTIALS, "client secret"),
        (answer(b"<html>", 404), Failure.ADDRESS, ".myshopify.com"),
        (answer(b"", 500), Failure.UNAVAILABLE, "500"),
        (answer({"access_token": None}), Failure.NONSENSE, "no access token"),
        (answer(b"[]"), Failure.NONSENSE, "no access token"),
    ],
)
def test_no_token(response: Response, kind: Failure, words: str) -> None:
    report = check([response], client())
    assert (report.failure, report.ok) == (kind, False)
    assert words in report.summary


def test_nothing_was_entered() -> None:
    report = check([], client(credentials={"client_secret": "hush"}))
    assert report.failure == Failure.CREDENTIALS
    assert "neither an access token nor a client ID" in report.summary


def test_the_secret_does_not_travel_in_the_open() -> None:
    assert check([], client(base_url="http://tea.example")).failure == Failure.ADDRESS


def test_a_token_that_ended_is_fetched_anew_once() -> None:
    now = [NOON]
    shop = SimulatedShop("Tea", seed=3, clock=lambda: now[0])
    site = SimulatedSite(shop, "shopify")
    remote = client(credentials={"client_id": shop.key, "client_secret": shop.secret})

    def reach(request: Request) -> Response:
        return from_site(site, request)

    assert serve(shopify.check(remote), reach)[0].ok
    now[0] += timedelta(days=1)
    report, asked = serve(shopify.check(remote), reach)
    assert report.ok
    assert [request.url.rsplit("/", 1)[1] for request in asked] == [
        "graphql.json",
        "access_token",
        "graphql.json",
        "graphql.json",
    ]
    state_of(shop).tokens.clear()
    report, asked = serve(shopify.check(replace(remote, credentials={"access_token": "shpat_old"})), reach)
    assert (report.failure, len(asked)) == (Failure.CREDENTIALS, 1)


def test_client_credentials_take_the_place_of_a_dead_token() -> None:
    shop = client(credentials={**CREDENTIALS, "access_token": "shpat_dead"})
    token = answer({"access_token": "shpca_1"})
    report, asked = play(shopify.check(shop), [answer({}, 401), token, answer({"data": ABOUT}), answer({"data": ONE})])
    assert report.ok
    assert [getattr(request.auth, "value", "") for request in asked] == ["shpat_dead", "", "shpca_1", "shpca_1"]


def test_scopes_of_the_simulated_shop() -> None:
    shop = SimulatedShop("Tea", seed=3, clock=lambda: NOON)
    site, remote = SimulatedSite(shop, "shopify"), replace(SHOP, credentials=keys(shop))
    state_of(shop).scopes.remove("read_orders")
    report = serve(shopify.check(remote), lambda request: from_site(site, request))[0]
    assert "lacks the scope read_orders" in report.summary


def test_code_lists_need_no_request() -> None:
    lists, asked = play(shopify.code_lists(SHOP), [])
    assert {each.code for each in lists.statuses} == {rule.status for rule in shopify.default_rules}
    assert asked == []
