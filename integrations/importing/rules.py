"""The order import rules: what a remote order becomes. Pure, and the only place that decides it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from integrations.choices import ImportAction, RemoteState
from orders.intake.plans import PLANS, VALID, Plan


class Rule(Struct, frozen=True):
    """One row of the order import settings."""

    status: str
    action: ImportAction
    retry: bool


class Known(Struct, frozen=True):
    """What is on record of a remote order that was seen before."""

    id: int
    state: RemoteState
    stamp: datetime | None
    digest: bytes
    retry: bool
    attempts: int
    status: str


class Verdict(StrEnum):
    IMPORT = "import"
    IGNORE = "ignore"
    REFRESH = "refresh"
    """Seen before and settled: only what the shop says of it is kept up to date."""
    REVIEW = "review"
    """Waits as Pending until a person decides."""
    UNCHANGED = "unchanged"
    HAND_ON = "hand_on"
    """It is made in another shop, and comes into the book from there."""
    STALE = "stale"
    """An older answer than the one on record."""


class Decision(Struct, frozen=True):
    verdict: Verdict
    plan: Plan | None = None
    action: str = ""
    retry: bool = False
    reason_code: str = ""
    reason: str = ""


class Mode(StrEnum):
    """Why orders are being looked at."""

    SWEEP = "sweep"
    LOOK_AGAIN = "look_again"
    """Retries decide anew although the shop's answer has not changed."""
    REVIEW = "review"
    """Import Orders: whatever is not in the book comes to the pending list, whatever its rule."""
    ACCEPT = "accept"
    """A person takes the order: by the rule of its status, and as valid where that would not import it."""


REVIEWED = Decision(
    Verdict.REVIEW, reason_code="review", reason="Fetched by Import Orders: accept the buyer or mark it as cancel."
)
SETTLED = frozenset({RemoteState.IMPORTED, RemoteState.PENDING, RemoteState.DISMISSED, RemoteState.HANDED_ON})


def decide(
    rule: Rule, stamp: datetime | None, digest: bytes, known: Known | None = None, mode: Mode = Mode.SWEEP
) -> Decision:
    """What happens to an order whose status has `rule`, given what is `known` of it.

    An order once ignored by a rule with Retry = No is not imported any more, whatever its status becomes; only by hand.
    """
    if mode == Mode.ACCEPT:
        taken = PLANS.get(rule.action, VALID)
        return Decision(Verdict.IMPORT, plan=taken, action=taken.action)
    if mode == Mode.REVIEW and (known is None or known.state not in SETTLED):
        return REVIEWED
    if known is not None:
        if mode != Mode.LOOK_AGAIN and known.digest == digest:
            return Decision(Verdict.UNCHANGED)
        if stamp and known.stamp and stamp < known.stamp:
            return Decision(Verdict.STALE)
        if known.state in SETTLED or (known.state == RemoteState.IGNORED and not known.retry):
            return Decision(Verdict.REFRESH)
    plan = PLANS.get(rule.action)
    if plan is not None:
        return Decision(Verdict.IMPORT, plan=plan, action=rule.action, retry=True)
    return Decision(
        Verdict.IGNORE,
        action=rule.action,
        retry=rule.retry,
        reason_code="rule_retry" if rule.retry else "rule",
        reason=(
            f"The rule for status “{rule.status}” is “{ImportAction(rule.action).label}”; "
            + (
                "it is looked at again until the status becomes importable."
                if rule.retry
                else "it is not looked at again."
            )
        ),
    )
