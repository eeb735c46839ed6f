"""Who may open which order book, and what they may do there."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import RequestFactory

from integrations.access.backend import MembershipBackend
from integrations.access.roles import PERMISSIONS
from integrations.access.tenancy import enter, projects_of
from integrations.choices import Role
from integrations.models import Membership, Project
from tests.factories import ProjectFactory, member

pytestmark = pytest.mark.django_db


@pytest.fixture
def ours() -> Project:
    return ProjectFactory.create()


@pytest.fixture
def theirs() -> Project:
    return ProjectFactory.create()


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_a_person_opens_the_projects_of_their_accounts_and_no_others(ours: Project, theirs: Project) -> None:
    user = member(ours.account, Role.ORDER_STAFF)
    assert list(projects_of(user)) == [ours]
    assert enter(user, theirs.pk) == ours
    assert enter(user, "nonsense") == ours


def test_somebody_without_an_account_opens_nothing_and_may_nothing(ours: Project) -> None:
    user = User.objects.create_user("nobody", is_staff=True)
    assert enter(user, ours.pk) is None
    assert user.get_all_permissions() == set()


def test_the_role_of_the_opened_projects_account_is_in_force(ours: Project, theirs: Project) -> None:
    user = member(ours.account, Role.IMPORT_ADMIN)
    Membership.objects.create(account=theirs.account, user=user, role=Role.READ_ONLY)
    enter(user, ours.pk)
    assert user.has_perm("integrations.load_orders")
    user = fresh(user)
    enter(user, theirs.pk)
    assert not user.has_perm("integrations.load_orders")
    assert user.has_perm("orders.view_order")


def test_where_no_project_is_open_only_what_all_roles_share_is_allowed(ours: Project, theirs: Project) -> None:
    user = member(ours.account, Role.IMPORT_ADMIN)
    Membership.objects.create(account=theirs.account, user=user, role=Role.WAREHOUSE)
    assert user.has_perm("stock.receive_stock")
    assert not user.has_perm("integrations.load_orders")


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        (Role.READ_ONLY, "orders.view_order", "integrations.load_orders"),
        (Role.ORDER_STAFF, "integrations.load_orders", "integrations.change_integration"),
        (Role.WAREHOUSE, "stock.receive_stock", "integrations.load_orders"),
        (Role.IMPORT_ADMIN, "integrations.change_statusrule", "integrations.change_account"),
    ],
)
def test_roles(ours: Project, role: Role, may: str, may_not: str) -> None:
    user = member(ours.account, role)
    enter(user, ours.pk)
    assert user.has_perm(may)
    assert not user.has_perm(may_not)


def test_no_role_may_delete_or_touch_accounts_and_people() -> None:
    every = set().union(*PERMISSIONS.values())
    assert not [perm for perm in every if ".delete_" in perm or "account" in perm or "membership" in perm]


def test_somebody_switched_off_may_nothing(ours: Project) -> None:
    user = member(ours.account, Role.IMPORT_ADMIN)
    User.objects.update(is_active=False)
    user = fresh(user)
    assert enter(user, ours.pk) is None
    assert not user.has_perm("orders.view_order")
    assert MembershipBackend().authenticate(RequestFactory().post("/"), user.username, "secret") is None


def test_a_superuser_opens_every_project(ours: Project, theirs: Project) -> None:
    operator = User.objects.create_superuser("operator")
    assert set(projects_of(operator)) == {ours, theirs}
