"""Receive goods and count stock: typed, scanned or uploaded rows, a preview, one booking; and what came of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.guards import guarded
from config.kit.admin.markup import badge
from config.kit.admin.model_admins import PageAdmin, Route
from config.kit.pasted_rows import LARGEST, text_of
from integrations.access.tenancy import project_of
from integrations.admin.open_project import warehouses_of
from orders.admin.tones import TAB_TONES
from orders.intake import postings, receipts
from orders.intake.postings import LONGEST_NOTE, PostingRefused
from orders.models import Order
from stock.admin.forms import PlaceForm
from stock.admin.waking_failed import wake_failed
from stock.choices import PostingKind
from stock.ledger import StockError
from stock.models import Product, StockPosting

RECEIVE = "stock.receive_stock"
# Orders that are shown by name.
MOST_ORDERS = 200
# Characters of all rows.
LONGEST_TEXT = 200_000


class PostingForm(PlaceForm):
    """Rows of goods. `token` is of this one page, so that it is booked once."""

    field_order = ("warehouse", "rows", "file", "note")

    rows = forms.CharField(
        label=gettext_lazy("Rows"),
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 8, "autofocus": True, "spellcheck": "false", "autocomplete": "off"}),
        help_text=gettext_lazy("One a line: SKU or EAN; quantity. A scan without a quantity is one unit, and adds up."),
    )
    file = forms.FileField(label=gettext_lazy("Or a CSV file of the same columns"), required=False)
    note = forms.CharField(label=gettext_lazy("Reference"), required=False, max_length=LONGEST_NOTE)

    def __init__(self, kind: PostingKind, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        counted = _("For example which shelves were counted.")
        received = _("For example the number of the delivery note.")
        self.fields["note"].help_text = counted if kind == PostingKind.COUNT else received

    def clean_file(self) -> str:
        sent: Any = self.cleaned_data.get("file")
        if sent is None:
            return ""
        if sent.size > LARGEST:
            raise forms.ValidationError(_("The file is larger than 1 MB: send it in parts."))
        return text_of(sent.read())

    @property
    def text(self) -> str:
        """All rows, those of the file below those that were typed."""
        return "\n".join(filter(None, (self.cleaned_data["rows"].strip("\r\n"), self.cleaned_data["file"])))


@admin.register(StockPosting)
class PostingAdmin(PageAdmin[StockPosting]):
    list_display = ("named", "when", "kind_shown", "note", "products", "actor")
    list_display_links = ("named",)
    list_select_related = ("actor",)
    sortable_by = ()
    page_template = "admin/stock/stockposting/page.html"
    empty_sentence = gettext_lazy("No goods were received or counted together yet.")  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [("receive/", self.receive, "receive"), ("count/", self.count, "count")]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        ways = [(_("Receive goods"), self.url("receive")), (_("Stock count"), self.url("count"))]
        tools = ways if request.user.has_perm(RECEIVE) else []
        context = {"title": _("Goods received and counted"), "tools": tools, **(extra_context or {})}
        return super().changelist_view(request, context)

    @admin.display(description=gettext_lazy("posting"))
    def named(self, posting: StockPosting) -> str:
        return str(posting)

    @admin.display(description=gettext_lazy("when"))
    def when(self, posting: StockPosting) -> Any:
        return posting.at

    @admin.display(description=gettext_lazy("kind"))
    def kind_shown(self, posting: StockPosting) -> str:
        return badge(posting.get_kind_display(), "good" if posting.kind == PostingKind.RECEIPT else "warn")

    @admin.display(description=gettext_lazy("products"))
    def products(self, posting: StockPosting) -> int:
        return len(posting.lines)

    def page_context(self, request: HttpRequest, obj: StockPosting) -> dict[str, Any]:
        names = Product.objects.in_bulk([pk for pk, *_rest in obj.lines])
        units = dict(obj.served[:MOST_ORDERS])
        orders = list(Order.objects.filter(project_id=obj.project_id, pk__in=units).order_by("placed_at", "pk"))
        for order in orders:
            order.got, order.tone = units[order.pk], TAB_TONES.get(order.tab, "plain")  # type: ignore[attr-defined]
        return {
            "title": str(obj),
            "is_count": obj.kind == PostingKind.COUNT,
            "several": warehouses_of(request).several,
            "rows": [
                (names[pk], quantity, before, quantity - before) for pk, quantity, before in obj.lines if pk in names
            ],
            "orders": orders,
            "served_count": len(obj.served),
            "most": MOST_ORDERS,
        }

    @guarded(RECEIVE, methods=("GET", "POST"))
    def receive(self, request: HttpRequest) -> HttpResponse:
        """Goods that came in, of several products."""
        return self._posting(request, PostingKind.RECEIPT)

    @guarded(RECEIVE, methods=("GET", "POST"))
    def count(self, request: HttpRequest) -> HttpResponse:
        """What was counted on the shelves."""
        return self._posting(request, PostingKind.COUNT)

    def _posting(self, request: HttpRequest, kind: PostingKind) -> HttpResponse:
        project, here = project_of(request), warehouses_of(request)
        if project is None or request.method == "GET":
            return self._form_page(request, kind, PostingForm(kind, here=here))
        form = PostingForm(kind, request.POST, request.FILES, here=here)
        if not form.is_valid():
            return self._form_page(request, kind, form)
        text = form.text
        found = postings.read(project.pk, kind, text, form.place)
        if not found.rows and not found.errors:
            found.errors.append(_("Enter at least one row, or choose a file."))
        again = PostingForm(kind, {**request.POST.dict(), "rows": text}, here=here)  # a file stands among the rows now
        again.is_valid()
        if found.errors or "post" not in request.POST:
            return self._form_page(request, kind, again, found)
        try:
            done = postings.post(
                project.pk,
                kind,
                found.rows,
                token=_token(request.POST.get("token", "")),
                place=form.place,
                note=form.cleaned_data["note"].strip(),
                seen=_seen(request.POST.getlist("seen")),
                actor_id=request.user.pk,
            )
        except (PostingRefused, StockError) as refusal:
            found.errors.append(str(refusal))
            return self._form_page(request, kind, again, postings.read(project.pk, kind, text, form.place), refusal)
        if done.again:
            messages.info(request, _("This was booked already, by your own click before: nothing is booked twice."))
        else:
            messages.success(request, _("Booked.") + " " + receipts.served_in_words(done.served))
            wake_failed(request, [row.product.sku for row in found.rows])
        return HttpResponseRedirect(self.url("change", done.posting.pk))

    def _form_page(
        self,
        request: HttpRequest,
        kind: PostingKind,
        form: PostingForm,
        found: postings.ReadRows | None = None,
        refusal: Exception | None = None,
    ) -> HttpResponse:
        """The form, and below it what its rows mean."""
        rows = found.rows if found else []
        errors = ([str(refusal)] if refusal else []) + (found.errors if found else [])
        is_count = kind == PostingKind.COUNT
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Stock count") if is_count else _("Receive goods"),
            "form": form,
            "is_count": is_count,
            "address": self.url("count" if is_count else "receive"),
            "rows": rows,
            "row_errors": errors,
            "bookable": rows and not (found and found.errors),
            "units": sum(row.quantity for row in rows),
            "difference": sum(row.difference for row in rows),
            "changed": sum(1 for row in rows if row.difference),
            "token": uuid4(),
            "media": self.media,
        }
        status = 422 if errors or form.errors else 200
        return TemplateResponse(request, "admin/stock/stockposting/form.html", context, status=status)


def _token(text: str) -> UUID:
    """What is no token gets one of its own: there is no page that it could be a second click on."""
    try:
        return UUID(text)
    except ValueError:
        return uuid4()


def _seen(tokens: Sequence[str]) -> dict[int, int]:
    """Units on hand by product, out of “id:units”."""
    pairs = (token.split(":", 1) for token in tokens)
    return {
        int(pair[0]): int(pair[1])
        for pair in pairs
        if len(pair) == 2 and all(part.isascii() and part.isdecimal() and len(part) < 18 for part in pair)
    }
