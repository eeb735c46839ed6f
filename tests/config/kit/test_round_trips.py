"""Several statements go to the database in one trip, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from time import monotonic, sleep

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from config.kit import round_trips, sql
from config.kit.round_trips import Question, ask_together, meanwhile, say, together
from config.kit.sql import execute
from config.kit.true_time import now
from integrations.models import BulkAction, BulkPortion, KeptAnswer
from integrations.partner_runs import bulk_calls
from integrations.partner_runs.bulk_calls import BulkCall
from stock.models import StockMovement, Warehouse
from tests.factories import ProjectFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def table() -> Iterator[None]:
    execute("CREATE TEMPORARY TABLE said (number int UNIQUE, word text)")
    yield
    execute("DROP TABLE said")


def said() -> list[tuple[int, str]]:
    return [(number, word) for number, word in execute("SELECT number, word FROM said ORDER BY number")]


def test_each_question_has_its_answer() -> None:
    numbers = Question("SELECT n FROM generate_series(1, %s) AS n", [3], lambda rows: [n for (n,) in rows])
    nothing = Question("INSERT INTO said VALUES (%s, %s)", [1, "100 % of it"], len)
    words = Question("SELECT word FROM said WHERE number = %s", [1], lambda rows: rows[0][0])
    with CaptureQueriesContext(connection) as asked:
        assert ask_together(numbers, nothing, words, numbers) == [[1, 2, 3], 0, "100 % of it", [1, 2, 3]]
    assert len(asked) == 1


def test_what_is_said_together_goes_in_one_trip() -> None:
    with CaptureQueriesContext(connection) as asked, together():
        say("INSERT INTO said VALUES (%s, %s)", [1, "one"])
        say("UPDATE said SET word = word || '!'")
        with together():
            say("INSERT INTO said VALUES (%s, %s)", [2, "two"])
        assert len(asked) == 0
    assert len(asked) == 1
    assert said() == [(1, "one!"), (2, "two")]


def test_it_is_there_before_anything_is_asked() -> None:
    with together():
        say("INSERT INTO said VALUES (1, 'one')")
        assert said() == [(1, "one")]
        say("INSERT INTO said VALUES (2, 'two')")
        assert Warehouse.objects.count() == 0  # by the ORM
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM said")
            assert cursor.fetchone() == (2,)


@pytest.mark.parametrize("few", [0, sql.FEW])
def test_rows_are_copied_or_inserted_in_their_order(monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(sql, "FEW", few)
    project = ProjectFactory.create()
    with together():
        sql.copy_rows(Warehouse, ("project_id", "name", "is_default"), [(project.pk, "Brno", True)])
        say("UPDATE stock_warehouse SET name = name || ' north' WHERE project_id = %s", [project.pk])
        rows = ((project.pk, name, False) for name in ("It's 5 %", "Č"))
        sql.copy_rows(Warehouse, ("project_id", "name", "is_default"), rows)
        sql.copy_rows(StockMovement, ("project_id",), [])
    assert list(Warehouse.objects.order_by("pk").values_list("name", flat=True)) == ["Brno north", "It's 5 %", "Č"]


def test_bytes_are_copied_however_few_rows_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A statement would have them as text, twice as long."""
    project, sent = ProjectFactory.create(), bytes(range(256))
    columns = ("project_id", "key", "fingerprint", "status", "body", "created_at")
    with monkeypatch.context() as off:
        off.delattr(round_trips, "say")
        sql.copy_rows(KeptAnswer, columns, [(project.pk, "once", b"f", 200, sent, now())])
    assert bytes(KeptAnswer.objects.get().body) == sent


def test_bytes_are_copied_as_they_are_after_what_was_said_before() -> None:
    project, sent = ProjectFactory.create(), bytes(range(256))
    columns = ("project_id", "key", "fingerprint", "status", "body", "created_at")
    types = ("int8", "varchar", "bytea", "int2", "bytea", "timestamptz")
    row = (project.pk, "once", b"f", 200, sent, now())
    with together():
        say("INSERT INTO said VALUES (1, 'one')")
        sql.copy_bytes(KeptAnswer, columns, types, [row])
        assert said() == [(1, "one")]
    assert bytes(KeptAnswer.objects.get().body) == sent
    with pytest.raises(IntegrityError), transaction.atomic():
        sql.copy_bytes(KeptAnswer, columns, types, [row])


