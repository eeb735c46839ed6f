"""The order import settings as a grid: one row per status of the shop, saved all at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.long_select import LongSelect
from integrations.choices import ImportAction, ListKind
from integrations.models import CodeListEntry, Integration, StatusRule
from integrations.shops.rule_settings import MOST_RULES, WantedRule, fingerprint, selectable

MEANINGS: dict[str, Any] = {
    ImportAction.SKIP: gettext_lazy("Not imported; listed as ignored."),
    ImportAction.VALID: gettext_lazy(
        "Status Processing; In stock, Partial or Backorder by what is available; stock is reserved."
    ),
    ImportAction.INVOICE: gettext_lazy("As valid, and an invoice is issued at once."),
    ImportAction.CANCEL: gettext_lazy("Imported as cancelled; nothing is reserved."),
    ImportAction.HOLD: gettext_lazy("Status On hold; stock is reserved where available."),
    ImportAction.COMPLETE: gettext_lazy(
        "Status Complete with invoice and shipment; the goods leave the stock. Refused when any unit is missing."
    ),
    ImportAction.HISTORY: gettext_lazy("Status Complete with invoice and shipment; the stock is not touched."),
    ImportAction.IMPORT: gettext_lazy("An old value that imports nothing any more: choose another one."),
}
NEW_ROWS = 1


class RuleForm(forms.Form):
    """One row. Rows of the table carry their id and what was seen; rows to add carry the status."""

    rule = forms.IntegerField(widget=forms.HiddenInput, required=False)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200, strip=False)
    status = forms.CharField(max_length=100, required=False)
    label = forms.CharField(max_length=100, required=False)
    action = forms.CharField(widget=LongSelect)
    retry = forms.BooleanField(required=False)

    def __init__(self, data: QueryDict | None = None, *, row: StatusRule | None = None, number: int) -> None:
        super().__init__(data, prefix=f"rule-{number}")
        self.row = row
        self.entry: CodeListEntry | None = None
        current = row.action if row else ""
        widget = LongSelect(choices=[choice for choice in ImportAction.choices if selectable(choice[0], current)])
        self.fields["action"].widget = widget
        if row is not None:
            self.initial = {
                "rule": row.pk,
                "seen": fingerprint(row),
                "status": row.status,
                "label": row.label,
                "action": row.action,
                "retry": row.retry,
            }
        else:
            self.initial = {"action": ImportAction.SKIP.value, "retry": True}
        named = row.status if row else _("new status")
        for name, what in (
            ("status", _("Status")),
            ("label", _("Name")),
            ("action", _("Import")),
            ("retry", _("Retry")),
        ):
            self.fields[name].widget.attrs["aria-label"] = f"{what}: {named}"
        self.fields["status"].widget.attrs["placeholder"] = _("status code")
        self.fields["label"].widget.attrs["placeholder"] = _("name")

    @property
    def untouched(self) -> bool:
        """A row to add in which nothing was typed."""
        return self.row is None and not self.data.get(self.add_prefix("status"), "").strip() and not self.label_typed

    @property
    def label_typed(self) -> bool:
        return bool(self.data.get(self.add_prefix("label"), "").strip())

    def wanted(self) -> WantedRule:
        values = self.cleaned_data
        action = values["action"]
        return WantedRule(
            status=self.row.status if self.row else values["status"],
            label=values["label"],
            action=ImportAction(action),
            retry=values["retry"],
            rule_id=values["rule"],
            seen=values["seen"],
        )

    def clean_action(self) -> str:
        action: str = self.cleaned_data["action"]
        if action not in ImportAction:
            raise forms.ValidationError(_("Choose what to do with these orders."))
        return action


class RuleGrid:
    """All rows of an integration, unbound to show them or bound to what was posted."""

    def __init__(
        self, integration: Integration, data: QueryDict | None = None, entries: Iterable[CodeListEntry] | None = None
    ) -> None:
        """`entries` of the shop's own lists, where they are at hand."""
        statuses = integration.code_list.filter(kind=ListKind.STATUS) if entries is None else entries
        self._entries = {entry.code: entry for entry in statuses if entry.kind == ListKind.STATUS}
        rules = list(integration.rules.all()[:MOST_RULES])
        if data is None:
            rows: Sequence[StatusRule | None] = [*rules, *[None] * NEW_ROWS]
            self.forms = [RuleForm(row=row, number=number) for number, row in enumerate(rows)]
            self._name_entries()
            return
        by_id = {str(rule.pk): rule for rule in rules}
        numbers = range(self._count(data))
        self.forms = [
            RuleForm(data, row=by_id.get(data.get(f"rule-{number}-rule", "")), number=number) for number in numbers
        ]
        self._name_entries()

    def _name_entries(self) -> None:
        """Give each row what the shop's own list says of its status."""
        for form in self.forms:
            form.entry = self._entries.get(form.row.status) if form.row else None

    @staticmethod
    def _count(data: QueryDict) -> int:
        count = data.get("rows", "")
        return min(int(count), MOST_RULES + NEW_ROWS) if count.isdecimal() and len(count) < 6 else 0

    def wanted(self) -> tuple[list[RuleForm], list[WantedRule]] | None:
        """The rows that were filled in, or None when one of them is not possible."""
        filled = [form for form in self.forms if not form.untouched]
        valid = [form.is_valid() for form in filled]  # all of them, so that every row says what is wrong
        if not all(valid):
            return None
        return filled, [form.wanted() for form in filled]

    @property
    def rows(self) -> int:
        return len(self.forms)

    @property
    def legend(self) -> list[tuple[str, Any]]:
        shown: list[ImportAction] = [action for action in ImportAction if action != ImportAction.IMPORT]
        if any(form.row and form.row.action == ImportAction.IMPORT for form in self.forms):
            shown.append(ImportAction.IMPORT)
        return [(action.label, MEANINGS[action]) for action in shown]
