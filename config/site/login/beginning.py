"""The first page of an installation: its owner, the company and the first order book, and then the first shop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from babel import Locale
from babel.numbers import get_territory_currencies
from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.contrib.auth import login as log_in
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from config.kit.admin.long_select import LongSelect
from integrations.access import access_log, first_run
from integrations.access.first_run import Beginning, BegunRefused
from integrations.admin.shop_forms import zones
from integrations.connectors import all_connectors

if TYPE_CHECKING:
    UserForm = BaseUserCreationForm[User]
else:
    UserForm = BaseUserCreationForm  # takes no type argument when it runs

BACKEND = "integrations.access.backend.MembershipBackend"


def currencies() -> list[tuple[str, str]]:
    """Those that are tender somewhere today, by their codes."""
    english = Locale("en")
    current = {code for territory in english.territories for code in get_territory_currencies(str(territory))}
    return [(code, f"{code} · {english.currencies[code]}") for code in sorted(current & english.currencies.keys())]


def _platforms() -> list[tuple[str, str]]:
    return [("", _("Choose later")), *((each.key, each.label) for each in all_connectors())]


class BeginningForm(UserForm):
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        help_text=gettext_lazy("For links to a new password, and for e-mails when a shop needs you."),
    )
    company = forms.CharField(label=gettext_lazy("Company"), max_length=100)
    book = forms.CharField(
        label=gettext_lazy("Order book"),
        max_length=100,
        initial=gettext_lazy("Main"),
        help_text=gettext_lazy("Orders, stock and document numbers of one business. You may add others later."),
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"),
        choices=currencies,
        initial="EUR",
        help_text=gettext_lazy("In which sales are added up; orders keep their own."),
    )
    time_zone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=zones,
        initial="UTC",
        help_text=gettext_lazy("Decides on which day an invoice is issued."),
        widget=LongSelect(attrs={"data-own-zone": ""}),
    )

    platform = forms.ChoiceField(
        label=gettext_lazy("First shop"),
        choices=_platforms,
        required=False,
        help_text=gettext_lazy("You connect it next. Others can follow at any time."),
    )

    class Meta:
        model = User
        fields = ("username", "email")

    field_order = (
        "username",
        "email",
        "password1",
        "password2",
        "company",
        "book",
        "currency",
        "time_zone",
        "platform",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        self.fields["username"].help_text = ""

    def beginning(self) -> Beginning:
        said = self.cleaned_data
        return Beginning(
            said["username"], said["password1"], said["email"], said["company"], said["book"], said["currency"],
            said["time_zone"],
        )  # fmt: skip


@sensitive_post_parameters()
@never_cache
def beginning(request: HttpRequest, token: str) -> HttpResponse:
    """GET: the form. POST: make it all, log in, and go on to the first shop."""
    if not first_run.opens(token):
        context = {"title": _("This link does not open anything"), "is_due": first_run.is_due()}
        return _page(request, "admin/login/begun.html", context, status=404)
    form = BeginningForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            owner = first_run.begin(form.beginning(), access_log.origin_of(request))
        except BegunRefused as refusal:
            form.add_error(None, refusal.sentence)
        else:
            log_in(request, owner, backend=BACKEND)
            messages.success(request, _("Welcome! Connect your first shop: its address and keys, and then a test."))
            platform = form.cleaned_data["platform"]
            chosen = {"platform": platform} if platform else {}
            return HttpResponseRedirect(reverse("admin:integrations_integration_connect", query=chosen))
    return _page(request, "admin/login/beginning.html", {"title": _("Welcome to Countinghouse"), "form": form})


def _page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    return TemplateResponse(request, template, {**site.each_context(request), **context}, status=status)


urlpatterns = [path("begin/<str:token>/", beginning, name="begin")]
