"""People are invited, come in by their link, change roles and are taken out; nobody takes over somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.core import signing
from django.test import Client

from integrations.access import invitations
from integrations.choices import AccessKind, Role
from integrations.models import AccessEvent, BrowserSession, Membership, Project
from integrations.simulator.mailbox import SimulatedMailServer
from tests.factories import AccountFactory, ProjectFactory, member

pytestmark = pytest.mark.django_db
NEW = {"new_password1": "Rooibos-4711", "new_password2": "Rooibos-4711"}
TOM = "tom@mail.example"


@pytest.fixture
def project(db: None) -> Project:
    return ProjectFactory.create()


@pytest.fixture
def boss(project: Project) -> Client:
    browser = Client()
    browser.force_login(member(project.account, Role.IMPORT_ADMIN, "boss"))
    return browser


@pytest.fixture
def mail(settings: LazySettings) -> Iterator[SimulatedMailServer]:
    with SimulatedMailServer() as running:
        account = {"host": "127.0.0.1", "port": running.port, "security": "plain", "username": "", "password": ""}
        settings.MAIL_ACCOUNT, settings.EMAIL_FROM = account, "office@orders.example"
        settings.PUBLIC_URL = "https://orders.example"
        yield running


def invite(browser: Client, email: str = TOM, role: str = Role.WAREHOUSE) -> Any:
    return browser.post("/people/invite/", {"email": email, "role": role}, follow=True)


def link_on(page: Any) -> str:
    [link] = [one["link"] for one in page.context["members"] if one["link"]] or [""]
    return str(link).removeprefix("http://testserver")


def said(page: Any) -> list[str]:
    return [str(message) for message in page.context["messages"]]


def test_somebody_is_invited_and_comes_in(boss: Client, project: Project) -> None:
    page = invite(boss, f" {TOM.upper()}")
    assert said(page) == [f"Invited {TOM}. No e-mail was sent: hand them the link below."]
    assert ">Invited<" in page.content.decode()
    tom, link = Client(), link_on(page)
    assert f"<strong>{TOM}</strong>" in tom.get(link).content.decode()
    assert tom.post(link, NEW).headers["Location"] == "/login/"
    assert tom.post("/login/", {"username": TOM, "password": NEW["new_password1"]}).status_code == 302
    assert tom.get("/stock/product/").status_code == 200
    membership = Membership.objects.get(user__email=TOM)
    assert (membership.account, membership.role) == (project.account, Role.WAREHOUSE)
    kinds = AccessEvent.objects.filter(user=membership.user).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == [AccessKind.INVITED, AccessKind.JOINED, AccessKind.LOGIN]


def test_the_link_opens_once_and_a_newer_one_closes_it(boss: Client) -> None:
    first = link_on(invite(boss))
    tom = User.objects.get(email=TOM)
    second = link_on(boss.post(f"/people/{tom.pk}/invite/", follow=True))
    assert Client().get(first).status_code == 404
    assert Client().post(second, NEW).status_code == 302
    assert Client().post(second, NEW).status_code == 404, "used"
    assert link_on(boss.get("/people/")) == ""


def test_a_week_old_link_opens_nothing(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    link = link_on(invite(boss))
    monkeypatch.setattr(invitations, "VALID", timedelta(seconds=-1))
    assert Client().post(link, NEW).status_code == 404
    assert not User.objects.get(email=TOM).has_usable_password()


def test_a_letter_brings_the_link(boss: Client, mail: SimulatedMailServer) -> None:
    page = invite(boss)
    assert said(page) == [f"An e-mail is on its way to {TOM}."]
    [letter] = mail.letters
    text = letter.get_content()
    assert letter["To"] == TOM and "boss invites you" in text
    [link] = [line for line in text.splitlines() if line.startswith("https://orders.example/invited/")]
    assert Client().get(link.removeprefix("https://orders.example")).status_code == 200


def test_a_letter_that_cannot_be_sent_is_said(boss: Client, mail: SimulatedMailServer) -> None:
    mail.answer = "451 Later"
    page = invite(boss)
    assert said(page) == [f"Invited {TOM}, but the e-mail could not be sent: send it again in a while."]
    assert link_on(page) == ""
    again = boss.post(f"/people/{User.objects.get(email=TOM).pk}/invite/", follow=True)
    assert said(again) == ["The e-mail could not be sent: send it again in a while."]


def test_of_two_who_use_a_link_at_once_one_is_late(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    link = link_on(invite(boss))
    token, tom = link.split("/")[2], User.objects.get(email=TOM)
    assert Client().post(link, NEW).status_code == 302
    password = User.objects.get(pk=tom.pk).password
    monkeypatch.setattr(invitations, "behind", lambda token, people=None: None if people else tom)
    late = Client().post(f"/invited/{token}/", {"new_password1": "Lapsang-99", "new_password2": "Lapsang-99"})
    assert late.status_code == 404
    assert User.objects.get(pk=tom.pk).password == password


class TestOthersAreNotTakenOver:
    """The link of an invitation opens nothing but what the inviting account may give."""

    @pytest.fixture
    def other(self) -> Client:
        """An import admin of another account, who wants to come in as somebody else."""
        browser = Client()
        browser.force_login(member(ProjectFactory.create().account, Role.IMPORT_ADMIN, "other"))
        return browser

    def test_who_has_a_password_keeps_it(self, boss: Client, mail: SimulatedMailServer) -> None:
        known = member(AccountFactory.create(), Role.READ_ONLY, "known")
        User.objects.filter(pk=known.pk).update(email=TOM)
        page = invite(boss)
        assert said(page) == ["Added known, who has an account here already."]
        assert link_on(page) == ""
        assert User.objects.get(pk=known.pk).password == known.password
        assert invitations.behind(invitations.path_for(known).split("/")[2]) is None

    def test_the_link_of_another_account_does_not_open_this_one(
        self, boss: Client, other: Client, settings: LazySettings
    ) -> None:
        """Who has a link by hand is closed out as soon as somebody else invites the same person by letter."""
        theirs = link_on(invite(other))
        with SimulatedMailServer() as mail:
            account = {"host": "127.0.0.1", "port": mail.port, "security": "plain", "username": "", "password": ""}
            settings.MAIL_ACCOUNT, settings.EMAIL_FROM = account, "office@orders.example"
            settings.PUBLIC_URL = "https://orders.example"
            page = invite(boss)
        assert len(mail.letters) == 1
        assert link_on(page) == "" and link_on(other.get("/people/")) == ""
        assert Client().post(theirs, NEW).status_code == 404

    def test_without_letters_nobody_is_added_who_came_in_elsewhere(
        self, boss: Client, other: Client, project: Project
    ) -> None:
        """Who handed the link over may have kept it, and chosen the password themselves."""
        theirs = link_on(invite(other))
        assert "nobody can check who that is" in said(invite(boss))[0]
        Client().post(theirs, NEW)
        assert "nobody can check who that is" in said(invite(boss))[0]
        tom = User.objects.get(email=TOM)
        other.post(f"/people/{tom.pk}/take-out/")
        assert "nobody can check who that is" in said(invite(boss))[0]
        assert not project.account.memberships.filter(user=tom).exists()
        # The control: who runs the installation answers for it, and from then on they come back by themselves.
        User.objects.filter(username="boss").update(is_superuser=True)
        assert said(invite(boss)) == [f"Added {TOM}, who has an account here already."]
        User.objects.filter(username="boss").update(is_superuser=False)
        boss.post(f"/people/{tom.pk}/take-out/", follow=True)
        assert said(invite(boss)) == [f"Added {TOM}, who has an account here already."]

    def test_the_link_of_who_was_taken_out_stays_closed(self, boss: Client, other: Client) -> None:
        theirs = link_on(invite(other))
        other.post(f"/people/{User.objects.get(email=TOM).pk}/take-out/")
        assert Client().get(theirs).status_code == 404
        ours = link_on(invite(boss))
        assert Client().get(theirs).status_code == 404
        assert Client().get(ours).status_code == 200

    def test_where_letters_go_nobody_else_sees_the_link(self, boss: Client, mail: SimulatedMailServer) -> None:
        assert link_on(invite(boss)) == ""
        # The control: those who run the installation may choose anybody's password as it is.
        User.objects.filter(username="boss").update(is_superuser=True)
        assert link_on(boss.get("/people/")) != ""

    def test_a_name_that_was_an_address_is_not_taken_for_it(self, boss: Client) -> None:
        """Who once was invited by this address has another one now; somebody else may have it."""
        known = member(AccountFactory.create(), Role.READ_ONLY, TOM)
        User.objects.filter(pk=known.pk).update(email="tom@new.example")
        assert "has another e-mail address by now" in said(invite(boss))[0]
        assert not Membership.objects.exclude(account__memberships__user=known).filter(user=known).exists()

    def test_the_person_who_runs_the_site_is_not_taken_over(self, boss: Client) -> None:
        User.objects.create_superuser("root", TOM)
        assert link_on(invite(boss)) == ""

    @pytest.mark.parametrize("salt", ["", invitations.SALT])
    def test_made_up_tokens_open_nothing(self, salt: str, boss: Client) -> None:
        for token in ("x", signing.dumps([1], salt=salt), signing.dumps([1, "y"], salt=salt)):
            assert Client().get(f"/invited/{token}/").status_code == 404
            assert Client().post(f"/invited/{token}/", NEW).status_code == 404

    def test_members_of_another_account_cannot_be_reached(self, boss: Client) -> None:
        stranger = member(AccountFactory.create(), Role.READ_ONLY, "stranger")
        for step in ("invite", "role", "take-out"):
            assert boss.post(f"/people/{stranger.pk}/{step}/", {"role": Role.WAREHOUSE}).status_code == 404
        assert Membership.objects.get(user=stranger).role == Role.READ_ONLY


@pytest.mark.parametrize("role", [Role.ORDER_STAFF, Role.WAREHOUSE, Role.READ_ONLY])
def test_only_import_admins_may(role: Role, project: Project) -> None:
    browser, jana = Client(), member(project.account, Role.READ_ONLY, "jana")
    browser.force_login(member(project.account, role, "other"))
    assert browser.post("/people/invite/", {"email": TOM, "role": Role.IMPORT_ADMIN}).status_code == 403
    for step in ("invite", "role", "take-out"):
        assert browser.post(f"/people/{jana.pk}/{step}/", {"role": Role.IMPORT_ADMIN}).status_code == 403
    assert Membership.objects.filter(role=Role.IMPORT_ADMIN).count() == 0
    assert browser.get("/people/invite/").status_code == 405


def test_a_role_is_changed_and_said(boss: Client, project: Project) -> None:
    jana = member(project.account, Role.READ_ONLY, "jana")
    page = boss.post(f"/people/{jana.pk}/role/", {"role": Role.ORDER_STAFF}, follow=True)
    assert said(page) == ["jana: Order staff now, Read only before."]
    assert Membership.objects.get(user=jana).role == Role.ORDER_STAFF
    assert boss.post(f"/people/{jana.pk}/role/", {"role": "owner"}).status_code == 404


def test_who_is_taken_out_is_out_at_once(boss: Client, project: Project) -> None:
    jana = member(project.account, Role.READ_ONLY, "jana")
    theirs = Client()
    theirs.post("/login/", {"username": "jana", "password": "secret"})
    assert theirs.get("/orders/order/").status_code == 200
    page = boss.post(f"/people/{jana.pk}/take-out/", follow=True)
    assert "To undo it, invite them again." in said(page)[0]
    assert theirs.get("/orders/order/").status_code == 302
    assert not BrowserSession.objects.filter(user=jana).exists()


def test_one_import_admin_stays(boss: Client, project: Project) -> None:
    me = User.objects.get(username="boss")
    invite(boss, role=Role.IMPORT_ADMIN)  # who has never come in does not count
    for step in ("role", "take-out"):
        page = boss.post(f"/people/{me.pk}/{step}/", {"role": Role.READ_ONLY}, follow=True)
        assert "boss is the only import admin" in said(page)[0]
    assert Membership.objects.get(user=me).role == Role.IMPORT_ADMIN
    # The control: with another one who has, both go.
    member(project.account, Role.IMPORT_ADMIN, "second")
    boss.post(f"/people/{me.pk}/role/", {"role": Role.READ_ONLY})
    assert Membership.objects.get(user=me).role == Role.READ_ONLY


@pytest.mark.parametrize("email", ["", "tom", "tom@", "a" * 200 + "@mail.example", "tom@mail.example\n"])
def test_what_is_no_address_is_named(email: str, boss: Client) -> None:
    page = invite(boss, email)
    if email.strip() != TOM:
        assert said(page)[0].startswith("E-mail: ")
        assert User.objects.count() == 1
    else:
        assert User.objects.filter(email=TOM).exists()


def test_nobody_is_invited_twice(boss: Client) -> None:
    invite(boss)
    assert "is a member of" in said(invite(boss))[0]
    assert Membership.objects.filter(user__email=TOM).count() == 1
