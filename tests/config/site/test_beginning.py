"""The first person of an installation: the link of `make up`, the owner and the company that it makes, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.access import first_run
from integrations.choices import AccessKind, AccountPlan, Role
from integrations.models import AccessEvent, Account, Membership, Project
from tests.factories import AccountFactory, member

pytestmark = pytest.mark.django_db
SAID = {
    "username": "jana", "email": "jana@mail.example", "password1": "Rooibos-4711", "password2": "Rooibos-4711",
    "company": "Leaf & Bean", "book": "Main", "currency": "CZK", "time_zone": "Europe/Prague",
}  # fmt: skip


def page(browser: Client, token: str = "", said: dict[str, str] | None = None) -> Any:
    address = f"/begin/{token or first_run.token()}/"
    return browser.get(address) if said is None else browser.post(address, said)


@pytest.mark.parametrize(("platform", "query"), [("", ""), ("shopify", "?platform=shopify")])
def test_the_owner_comes_in_and_connects_the_first_shop(platform: str, query: str) -> None:
    browser = Client()
    shown = page(browser).content.decode()
    assert "Welcome to Countinghouse" in shown and "CZK · Czech Koruna" in shown and "Europe/Prague" in shown
    answer = page(browser, said=SAID | {"platform": platform})
    assert answer.headers["Location"] == f"/integrations/integration/connect/{query}"
    assert browser.get(answer.headers["Location"]).status_code == 200
    owner, account, project = User.objects.get(), Account.objects.get(), Project.objects.get()
    assert (owner.is_superuser, owner.email) == (True, "jana@mail.example")
    assert (account.name, account.plan) == ("Leaf & Bean", AccountPlan.STANDARD)
    assert (project.name, project.currency, project.time_zone) == ("Main", "CZK", "Europe/Prague")
    assert Membership.objects.get().role == Role.IMPORT_ADMIN
    kinds = list(AccessEvent.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == [AccessKind.BEGUN, AccessKind.LOGIN]


def test_the_link_opens_once() -> None:
    token = first_run.token()
    page(Client(), token, SAID)
    again = page(Client(), token, SAID | {"username": "eve"})
    assert again.status_code == 404 and "Somebody has used it already" in again.content.decode()
    assert User.objects.count() == Account.objects.count() == 1


def test_of_two_at_once_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    token = first_run.token()
    monkeypatch.setattr(first_run, "opens", lambda text: True)  # both saw the form before either sent it
    page(Client(), token, SAID)
    late = page(Client(), token, SAID | {"username": "eve"})
    assert "Somebody has used this link already" in late.content.decode()
    assert list(User.objects.values_list("username", flat=True)) == ["jana"]


def test_nothing_opens_where_somebody_is() -> None:
    member(AccountFactory.create(), Role.READ_ONLY)
    assert page(Client()).status_code == 404


@pytest.mark.parametrize("token", ["x", "x:y:z", "IngiOg:1", "%00"])
def test_what_is_no_token_opens_nothing(token: str) -> None:
    assert page(Client(), token).status_code == 404
    assert page(Client(), token, SAID).status_code == 404
    assert not User.objects.exists()


def test_a_week_old_link_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    token = first_run.token()
    monkeypatch.setattr(first_run, "VALID", timedelta(seconds=-1))
    assert "older than seven days" in page(Client(), token).content.decode()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"password2": "Rooibos-4712"}, "password2"),
        ({"password1": "12345", "password2": "12345"}, "password2"),
        ({"company": ""}, "company"),
        ({"currency": "XXX"}, "currency"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"username": "a b"}, "username"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_made(wrong: dict[str, str], field: str) -> None:
    answer = page(Client(), said=SAID | wrong)
    assert field in answer.context["form"].errors
    assert not User.objects.exists() and not Account.objects.exists()


def test_an_account_of_this_name_is_not_begun_again() -> None:
    AccountFactory.create(name=SAID["company"])
    answer = page(Client(), said=SAID)
    assert "There is an account named Leaf &amp; Bean already" in answer.content.decode()
    assert not User.objects.exists()
    assert page(Client(), said=SAID | {"company": "Other"}).status_code == 302


def test_the_login_says_where_the_link_is_until_somebody_is_there() -> None:
    assert "Nobody has an account here yet" in Client().get("/login/").content.decode()
    page(Client(), said=SAID)
    assert "Nobody has an account here yet" not in Client().get("/login/").content.decode()
