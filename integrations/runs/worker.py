"""Work on a run: claim it, do page after page for a slice of time, let go, and say how it ended."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from time import monotonic, sleep

from django.db import InterfaceError, OperationalError, connection, transaction

from config.kit import true_time
from config.kit.isolating import place_of
from config.kit.plurals import counted
from integrations.choices import IntegrationHealth, RunKind, RunState
from integrations.connectors.errors import Failure, NotNow, ShopError
from integrations.models import Integration, Run
from integrations.runs import claims, control, pages
from integrations.runs.claims import Claim, LostClaim
from integrations.runs.pages import Handler, PageOutcome, Portioner, RunPage
from integrations.shops.pace import keep_quiet

logger = logging.getLogger(__name__)

# Seconds a worker stays with one run before others get their turn.
SLICE = 20.0
# Seconds after which it lets go between two pages when others wait for a worker.
GIVE_WAY_AFTER = 2.0
MOST_FAILURES = 8
LONGEST_WAIT = 900.0
# Seconds until a shop that rejects our keys is asked again; another rejection is believed.
REJECTED_AGAIN_AFTER = 2.0


def work(
    run_id: int,
    handlers: Mapping[RunKind, Handler],
    slice_seconds: float = SLICE,
    portioners: Mapping[RunKind, Portioner] | None = None,
) -> None:
    """Advance a run as far as a slice of time allows; nothing when somebody else has it or it is over."""
    held = claims.claim(run_id)
    if held is None:
        return
    run = Run.objects.select_related("integration__project__account").get(pk=run_id)
    try:
        kind = RunKind(run.kind)
        if portioners and kind in portioners:
            _portions(held, run, portioners[kind], monotonic() + slice_seconds)
        else:
            _pages(held, run, handlers[kind], monotonic() + slice_seconds)
    except LostClaim:
        logger.info("Run %s is in other hands.", run_id)
    except (OperationalError, InterfaceError):
        _database_failed(held, run)
    except Exception as error:  # noqa: BLE001  the barrier: a fault of ours is shown on the run it ended
        _errored(held, error)


def _database_failed(held: Claim, run: Run) -> None:
    """A lost connection or a deadlock: the page is done again. A database that stays away is left to the tick."""
    connection.close()
    try:
        if run.failures < MOST_FAILURES:
            claims.put_back(held, seconds=5, reason="The database was interrupted. Goes on in 5 seconds.", failed=True)
        else:
            reason = f"The database broke off the same page {run.failures + 1} times; the run is parked."
            claims.finish(held, RunState.ERRORED, reason)
    except (OperationalError, InterfaceError, LostClaim):
        logger.warning("Run %s waits for its lease to end: the database cannot be reached.", held.run_id)


def _errored(held: Claim, error: Exception) -> None:
    """Park the run with what can be said without quoting data: the text of an error may hold personal data."""
    what = place_of(error)
    logger.error("Run %s failed unexpectedly: %s", held.run_id, what)
    try:
        claims.finish(held, RunState.ERRORED, f"A fault of Countinghouse ended this run ({what}). Please report it.")
    except LostClaim:
        logger.info("Run %s is in other hands.", held.run_id)


def _pages(held: Claim, run: Run, handler: Handler, deadline: float) -> None:
    asked, started = False, monotonic()
    while True:
        integration = Integration.objects.select_related("project__account").get(runs=run)
        if not integration.enabled:
            claims.finish(held, RunState.CANCELLED, f"{integration} was switched off. What was loaded before stays.")
            return
        if run.cancel_requested_at and not claims.works_in_shop(run):
            claims.finish(held, RunState.CANCELLED, claims.KEPT)
            return
        if integration.health == IntegrationHealth.CREDENTIALS:
            claims.finish(held, RunState.FAILED, control.REJECTED.format(integration))
            return
        quiet = _quiet_seconds(integration)
        if quiet and not run.cancel_requested_at:
            claims.put_back(held, seconds=quiet, reason=f"The shop asked us to wait. {_goes_on(quiet)}")
            return
        try:
            page = _asked_twice(held, run, integration, handler)
        except ShopError as error:
            _shop_failed(held, run, integration, error)
            return
        outcome = _write(held, run, page)
        asked = asked or page.asked
        if outcome.done:
            with transaction.atomic():
                if claims.goes_again(held):
                    run.cursor, run.total = None, None
                    continue
                claims.finish(held, RunState.SUCCEEDED, outcome.note)
                if asked:  # a run with nothing to do says nothing about a shop that is away
                    _note_health(integration, IntegrationHealth.OK)
            return
        if outcome.cancelled:
            claims.finish(held, RunState.CANCELLED, claims.KEPT)
            return
        run.failures = 0
        if page.wait:
            claims.put_back(held, seconds=page.wait, reason=page.waits_for)
            return
        if monotonic() > deadline or (monotonic() > started + GIVE_WAY_AFTER and control.others_wait(run)):
            claims.put_back(held)
            return


def _asked_twice(held: Claim, run: Run, integration: Integration, handler: Handler) -> RunPage:
    """A page, asked for once more where the shop rejects our keys: a single 401 may be its server's hiccup."""
    try:
        return handler(held, run, integration)
    except ShopError as error:
        if error.kind != Failure.CREDENTIALS or error.status != 401 or isinstance(error, NotNow):
            raise
    claims.heartbeat(held)
    sleep(REJECTED_AGAIN_AFTER)
    return handler(held, run, integration)


