"""Every invariant holds after real work, and reports the damage when the data are broken by hand."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from config.kit.sql import execute
from integrations.invariants import ALL, broken
from integrations.models import Run
from orders.intake import receipts, transferring
from orders.intake.allocation import change_stock
from stock import warehouses
from stock.choices import MovementReason
from stock.ledger import Change
from tests.crash.scenario import Scenario

pytestmark = pytest.mark.django_db

CROSSING = (
    "INSERT INTO integrations_crossing (integration_id, kind, subject, order_id, label, digest, version, told_version,"
    " state, answer, remote_id, tries, sent_at, created_at) SELECT integration_id, 'order', id, id, '', '', {version},"
    " 1, 'sent', '', external_id, 0, now(), now() FROM integrations_remoteorder WHERE state = 'imported';"
)
DAMAGE = {
    "B01": "INSERT INTO integrations_bulkimport (run_id, project_id, request_id, on_conflict)"
    " SELECT id, project_id, '', 'update' FROM integrations_run; UPDATE integrations_run SET failed = 7",
    "B02": "UPDATE integrations_run SET state = 'running', kind = 'orders_import', project_id = 1",
    "C01": CROSSING.format(version=2),
    "C02": "UPDATE integrations_remoteorder SET state = 'handed_on' WHERE state = 'ignored'",
    "C03": f"{CROSSING.format(version=1)} UPDATE orders_order SET remote_order_id ="
    " (SELECT min(remote_order_id) FROM orders_order)",
    "E01": "UPDATE orders_announcement SET project_id = (SELECT max(id) FROM integrations_project)",
    "E02": "INSERT INTO integrations_webhookendpoint (project_id, url, events, secrets, enabled, reason, failures,"
    " token, created_at) SELECT max(id), '', '[]', '', true, '', 0, 0, now() FROM integrations_project;"
    " INSERT INTO integrations_webhookdelivery (endpoint_id, project_id, event_id, event, subject, number, happened_at,"
    " state, reason, tries, attempts_made, created_at, finished_at) SELECT id, project_id, '', '', '', '', now(),"
    " 'delivered', '', 1, 1, now(), now() FROM integrations_webhookendpoint",
    "I01": "UPDATE orders_order SET remote_order_id = (SELECT min(remote_order_id) FROM orders_order)",
    "I02": "UPDATE integrations_remoteorder SET external_id = '1'",
    "I04": "UPDATE integrations_remoteorder SET state = 'ignored' WHERE state = 'imported'",
    "I05": "UPDATE integrations_remoteorder SET state = 'dismissed' WHERE state = 'ignored'",
    "I07": "UPDATE integrations_run SET fetched = fetched + 1",
    "I08": "UPDATE integrations_run SET state = 'waiting', integration_id = (SELECT min(integration_id)"
    " FROM integrations_run)",
    "I09": "UPDATE integrations_run SET state = 'running', lease_until = now() - interval '3 minutes'",
    "I12": "UPDATE integrations_run SET state = 'failed'",
    "I14": "UPDATE integrations_remoteorder SET stamp = now() + interval '1 day'",
    "P01": "INSERT INTO orders_customersummary (customer_id, project_id, points)"
    " SELECT id, project_id, 5 FROM orders_customer",
    "P02": "INSERT INTO orders_pointsmovement (project_id, customer_id, points, reason, takes_back_id, note, at)"
    " SELECT project_id, id, 3, '', NULL, '', now() FROM orders_customer;"
    " UPDATE orders_pointsmovement SET takes_back_id = id",
    "P03": "INSERT INTO orders_segmentmember (id, segment_id, customer_id, since)"
    " SELECT 1, 1, min(id), now() FROM orders_customer;"
    " INSERT INTO orders_segmententry (project_id, member_id, segment_id, customer_id, at)"
    " SELECT project_id, 1, 2, id, now() FROM orders_customer ORDER BY id LIMIT 1",
    "T01": "UPDATE orders_order SET project_id = (SELECT max(id) FROM integrations_project)",
    "T02": "UPDATE integrations_remoteorder SET project_id = (SELECT max(id) FROM integrations_project)",
    "S01": "UPDATE stock_stocklevel SET on_hand = on_hand + 1",
    "S02": "UPDATE stock_stocklevel SET reserved = 0",
    "S03": "UPDATE stock_stocklevel SET reserved = on_hand + 1",
    "S04": "UPDATE orders_orderline SET waiting = waiting + 1 WHERE product_id IS NOT NULL",
    "S04b": "UPDATE stock_reservation SET reference = -reference",
    "S07": "UPDATE stock_stockmovement SET quantity = quantity - 1 WHERE reason = 'shipment'",
    "S08": "UPDATE orders_orderline SET waiting = 1 WHERE order_id IN (SELECT id FROM orders_order WHERE tab = '')",
    "S09": "UPDATE stock_stockmovement SET note = '', reference = NULL",
    "S12": "UPDATE orders_order SET tab = 'backorder' WHERE tab = 'in_stock'",
    "S13": "UPDATE stock_stocklevel SET on_hand = on_hand + 5",
    "S14": "UPDATE stock_reservation SET level_id = (SELECT max(id) FROM stock_stocklevel)",
    "S15": "UPDATE stock_stockmovement SET quantity = quantity + 1 WHERE reason = 'transfer_in'",
    "S16": "UPDATE stock_product SET parent_id = (SELECT min(id) FROM stock_parentproduct)",
    "R01": "DELETE FROM orders_ordereffect WHERE effect = 'move'",
    "R02": "DELETE FROM orders_ordereffect WHERE effect = 'invoice'",
    "R06": "UPDATE orders_orderline SET shipped = shipped + 1 WHERE shipped > 0",
    "R07": "UPDATE orders_order SET total = total + 0.01",
    "V01": "UPDATE orders_invoice SET number = number + 1 WHERE number = (SELECT max(number) FROM orders_invoice)",
    "V04": "UPDATE orders_invoice SET total = total + 0.01",
    "V06": "UPDATE orders_invoice SET order_id = (SELECT min(order_id) FROM orders_invoice)",
    "V08": "UPDATE orders_invoice SET corrects_id = (SELECT max(id) FROM orders_invoice), total = total + 1"
    " WHERE id = (SELECT min(id) FROM orders_invoice)",
    "V09": "UPDATE orders_invoice SET corrects_id = id, lines = jsonb_set(jsonb_set(lines, '{0,of}', '0'),"
    " '{0,quantity}', '99') WHERE id = (SELECT min(id) FROM orders_invoice);"
    " UPDATE orders_invoice SET corrects_id = (SELECT max(id) FROM orders_invoice) WHERE corrects_id IS NOT NULL",
    "V03": "UPDATE orders_invoice SET issued_at = issued_at - interval '1 day' WHERE number = 2",
}


@pytest.fixture
def worked() -> Scenario:
    """Two shops of different accounts with orders of every Import value, some of them waiting for stock."""
    for scenario in (Scenario.create(), Scenario.create()):
        scenario.go_on(scenario.request().pk)
        product = scenario.integration.project.products.get(sku="A-17")
        change_stock(scenario.integration.project_id, [Change(product.pk, 1, MovementReason.RECEIPT, "One more")])
        brno = warehouses.add(scenario.integration.project_id, "Brno")
        change_stock(
            scenario.integration.project_id, [Change(product.pk, 2, MovementReason.RECEIPT, "There", place=brno.pk)]
        )
        transferring.transfer(product, brno.pk, None, 1, "", seen=receipts.last_booking(product.pk), actor_id=None)
    runs = Run.objects.all()
    assert [run.state for run in runs] == ["succeeded", "succeeded"]
    return scenario


def tear_off_the_guards() -> None:
    """Triggers and constraints would not let the damage in. Undone with the test's transaction."""
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute("SET LOCAL session_replication_role = replica")
    execute(
        """DO $$ DECLARE c record; BEGIN
             FOR c IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
                      WHERE contype IN ('c', 'u') AND conrelid::regclass::text ~ '^(orders|stock|integrations)_' LOOP
               EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', c.place, c.conname);
             END LOOP;
             FOR c IN SELECT indexrelid::regclass AS name FROM pg_index
                      WHERE indisunique AND NOT indisprimary
                        AND indrelid::regclass::text ~ '^(orders|stock|integrations)_' LOOP
               EXECUTE format('DROP INDEX %s', c.name);
             END LOOP;
           END $$"""
    )


def test_everything_holds_after_work(worked: Scenario) -> None:
    assert broken() == {}
    out = StringIO()
    call_command("check_invariants", stdout=out)
    assert out.getvalue() == f"All {len(ALL)} invariants hold.\n"


def test_every_invariant_has_a_damage_below() -> None:
    assert sorted(DAMAGE) == sorted(invariant.id for invariant in ALL)


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_reported(worked: Scenario, name: str) -> None:
    tear_off_the_guards()
    execute(DAMAGE[name])
    assert name in {reported.split()[0] for reported in broken()}


def test_the_command_lists_what_is_broken_and_fails(worked: Scenario) -> None:
    execute("UPDATE stock_stocklevel SET on_hand = on_hand + 1")
    out = StringIO()
    with pytest.raises(CommandError, match="do not hold"):
        call_command("check_invariants", json=True, stdout=out)
    assert any(name.startswith("S01") for name in json.loads(out.getvalue()))
