"""One tick, under an advisory lock: any number of copies may run."""

from __future__ import annotations

import logging

from django.db import InterfaceError, OperationalError, connection, transaction

from config.kit.locks import Lock, try_lock
from integrations import retention
from integrations.access import access_log, idempotency, login_throttle, password_links, sessions
from integrations.choices import Process
from integrations.follow_up import steps
from integrations.importing import feeds
from integrations.keyring import site_keys
from integrations.partner_runs import bulk_calls, exports
from integrations.runs import control, liveness
from integrations.shop_webhooks import hints
from integrations.shops import alerts
from integrations.webhooks import deliveries

logger = logging.getLogger(__name__)


def tick() -> bool:
    """Sweep runs and start due feeds. Whether this copy held the lock, and its machine's clock is right.

    A database that is away is tried again later. Raises WrongKeys.
    """
    try:
        if not liveness.look():
            liveness.beat(Process.TICK)
            return False
        site_keys.check_once()
        with transaction.atomic():
            if not try_lock(Lock.TICK):
                return False
            control.sweep()
            feeds.start_due()
            hints.start_leftovers()
            steps.ring_due()
            password_links.ring_waiting()
            alerts.look()
            bulk_calls.clear_payloads()
            bulk_calls.clear_old_reports()
            exports.clear_old()
            for room in (idempotency, access_log, login_throttle, sessions):
                room.clear_old()
            deliveries.clear_bodies()
            liveness.clear_old()
        liveness.beat(Process.TICK)
        retention.clean()  # each kind in a transaction of its own
    except (OperationalError, InterfaceError) as error:
        logger.warning("The tick could not reach the database: %s", str(error).splitlines()[0])
        connection.close()
        return False
    return True