def test_an_error_comes_as_that_of_one_statement() -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), together():
        say("INSERT INTO said VALUES (1, 'one')")
        say("INSERT INTO said VALUES (1, 'again')")
    assert said() == []


def test_statements_run_while_the_caller_computes() -> None:
    """Another connection sees what they do before the caller is done."""

    def is_locked() -> bool:
        with other.cursor() as cursor:
            cursor.execute(
                "SELECT FROM pg_locks JOIN pg_database AS d ON d.oid = database WHERE d.datname = current_database()"
                " AND locktype = 'advisory' AND granted AND (classid, objid) = (4, 711)"
            )
            return bool(cursor.fetchall())

    with closing(connection.copy()) as other, together():
        say("INSERT INTO said VALUES (1, 'one')")
        with meanwhile(("UPDATE said SET word = %s", ["two"]), ("SELECT pg_advisory_xact_lock(%s, %s)", [4, 711])):
            until = monotonic() + 30
            while not is_locked():
                assert monotonic() < until
                sleep(0.01)
    assert said() == [(1, "two")]


def test_an_error_of_what_ran_meanwhile_comes_at_the_end_at_the_latest() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        say("INSERT INTO said VALUES (1, 'one')")
        with meanwhile(("INSERT INTO said VALUES (1, 'again')", []), ("UPDATE said SET word = 'gone'", [])):
            sleep(0.05)
    assert said() == []
    say("INSERT INTO said VALUES (1, 'one')")
    with pytest.raises(ValueError, match="computing"), transaction.atomic(), meanwhile(("DELETE FROM said", [])):
        raise ValueError("computing")
    assert said() == [(1, "one")]


@pytest.mark.parametrize("many", [2, 3])
def test_rows_are_updated_however_many_they_are(monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    monkeypatch.setattr(sql, "MANY", many)
    project = ProjectFactory.create()
    rows = [Warehouse.objects.create(project=project, name=name, is_default=False) for name in ("Brno", "Č")]
    for row in rows:
        row.name += " north"
    with together(), sql.rows_updated(Warehouse, ["name"], rows):
        rows[0].name = "computed"
    assert list(Warehouse.objects.order_by("pk").values_list("name", flat=True)) == ["Brno north", "Č north"]


def test_bytes_come_as_they_are() -> None:
    content = bytes(range(256))
    call = BulkCall(ProjectFactory.create(), BulkAction.ORDERS, "request")
    run = bulk_calls.ask(call, 1, [(7, content), (9, b"")])
    asked = BulkPortion.objects.filter(bulk_import=run.pk, position__lte=8).values_list("position", "payload")
    with transaction.atomic(), together():
        say("UPDATE integrations_bulkportion SET position = 8 WHERE position = 7")
        assert sql.rows_with_bytes(asked) == [(8, content)]
    with pytest.raises(DataError), transaction.atomic():
        sql.rows_with_bytes(asked.filter(position=F("position") / 0))


def test_references_are_checked_before_the_end() -> None:
    nobodys: tuple[str, list[int]] = (
        "INSERT INTO stock_warehouse (project_id, name, is_default) VALUES (0, 'Nowhere', false)",
        [],
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        with meanwhile(nobodys):
            pass
        with sql.references_checked(Warehouse):  # and not by the statement above
            pass
    with transaction.atomic():
        with sql.references_checked(Warehouse):
            pass
        say(*nobodys)
        transaction.set_rollback(True)  # what comes afterwards is checked at the end again


def test_what_has_not_gone_when_something_fails_never_does() -> None:
    with pytest.raises(ValueError, match="meanwhile"), transaction.atomic(), together():
        say("INSERT INTO said VALUES (1, 'one')")
        raise ValueError("meanwhile")
    assert said() == []
    say("INSERT INTO said VALUES (2, 'two')")
    assert said() == [(2, "two")]
