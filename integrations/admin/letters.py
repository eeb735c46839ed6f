"""Messages of distributions, and the addresses that want none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, NullIf
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from config.kit.admin.change_lists import ChoiceFilter, DateRange, options
from config.kit.admin.csv_files import Cell, csv_of_list
from config.kit.admin.guards import guarded, guarded_action
from config.kit.admin.markup import badge, link
from config.kit.admin.model_admins import PageAdmin, Route
from integrations.access.tenancy import project_of
from integrations.admin.tones import MESSAGE_TONES
from integrations.distributions import opt_outs
from integrations.distributions.dispatch import RESENDABLE, send_again
from integrations.filters import MESSAGES
from integrations.models import Distribution, MailOptOut, Message
from orders.models import Customer, Order

RESEND = "integrations.resend_message"
OPT_OUT = "integrations.change_mailoptout"
MOST_AT_ONCE = 1_000


class DistributionFilter(ChoiceFilter):
    title = gettext_lazy("distribution")
    parameter_name = "distribution"
    filters = MESSAGES

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return options(Distribution.objects.filter(project=project_of(request)).values_list("pk", "name"))


class StateFilter(ChoiceFilter):
    title = gettext_lazy("state")
    parameter_name = "state"
    filters = MESSAGES


class WrittenRange(DateRange):
    title = gettext_lazy("written")
    filters, span = MESSAGES, "created"


@admin.register(Message)
class MessageAdmin(PageAdmin[Message]):
    project_path = "distribution__project"
    list_display = ("named", "customer", "state_shown", "reason", "written", "sent_at")
    list_filter = (DistributionFilter, StateFilter, WrittenRange)
    ordering = ("-id",)
    actions = ("resend_chosen",)
    page_template = "admin/integrations/message/page.html"
    empty_sentence = gettext_lazy("No messages here. Distributions that are switched on write them by themselves.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [("export/", self.export, "export"), ("<int:pk>/resend/", self.resend, "resend")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        person = Customer.objects.filter(pk=OuterRef("customer_id")).annotate(
            label=Coalesce(NullIf("name", Value("")), NullIf("email", Value("")), "source_id")
        )
        rows = super().get_queryset(request).select_related("distribution")  # a message is called by it
        return rows.annotate(person=Subquery(person.values("label")))

    def page_context(self, request: HttpRequest, obj: Message) -> dict[str, Any]:
        return {
            "tone": MESSAGE_TONES[obj.state],
            "customer": Customer.objects.filter(project_id=obj.distribution.project_id, pk=obj.customer_id).first(),
            "order": Order.objects.filter(project_id=obj.distribution.project_id, pk=obj.order_id or 0).first(),
            "may_resend": obj.state in RESENDABLE and request.user.has_perm(RESEND),
        }

    @guarded(RESEND)
    def resend(self, request: HttpRequest, pk: int) -> HttpResponse:
        if self.get_object(request, str(pk)) is None:
            raise Http404
        self._say(request, send_again(Message.objects.filter(pk=pk)))
        return HttpResponseRedirect(self.url("change", pk))

    @guarded_action(RESEND, description=gettext_lazy("Send again"))
    def resend_chosen(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        self._say(request, send_again(queryset))

    def _say(self, request: HttpRequest, count: int) -> None:
        if count:
            text = ngettext("%(number)s message goes out again now.", "%(number)s messages go out again now.", count)
            messages.success(request, text % {"number": count})
        else:
            messages.info(request, _("Nothing was sent again: only what failed, is unsure or was not sent can be."))

    @guarded("integrations.view_message", methods=("GET",))
    def export(self, request: HttpRequest) -> HttpResponseBase:
        columns = ("distribution", "customer", "state", "reason", "written", "sent")
        return csv_of_list(self, request, "messages", columns, _cells)

    @admin.display(description=gettext_lazy("distribution"))
    def named(self, message: Message) -> str:
        return message.distribution.name

    @admin.display(description=gettext_lazy("customer"))
    def customer(self, message: Message) -> str:
        name: str | None = message.person  # type: ignore[attr-defined]
        return link("orders_customer", message.customer_id, name) if name else "–"

    @admin.display(description=gettext_lazy("state"))
    def state_shown(self, message: Message) -> str:
        return badge(message.get_state_display(), MESSAGE_TONES[message.state])

    @admin.display(description=gettext_lazy("written"))
    def written(self, message: Message) -> Any:
        return message.created_at


def _cells(message: Message) -> Sequence[Cell]:
    person: str | None = message.person  # type: ignore[attr-defined]
    return (
        message.distribution.name, person, str(message.get_state_display()), message.reason, message.created_at,
        message.sent_at,
    )  # fmt: skip


class AddressesForm(forms.Form):
    addresses = forms.CharField(
        label=gettext_lazy("E-mail addresses"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("One a line."),
    )

    def clean_addresses(self) -> list[str]:
        found = self.cleaned_data["addresses"].split()
        if len(found) > MOST_AT_ONCE:
            raise forms.ValidationError(_("At most %(most)s at once.") % {"most": MOST_AT_ONCE})
        for address in found:
            try:
                validate_email(address)
            except ValidationError:
                text = _("%(address)s is not an e-mail address.")
                raise forms.ValidationError(text % {"address": address[:100]}) from None
        return list(found)


@admin.register(MailOptOut)
class MailOptOutAdmin(PageAdmin[MailOptOut]):
    list_display = ("email", "at", "by_whom")
    list_display_links = None
    search_fields = ("email",)
    search_help_text = gettext_lazy("The beginning of an e-mail address.")
    ordering = ("-id",)
    actions = ("let_in",)
    change_list_template = "admin/integrations/mailoptout/change_list.html"
    page_template = "admin/integrations/mailoptout/page.html"
    empty_sentence = gettext_lazy(
        "Nobody has unsubscribed. E-mails to customers who enter a segment carry a link to stop them."
    )  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [("add-addresses/", self.add_addresses, "enter"), ("export/", self.export, "export")]

    def get_queryset(self, request: HttpRequest) -> QuerySet[MailOptOut]:
        return super().get_queryset(request).annotate(person=F("by__username"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[MailOptOut], search_term: str
    ) -> tuple[QuerySet[MailOptOut], bool]:
        term = search_term.strip().lower()
        return (queryset.filter(email__startswith=term) if term else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        form = AddressesForm() if request.user.has_perm(OPT_OUT) else None
        return super().changelist_view(request, {"form": form, **(extra_context or {})})

    @guarded(OPT_OUT)
    def add_addresses(self, request: HttpRequest) -> HttpResponse:
        project, form = project_of(request), AddressesForm(request.POST)
        if project is None or not form.is_valid():
            for errors in form.errors.values():
                messages.error(request, " ".join(map(str, errors)))
        else:
            count = opt_outs.opt_out(project.pk, form.cleaned_data["addresses"], user_id=request.user.pk)
            text = ngettext(
                "%(number)s new address gets no more e-mails.", "%(number)s new addresses get no more e-mails.", count
            )
            messages.success(request, text % {"number": count})
        return HttpResponseRedirect(self.url("changelist"))

    @guarded("integrations.view_mailoptout", methods=("GET",))
    def export(self, request: HttpRequest) -> HttpResponseBase:
        return csv_of_list(self, request, "unsubscribed", ("email", "since", "by"), _opt_out_cells)

    @guarded_action(OPT_OUT, description=gettext_lazy("Let them get e-mails again"))
    def let_in(self, request: HttpRequest, queryset: QuerySet[MailOptOut]) -> None:
        count = opt_outs.opt_in(queryset)
        text = ngettext("%(number)s address gets e-mails again.", "%(number)s addresses get e-mails again.", count)
        messages.success(request, text % {"number": count})

    @admin.display(description=gettext_lazy("by"))
    def by_whom(self, row: MailOptOut) -> str:
        return _by(row)


def _by(row: MailOptOut) -> str:
    name: str | None = row.person  # type: ignore[attr-defined]
    return name or _("the customer")


def _opt_out_cells(row: MailOptOut) -> Sequence[Cell]:
    return row.email, row.at, _by(row)