def _portions(held: Claim, run: Run, portioner: Portioner, deadline: float) -> None:
    """Portion after portion, until others wait for a worker: nobody waits for more than one portion of this run."""
    while True:
        page = portioner(run)
        outcome = _write(held, run, page)
        if outcome.done or outcome.cancelled:
            with transaction.atomic():
                state = RunState.SUCCEEDED if outcome.done else RunState.CANCELLED
                claims.finish(held, state, outcome.note if outcome.done else claims.KEPT)
                control.ring_next(run)
            return
        run.failures = 0
        if monotonic() > deadline or control.others_wait(run):
            claims.put_back(held)
            return


def _write(held: Claim, run: Run, page: RunPage) -> PageOutcome:
    """Write a page, and let the run in hand stand as it does in the database."""
    outcome = pages.write(held, page)
    if page.write is not None:
        run.cursor, run.results = page.cursor, outcome.results if outcome.results is not None else run.results
        run.total = run.total if page.total is None else page.total
        run.until = run.until if page.until is None else page.until
    return outcome


def _shop_failed(held: Claim, run: Run, integration: Integration, error: ShopError) -> None:
    """Wait and go on from the cursor where waiting can help; otherwise end the run with the reason."""
    if error.passes and run.failures < MOST_FAILURES:
        wait = error.retry_after or min(LONGEST_WAIT, 5 * 2**run.failures)
        ours = isinstance(error, NotNow)  # our own pause: nothing has failed, and nothing new was asked of us
        if error.kind == Failure.BUSY and not ours:
            keep_quiet(integration, wait)
            with transaction.atomic():
                _note_health(integration, IntegrationHealth.BUSY, str(error))
        claims.put_back(held, seconds=wait, reason=f"{error} {_goes_on(wait)}", failed=not ours)
        return
    with transaction.atomic():
        claims.finish(held, RunState.FAILED, str(error))
        if isinstance(error, NotNow):
            return  # the shop has said nothing new
        if error.kind == Failure.CREDENTIALS:
            _note_health(integration, IntegrationHealth.CREDENTIALS, str(error))
        elif error.kind == Failure.BUSY:
            _note_health(integration, IntegrationHealth.BUSY, str(error))
        elif error.passes or error.kind == Failure.ADDRESS:
            _note_health(integration, IntegrationHealth.UNREACHABLE, str(error))


def _goes_on(seconds: float) -> str:
    number, unit = (round(seconds), "second") if seconds < 3600 else (round(seconds / 3600), "hour")
    number = max(1, number)
    return f"Goes on in {counted(number, unit)}."


def _quiet_seconds(integration: Integration) -> float:
    """How long the shop is still to be left alone; 0 when it may be asked."""
    if integration.quiet_until is None:
        return 0
    return max(0.0, (integration.quiet_until - true_time.now()).total_seconds())


def _note_health(integration: Integration, health: IntegrationHealth, note: str = "") -> None:
    """Keep what the shop's answer says of the connection, unless address or keys were changed since it was asked."""
    now = Integration.objects.select_for_update(no_key=True).filter(pk=integration.pk).first()
    if now is None or (now.base_url, now.credentials) != (integration.base_url, integration.credentials):
        return
    if now.health != health or now.health_note != note[:500]:
        Integration.objects.filter(pk=integration.pk).update(
            health=health, health_note=note[:500], health_at=true_time.now()
        )
