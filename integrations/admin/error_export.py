"""Items in error, and the other remote orders, as a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config.kit.admin.csv_files import Cell, csv_of_list
from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import Route, TenantAdmin
from config.kit.money import bare_amount
from integrations.choices import RemoteState
from integrations.models import RemoteOrder

SEVERITY: dict[str, str] = {RemoteState.FAILED: "High", RemoteState.IGNORED: "Info"}
NAMES: dict[str, str] = {RemoteState.FAILED: "items-in-error", RemoteState.IGNORED: "ignored"}
COLUMNS = (
    "date",
    "severity",
    "type",
    "reference",
    "external id",
    "shop",
    "buyer",
    "placed at",
    "currency",
    "total",
    "status in the shop",
    "cause",
    "subject",
    "message",
    "retry",
    "next attempt",
    "attempts",
)


def cells(remote: Any) -> list[Cell]:
    """`remote` as the list reads it, with `shop_title`."""
    severity = SEVERITY.get(remote.state, remote.get_state_display())
    what = [remote.changed_at, severity, "Order", remote.number, remote.external_id, remote.shop_title]
    total = bare_amount(remote.total, remote.currency)
    bought = [remote.buyer, remote.placed_at, remote.currency, total, remote.status]
    why = [remote.reason_code, remote.subject, remote.reason]
    return [*what, *bought, *why, "yes" if remote.retry else "no", remote.next_attempt_at, str(remote.attempts)]


class ExportItems(TenantAdmin[RemoteOrder]):
    def export_routes(self) -> Sequence[Route]:
        return [("export/", self.export, "export")]

    @guarded("integrations.view_remoteorder", methods=("GET",))
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """Download what the list shows, all pages of it."""
        name = NAMES.get(request.GET.get("tab", RemoteState.FAILED.value), "transactions")
        return csv_of_list(self, request, name, COLUMNS, cells)
