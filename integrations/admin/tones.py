"""Which colour says what, for shops, runs and remote orders."""

from __future__ import annotations

from integrations.choices import (
    AccessKind,
    CrossingState,
    FileState,
    IntegrationHealth,
    MessageState,
    RemoteState,
    RunState,
    Whereabouts,
)

HEALTH_TONES: dict[str, str] = {
    IntegrationHealth.UNKNOWN: "plain",
    IntegrationHealth.OK: "good",
    IntegrationHealth.CREDENTIALS: "bad",
    IntegrationHealth.UNREACHABLE: "warn",
    IntegrationHealth.BUSY: "info",
}
RUN_TONES: dict[str, str] = {
    RunState.WAITING: "plain",
    RunState.RUNNING: "info",
    RunState.SUCCEEDED: "good",
    RunState.FAILED: "bad",
    RunState.ERRORED: "bad",
    RunState.CANCELLED: "warn",
}
STATE_TONES: dict[str, str] = {
    RemoteState.PENDING: "warn",
    RemoteState.IMPORTED: "good",
    RemoteState.IGNORED: "plain",
    RemoteState.FAILED: "bad",
    RemoteState.DISMISSED: "plain",
    RemoteState.HANDED_ON: "info",
}
WHERE_TONES: dict[str, str] = {
    Whereabouts.IN_BOOK: "good",
    Whereabouts.FAILED: "bad",
    Whereabouts.BY_RULE: "plain",
    Whereabouts.WAITING: "info",
    Whereabouts.PENDING: "warn",
    Whereabouts.DUPLICATE: "warn",
    Whereabouts.DISMISSED: "plain",
    Whereabouts.HANDED_ON: "info",
    Whereabouts.NOT_FETCHED: "info",
    Whereabouts.REJECTED: "bad",
    Whereabouts.BEFORE_START: "plain",
    Whereabouts.PLAN: "warn",
    Whereabouts.NOT_IN_SHOP: "plain",
    Whereabouts.NOT_ASKED: "warn",
}

MESSAGE_TONES: dict[str, str] = {
    MessageState.WAITING: "info",
    MessageState.SENDING: "info",
    MessageState.SENT: "good",
    MessageState.SKIPPED: "plain",
    MessageState.FAILED: "bad",
    MessageState.UNSURE: "warn",
}

FILE_TONES: dict[str, str] = {
    FileState.SEEN: "info",
    FileState.WORKING: "info",
    FileState.DONE: "good",
    FileState.REFUSED: "bad",
    FileState.REPEATED: "plain",
    FileState.SENDING: "info",
    FileState.RENAMING: "info",
    FileState.SENT: "good",
}

ACCESS_TONES: dict[str, str] = {
    AccessKind.LOGIN: "good",
    AccessKind.FAILED: "warn",
    AccessKind.LOCKED: "bad",
    AccessKind.FACTOR_ON: "good",
    AccessKind.FACTOR_OFF: "warn",
    AccessKind.FACTOR_FAILED: "warn",
    AccessKind.RECOVERY_USED: "warn",
}

CROSSING_TONES: dict[str, str] = {
    CrossingState.WAITING: "info",
    CrossingState.SENDING: "info",
    CrossingState.SENT: "good",
    CrossingState.FAILED: "bad",
    CrossingState.NOT_NEEDED: "plain",
}
