"""Distributions: what is sent to customers and when; written, tried, switched on and off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.change_lists import capped
from config.kit.admin.guards import guarded
from config.kit.admin.markup import badge
from config.kit.admin.model_admins import PageAdmin, Route
from config.kit.counts_together import counts_of
from integrations.access.tenancy import project_of
from integrations.admin.mail_server import MailServerPage
from integrations.choices import DistributionChannel, DistributionTrigger, MessageState
from integrations.connectors.errors import MailError
from integrations.distributions import authoring as letters
from integrations.distributions import wording
from integrations.distributions.authoring import DistributionSettings, SettingsRefused
from integrations.distributions.letters import NotSendable
from integrations.models import Distribution, MailServer, Project, WebhookEndpoint
from orders.models import Segment

CHANGE = "integrations.change_distribution"
MOST_COUNTED = 999


class DistributionForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=100, help_text=gettext_lazy("For you; customers do not see it.")
    )
    trigger = forms.ChoiceField(
        label=gettext_lazy("When"),
        choices=DistributionTrigger.choices,
        help_text=gettext_lazy(
            "Orders of more than 3 days ago are not answered, e.g. when a shop's last year is loaded."
        ),
    )
    segment_id = forms.TypedChoiceField(
        label=gettext_lazy("Segment"),
        coerce=int,
        empty_value=None,
        required=False,
        help_text=gettext_lazy("For “A customer enters a segment”. Customers who are in it already get nothing."),
    )
    channel = forms.ChoiceField(
        label=gettext_lazy("By"), choices=DistributionChannel.choices, initial=DistributionChannel.EMAIL
    )
    endpoint_id = forms.TypedChoiceField(
        label=gettext_lazy("Endpoint"), coerce=int, empty_value=None, required=False,
        help_text=gettext_lazy("For “Webhook”. It is told of the customer and the segment, signed as all its events."),
    )  # fmt: skip
    subject = forms.CharField(
        label=gettext_lazy("Subject"), max_length=200, required=False, help_text=gettext_lazy("For “E-mail”.")
    )
    text = forms.CharField(
        label=gettext_lazy("E-mail, or message to the endpoint"),
        max_length=letters.LONGEST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 12}),
    )

    def __init__(self, project: Project, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        segments = Segment.objects.filter(project=project, deleted_at=None).order_by("name")
        endpoints = WebhookEndpoint.objects.filter(project=project, deleted_at=None).order_by("url")
        choices = {"segment_id": segments.values_list("pk", "name"), "endpoint_id": endpoints.values_list("pk", "url")}
        for name, rows in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.TypedChoiceField)  # noqa: S101  for the type checker
            field.choices = [("", "–"), *rows]

    def settings(self) -> DistributionSettings:
        values = self.cleaned_data
        trigger = DistributionTrigger(values["trigger"])
        channel = DistributionChannel(values["channel"])
        by_webhook = channel == DistributionChannel.WEBHOOK
        return DistributionSettings(
            name=values["name"],
            trigger=trigger,
            channel=channel,
            subject="" if by_webhook else values["subject"],
            text=values["text"].replace("\r\n", "\n"),
            segment_id=values["segment_id"] if trigger == DistributionTrigger.SEGMENT_ENTERED else None,
            endpoint_id=values["endpoint_id"] if by_webhook else None,
        )


class TestForm(forms.Form):
    to = forms.EmailField(label=gettext_lazy("Send one with example values to"), max_length=254)


@admin.register(Distribution)
class DistributionAdmin(MailServerPage, PageAdmin[Distribution]):
    list_display = ("name", "when", "channel", "state")
    ordering = ("name",)
    page_template = "admin/integrations/distribution/page.html"
    empty_sentence = gettext_lazy(
        "Nothing is sent yet. Make a distribution to write to customers when they enter a segment or pay an order."
    )  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [
            ("new/", self.new, "create"),
            ("mail-server/", self.mail_server, "mail_server"),
            ("<int:pk>/edit/", self.edit, "edit"),
            ("<int:pk>/switch-on/", self.switch_on, "switch_on"),
            ("<int:pk>/switch-off/", self.switch_off, "switch_off"),
            ("<int:pk>/test/", self.test, "test"),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        tools = []
        if request.user.has_perm("integrations.change_mailserver"):
            tools.append((_("Mail server"), self.url("mail_server")))
        if request.user.has_perm(CHANGE):
            tools.append((_("New distribution"), self.url("create")))
        return super().changelist_view(request, {"tools": tools, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Distribution]:
        segment = Segment.objects.filter(pk=OuterRef("segment_id"), project=OuterRef("project"), deleted_at=None)
        return super().get_queryset(request).annotate(segment_name=Subquery(segment.values("name")))

    def page_context(self, request: HttpRequest, obj: Distribution) -> dict[str, Any]:
        examples = letters.example_values(obj)
        counts = counts_of([obj.messages.filter(state=state) for state in MessageState], MOST_COUNTED + 1)
        listed = reverse("admin:integrations_message_changelist")
        server = MailServer.objects.filter(project_id=obj.project_id).defer("secrets").first()
        return {
            "when": self.when(obj),
            "state": self.state(obj),
            "subject": wording.fill(obj.subject, examples),
            "text": wording.fill(obj.text, {**examples, wording.UNSUBSCRIBE: "https://…"}),
            "counts": [
                (state.label, capped(count), f"{listed}?distribution={obj.pk}&state={state}")
                for state, count in zip(MessageState, counts, strict=True)
            ],
            "may_change": request.user.has_perm(CHANGE),
            "test_form": TestForm(initial={"to": getattr(request.user, "email", "")}),
            "server": server,
        }

    @guarded(CHANGE, methods=("GET", "POST"))
    def new(self, request: HttpRequest) -> HttpResponse:
        return self._form_page(request, None)

    @guarded(CHANGE, methods=("GET", "POST"))
    def edit(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = self.get_object(request, str(pk))
        if found is None:
            raise Http404
        return self._form_page(request, found)

    def _form_page(self, request: HttpRequest, found: Distribution | None) -> HttpResponse:
        project = project_of(request)
        if project is None:
            raise PermissionDenied
        initial = {name: getattr(found, name) for name in DistributionForm.base_fields} if found else {}
        form = DistributionForm(project, request.POST if request.method == "POST" else None, initial=initial)
        if form.is_valid():
            try:
                saved = letters.save_distribution(
                    project, form.settings(), pk=found.pk if found else None, user_id=request.user.pk
                )
            except SettingsRefused as refusal:
                add_problems(form, refusal)
            else:
                self.log_change(request, saved, "Saved.")
                messages.success(request, _("%(name)s is saved.") % {"name": saved})
                return HttpResponseRedirect(self.url("change", saved.pk))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Change %(name)s") % {"name": found} if found else _("New distribution"),
            "media": self.media,
            "form": form,
            "fields": [(trigger.label, wording.fields(trigger)) for trigger in DistributionTrigger],
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/integrations/distribution/edit.html", context, status=status)

    @guarded(CHANGE)
    def switch_on(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._switch(request, pk, on=True)

    @guarded(CHANGE)
    def switch_off(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._switch(request, pk, on=False)

    def _switch(self, request: HttpRequest, pk: int, *, on: bool) -> HttpResponse:
        found = self.get_object(request, str(pk))
        if found is None:
            raise Http404
        if letters.switch(found, on=on):
            self.log_change(request, found, "Switched on." if on else "Switched off.")
            text = (
                _("%(name)s is on: what happens from now on is answered.")
                if on
                else _("%(name)s is off: what happens meanwhile is not answered, and e-mails that wait stay here.")
            )
            messages.success(request, text % {"name": found})
        return HttpResponseRedirect(self.url("change", pk))

    @guarded(CHANGE)
    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        found = self.get_object(request, str(pk))
        if found is None:
            raise Http404
        form = TestForm(request.POST)
        if not form.is_valid():
            return self.render_page(request, found, status=422, test_form=form)
        try:
            letters.send_test(found, form.cleaned_data["to"])
        except (MailError, NotSendable) as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("The mail server has taken the e-mail. Look into the mailbox."))
        return HttpResponseRedirect(self.url("change", pk))

    @admin.display(description=gettext_lazy("when"))
    def when(self, distribution: Distribution) -> str:
        if distribution.segment_id is None:
            return str(distribution.get_trigger_display())
        name: str | None = distribution.segment_name  # type: ignore[attr-defined]
        return _("A customer enters %(segment)s") % {"segment": name or _("a segment that is gone")}

    @admin.display(description=gettext_lazy("state"))
    def state(self, distribution: Distribution) -> str:
        return badge(_("On"), "good") if distribution.enabled else badge(_("Off"))


def add_problems(form: forms.Form, refusal: SettingsRefused) -> None:
    for field, sentences in refusal.problems.items():
        for sentence in sentences:
            form.add_error(field if field in form.fields else None, sentence)
