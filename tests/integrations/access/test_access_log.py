"""The access log: what is written, that it stays, how it is cleared."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from integrations.access import access_log
from integrations.access.access_log import Origin
from integrations.access.devices import device
from integrations.choices import AccessKind, Role
from integrations.models import AccessEvent, Account
from tests.factories import AccountFactory, member

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19 Safari/604"


def event(days: int = 0, **values: object) -> AccessEvent:
    made = timezone.now() - timedelta(days=days)
    return AccessEvent.objects.create(**({"kind": AccessKind.LOGIN, "name": "jana", "at": made} | values))


def test_coming_and_going_is_written_down() -> None:
    jana = member(AccountFactory.create(), Role.READ_ONLY, "jana")
    browser = Client(REMOTE_ADDR="203.0.113.7", headers={"User-Agent": FIREFOX})
    for name, password in (("jana", "wrong"), ("nobody", "wrong"), ("jana", "secret")):
        browser.post("/login/", {"username": name, "password": password})
    browser.post("/logout/")
    rows = AccessEvent.objects.order_by("id").values_list("kind", "user", "name", "address", "agent")
    seen = ("203.0.113.7", FIREFOX)
    assert list(rows) == [
        ("failed", jana.pk, "jana", *seen),
        ("failed", None, "nobody", *seen),
        ("login", jana.pk, "jana", *seen),
        ("logout", jana.pk, "jana", *seen),
    ]


def test_what_a_browser_says_is_cut_and_cannot_break_the_row() -> None:
    Client(headers={"User-Agent": "x\0" * 500}).post("/login/", {"username": "n" * 150, "password": "wrong"})
    assert AccessEvent.objects.get().agent == "x" * 200


class TestItStays:
    @pytest.mark.parametrize(
        "change",
        [
            {"name": "somebody"},
            {"kind": AccessKind.LOGOUT},
            {"at": timezone.now()},
            {"address": "192.0.2.1"},
            {"detail": "nothing"},
        ],
    )
    def test_no_row_can_be_changed(self, change: dict[str, object]) -> None:
        made = event(days=1)
        with pytest.raises(IntegrityError, match="are refused"), transaction.atomic():
            AccessEvent.objects.filter(pk=made.pk).update(**change)

    def test_nor_told_of_somebody_else(self) -> None:
        made = event(user=User.objects.create_user("jana"))
        other = User.objects.create_user("petr")
        with pytest.raises(IntegrityError, match="are refused"), transaction.atomic():
            AccessEvent.objects.filter(pk=made.pk).update(user=other)

    def test_nor_deleted(self) -> None:
        made = event(days=1000)
        with pytest.raises(IntegrityError, match="are refused"), transaction.atomic():
            made.delete()

    def test_control_without_the_triggers_it_could(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE integrations_accessevent DISABLE TRIGGER USER")
        made = event()
        assert AccessEvent.objects.filter(pk=made.pk).update(name="somebody") == 1
        made.delete()
        assert not AccessEvent.objects.exists()

    def test_a_person_who_is_deleted_is_forgotten_but_not_what_happened(self) -> None:
        account: Account = AccountFactory.create()
        made = event(user=member(account, Role.READ_ONLY, "jana"), account=account)
        User.objects.get().delete()
        account.delete()
        made.refresh_from_db()
        assert (made.user, made.account, made.name) == (None, None, "jana")


class TestClearing:
    def test_what_is_older_than_the_setting_goes(self, settings: LazySettings) -> None:
        settings.ACCESS_LOG_DAYS = 100
        old, kept = event(days=101), event(days=99)
        assert access_log.clear_old() == 1
        assert list(AccessEvent.objects.values_list("pk", flat=True)) == [kept.pk]
        assert old.pk != kept.pk

    def test_the_right_to_delete_ends_with_it(self) -> None:
        access_log.clear_old()
        with pytest.raises(IntegrityError, match="are refused"), transaction.atomic():
            event(days=1000).delete()

    def test_young_rows_stay_whoever_asks(self, settings: LazySettings) -> None:
        settings.ACCESS_LOG_DAYS = 1
        event(days=29)
        with pytest.raises(IntegrityError, match="are refused"), transaction.atomic():
            access_log.clear_old()


def test_an_account_reads_of_its_people_and_its_keys_alone() -> None:
    ours, theirs = AccountFactory.create(), AccountFactory.create()
    jana, karl = member(ours, Role.READ_ONLY, "jana"), member(theirs, Role.READ_ONLY, "karl")
    both = member(ours, Role.READ_ONLY, "both")
    both.memberships.create(account=theirs, role=Role.READ_ONLY)
    event(user=jana, detail="1")
    event(user=karl, detail="theirs")
    event(user=None, name="nobody", detail="unknown name")
    event(user=both, detail="2")
    event(user=both, account=theirs, kind=AccessKind.KEY_MADE, detail="a key of theirs")
    event(user=None, account=ours, kind=AccessKind.KEY_MADE, name="root", detail="3")
    assert sorted(access_log.of_account(ours.pk).values_list("detail", flat=True)) == ["1", "2", "3"]


def test_commands_come_from_nowhere() -> None:
    jana = User.objects.create_user("jana")
    made = access_log.note(AccessKind.FACTOR_OFF, Origin(), user_id=jana.pk)
    assert (made.name, made.address, made.agent) == ("jana", None, "")


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Windows"),
        (SAFARI, "Safari on iPhone"),
        ("curl/8.5", "curl"),
        ("A robot of mine that reads everything every day", "A robot of mine that reads everything ev"),
        ("", "unknown"),
    ],
)
def test_browsers_are_called_as_people_call_them(agent: str, words: str) -> None:
    assert device(agent) == words
