"""Which colour says what, for shops, runs and remote orders."""

from __future__ import annotations

from integrations.choices import AccessKind, IntegrationHealth, MessageState, RemoteState, RunState

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
}

MESSAGE_TONES: dict[str, str] = {
    MessageState.WAITING: "info",
    MessageState.SENDING: "info",
    MessageState.SENT: "good",
    MessageState.SKIPPED: "plain",
    MessageState.FAILED: "bad",
    MessageState.UNSURE: "warn",
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
