"""The columns of remote orders: each tab has its own, and a choice of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.csv_files import in_csv
from config.kit.admin.kept_lists import list_name
from config.kit.admin.markup import badge, number, post_button
from config.kit.money import bare_amount, money
from integrations.admin.transactions import REVIEW, ReviewOrders
from integrations.choices import RemoteState
from integrations.importing import retry
from integrations.models import RemoteOrder

RETRY = "integrations.retry_remoteorder"
SEVERITY: dict[str, str] = {RemoteState.FAILED: "High", RemoteState.IGNORED: "Info"}
SEVERITY_TONES: dict[str, str] = {RemoteState.FAILED: "bad", RemoteState.IGNORED: "info"}
FILES: dict[str, str] = {RemoteState.FAILED: "items-in-error", RemoteState.IGNORED: "ignored"}
# What waits for a person's decision, and what a person has decided about.
DECIDED = {RemoteState.PENDING, RemoteState.DISMISSED}
# Columns and those of them that are hidden at first.
OF_RETRIED = (
    ("date", "severity", "kind", "reference", "external_id", "shop", "bought_by", "placed", "amount", "remote_status",
     "cause_code", "about", "message", "again", "tried"),
    frozenset({"bought_by", "placed", "remote_status", "cause_code", "about", "tried"}),
)  # fmt: skip
OF_DECIDED = (
    ("date", "reference", "external_id", "shop", "bought_by", "placed", "amount", "remote_status", "cause_code",
     "about", "message"),
    frozenset({"external_id", "placed", "cause_code", "about"}),
)  # fmt: skip
OF_OTHERS = (
    ("date", "reference", "external_id", "shop", "bought_by", "placed", "amount", "remote_status", "message"),
    frozenset({"bought_by", "placed", "remote_status"}),
)


def tab_of(request: HttpRequest) -> str:
    """The tab that the address asks for."""
    return str(request.GET.get("tab", RemoteState.FAILED.value))


class RemoteOrderColumns(ReviewOrders):
    list_display = OF_RETRIED[0]
    list_display_links = ("reference",)

    @staticmethod
    def _columns(request: HttpRequest) -> tuple[tuple[str, ...], frozenset[str]]:
        tab = tab_of(request)
        return OF_RETRIED if tab in set(retry.RETRIED) else OF_DECIDED if tab in DECIDED else OF_OTHERS

    def offered_columns(self, request: HttpRequest) -> list[str]:
        columns, tab = list(self._columns(request)[0]), tab_of(request)
        if tab in set(retry.RETRIED) and request.user.has_perm(RETRY):
            columns.append("retry_button")
        if tab in DECIDED and request.user.has_perm(REVIEW):
            columns.append("decide")
        return columns

    def hidden_columns(self, request: HttpRequest) -> Collection[str]:
        return self._columns(request)[1]

    def columns_kept_as(self, request: HttpRequest) -> str:
        of_tab = {OF_RETRIED: "", OF_DECIDED: ".decided", OF_OTHERS: ".imported"}[self._columns(request)]
        return list_name(self) + of_tab

    def name_of_file(self, request: HttpRequest) -> str:
        return FILES.get(tab_of(request), "transactions")

    @admin.display(description=gettext_lazy("date"), ordering="changed_at")
    def date(self, remote: RemoteOrder) -> Any:
        return remote.changed_at

    @admin.display(description=gettext_lazy("severity"))
    def severity(self, remote: RemoteOrder) -> str:
        label = SEVERITY.get(remote.state, remote.get_state_display())
        return badge(label, SEVERITY_TONES.get(remote.state, "plain"))

    @admin.display(description=gettext_lazy("type"))
    def kind(self, remote: RemoteOrder) -> str:
        return _("Order")

    @in_csv({"reference": lambda remote: remote.number})
    @admin.display(description=gettext_lazy("reference"), ordering="number")
    def reference(self, remote: RemoteOrder) -> str:
        return remote.number or remote.external_id

    @admin.display(description=gettext_lazy("shop"), ordering="shop_title")
    def shop(self, remote: RemoteOrder) -> str:
        title: str = remote.shop_title  # type: ignore[attr-defined]
        return title

    @admin.display(description=gettext_lazy("buyer"), ordering="buyer")
    def bought_by(self, remote: RemoteOrder) -> str:
        return remote.buyer or "–"

    @admin.display(description=gettext_lazy("placed"), ordering="placed_at")
    def placed(self, remote: RemoteOrder) -> Any:
        return remote.placed_at

    @in_csv(
        {
            "currency": lambda remote: remote.currency,
            "total": lambda remote: bare_amount(remote.total, remote.currency),
        }
    )
    @admin.display(description=number(gettext_lazy("total")), ordering="total")
    def amount(self, remote: RemoteOrder) -> str:
        return number(money(remote.total, remote.currency) if remote.total is not None else "–")

    @admin.display(description=gettext_lazy("status in the shop"), ordering="status")
    def remote_status(self, remote: RemoteOrder) -> str:
        return remote.status or "–"

    @admin.display(description=gettext_lazy("cause"), ordering="reason_code")
    def cause_code(self, remote: RemoteOrder) -> str:
        return remote.reason_code

    @in_csv({"subject": lambda remote: remote.subject})
    @admin.display(description=gettext_lazy("about"), ordering="subject")
    def about(self, remote: RemoteOrder) -> str:
        """The SKU, status or whatever else the cause is about."""
        return remote.subject or "–"

    @admin.display(description=gettext_lazy("message"))
    def message(self, remote: RemoteOrder) -> str:
        return remote.reason

    @in_csv(
        {
            "retry": lambda remote: "yes" if remote.retry else "no",
            "next attempt": lambda remote: remote.next_attempt_at,
        }
    )
    @admin.display(description=gettext_lazy("next attempt"), ordering="next_attempt_at")
    def again(self, remote: RemoteOrder) -> Any:
        return remote.next_attempt_at if remote.retry else _("Never")

    @admin.display(description=number(gettext_lazy("attempts")), ordering="attempts")
    def tried(self, remote: RemoteOrder) -> str:
        return number(f"{remote.attempts:,}")

    @in_csv({})
    @admin.display(description=gettext_lazy("retry"))
    def retry_button(self, remote: RemoteOrder) -> str:
        address = f"{self.url('retry', remote.pk)}?tab={remote.state}"
        return post_button(address, _("Retry"), self.reference(remote))

    @in_csv({})
    @admin.display(description=gettext_lazy("decide"))
    def decide(self, remote: RemoteOrder) -> str:
        return self.decision_buttons(remote)
