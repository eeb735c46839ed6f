"""Products: how many there are, who waits for them, and the booking of stock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.kit.admin.change_lists import MOST_FIRST, CappedPaginator, LookedUpPaginator
from config.kit.admin.guards import guarded
from config.kit.admin.model_admins import PageAdmin, Route
from config.kit.postgresql.any_of import AnyOf
from integrations.access.tenancy import project_of
from integrations.admin.open_project import warehouses_of
from orders.intake import receipts, transferring
from orders.intake.allocation import Served
from stock import catalogue
from stock.admin.forms import AdjustForm, EanForm, LocationForm, NameForm, ProductForm, ReceiveForm, TransferForm
from stock.admin.product_columns import LEVELS, ProductColumns
from stock.admin.product_page import last_booking_among, location_form, movements_of, product_page, same_ean, variants
from stock.admin.waking_failed import wake_failed
from stock.choices import MovementReason
from stock.goods.product_search import first_found
from stock.ledger import StockError
from stock.models import Product, StockTransfer

TRANSFER = "stock.add_stocktransfer"


@admin.register(Product)
class ProductAdmin(ProductColumns, PageAdmin[Product]):
    search_fields = ("sku",)
    search_help_text = gettext_lazy("The beginning of a SKU, words of the name, or an EAN.")
    sorted_by_index = frozenset({"sku"})
    ordering = ("sku",)
    page_template = "admin/stock/product/page.html"
    page_select_related = ("parent",)
    empty_sentence = gettext_lazy(
        "No products here. They come with the orders, from a shop's product list, or by hand."
    )  # type: ignore[assignment]

    def routes(self) -> Sequence[Route]:
        return [
            ("<int:pk>/receive/", self.receive, "receive"),
            ("<int:pk>/adjust/", self.adjust, "adjust"),
            ("<int:pk>/transfer/", self.transfer, "transfer"),
            ("<int:pk>/transfer/<int:transfer_id>/back/", self.take_transfer_back, "transfer_back"),
            ("<int:pk>/name/", self.rename, "rename"),
            ("<int:pk>/ean/", self.set_ean, "set_ean"),
            ("<int:pk>/location/", self.set_location, "set_location"),
            ("new/", self.create, "create"),
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # `create` asks for the permission

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Product], search_term: str
    ) -> tuple[QuerySet[Product], bool]:
        queryset = queryset.filter(Q(deleted_at=None) | Q(units_on_hand__gt=0))
        term = search_term.strip()
        project = project_of(request)
        if term and project is not None:
            queryset = queryset.filter(AnyOf("pk", first_found(project.pk, term, MOST_FIRST)))
            request.is_searched = True  # type: ignore[attr-defined]  # for the paginator
        return queryset, False

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        searched = getattr(request, "is_searched", False)
        return (LookedUpPaginator if searched else CappedPaginator)(*args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        may_add = request.user.has_perm("stock.add_product")
        tools = [(_("Add product"), self.url("create"))] if may_add else []
        return super().changelist_view(request, {"tools": tools, **(extra_context or {})})

    def page_context(self, request: HttpRequest, obj: Product) -> dict[str, Any]:
        prefetch_related_objects([obj], LEVELS)
        movements, here = movements_of(obj), warehouses_of(request)
        seen = last_booking_among(movements, obj)
        may_receive = request.user.has_perm("stock.receive_stock")
        may_transfer = request.user.has_perm(TRANSFER)
        may_change = request.user.has_perm("stock.change_product")
        return {
            "title": obj.sku,
            "subtitle": None,
            "receive_form": ReceiveForm(initial={"seen": seen}, prefix="receive", here=here) if may_receive else None,
            "adjust_form": AdjustForm(initial={"seen": seen}, prefix="adjust", here=here) if may_receive else None,
            "transfer_form": TransferForm(initial={"seen": seen}, prefix="transfer", here=here)
            if here.several and may_transfer
            else None,
            "name_form": NameForm(initial={"name": obj.name}, prefix="name") if may_change else None,
            "location_form": location_form(obj, here) if may_change else None,
            "ean_form": EanForm(initial={"ean": obj.ean}, prefix="ean") if may_change else None,
            "same_ean": same_ean(obj),
            "variants": variants(obj),
            "several": here.several,
            "may_transfer": may_transfer,
            "units_available": obj.units_on_hand - obj.units_reserved,  # type: ignore[attr-defined]
            "movements": movements,
            **product_page(obj, here),
        }

    def _product(self, request: HttpRequest, pk: int) -> Product:
        product: Product | None = self.get_object(request, str(pk))
        if product is None:
            raise Http404
        return product

    @guarded("stock.receive_stock")
    def receive(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = ReceiveForm(request.POST, prefix="receive", here=warehouses_of(request))
        return self._book(request, self._product(request, pk), MovementReason.RECEIPT, form, "receive_form")

    @guarded("stock.receive_stock")
    def adjust(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = AdjustForm(request.POST, prefix="adjust", here=warehouses_of(request))
        return self._book(request, self._product(request, pk), MovementReason.ADJUSTMENT, form, "adjust_form")

    def _book(
        self,
        request: HttpRequest,
        product: Product,
        reason: MovementReason,
        form: ReceiveForm | AdjustForm,
        name: str,
    ) -> HttpResponse:
        if form.is_valid():
            values = form.cleaned_data
            try:
                served = receipts.book(
                    product,
                    values["quantity"],
                    reason,
                    values["note"],
                    seen=values["seen"],
                    actor_id=request.user.pk,
                    place=form.place,
                )
            except receipts.BookedMeanwhile as error:
                messages.warning(request, str(error))
                return HttpResponseRedirect(self.url("change", product.pk))
            except StockError as error:
                form.add_error("quantity", str(error))
            else:
                messages.success(request, receipts.sentence(values["quantity"], product.sku, served))
                if values["quantity"] > 0:
                    wake_failed(request, [product.sku])
                return HttpResponseRedirect(self.url("change", product.pk))
        return self.render_page(request, product, status=422, **{name: form})

    @guarded(TRANSFER)
    def transfer(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Goods for another warehouse."""
        product, here = self._product(request, pk), warehouses_of(request)
        form = TransferForm(request.POST, prefix="transfer", here=here)
        if not form.is_valid():
            return self.render_page(request, product, status=422, transfer_form=form)
        values = form.cleaned_data
        source, target = here.place(values["source"]), here.place(values["target"])

        def book() -> Served:
            seen, actor_id = values["seen"], request.user.pk
            return transferring.transfer(
                product, source, target, values["quantity"], values["note"], seen=seen, actor_id=actor_id
            )

        said = _("%(units)s × %(sku)s went from %(source)s to %(target)s.") % {
            "units": f"{values['quantity']:,}",
            "sku": product.sku,
            "source": here.name(source),
            "target": here.name(target),
        }
        return self._transferred(request, product, book, said, form)

    @guarded(TRANSFER)
    def take_transfer_back(self, request: HttpRequest, pk: int, transfer_id: int) -> HttpResponse:
        """The same goods go back."""
        product = self._product(request, pk)
        row = StockTransfer.objects.filter(product=product, pk=transfer_id).first()
        if row is None:
            raise Http404

        def book() -> Served:
            return transferring.take_back(row.pk, actor_id=request.user.pk)

        return self._transferred(request, product, book, _("The transfer is taken back."), None)

    def _transferred(
        self, request: HttpRequest, product: Product, book: Callable[[], Served], said: str, form: TransferForm | None
    ) -> HttpResponse:
        try:
            served = book()
        except receipts.BookedMeanwhile as error:
            messages.warning(request, str(error))
        except StockError as error:
            if form is not None:
                form.add_error("quantity", str(error))
                return self.render_page(request, product, status=422, transfer_form=form)
            messages.error(request, str(error))
        else:
            messages.success(request, f"{said} {receipts.served_in_words(served)}")
        return HttpResponseRedirect(self.url("change", product.pk))

    @guarded("stock.change_product")
    def rename(self, request: HttpRequest, pk: int) -> HttpResponse:
        product = self._product(request, pk)
        form = NameForm(request.POST, prefix="name")
        if not form.is_valid():
            return self.render_page(request, product, status=422, name_form=form)
        old, new = product.name, form.cleaned_data["name"]
        catalogue.rename(product.project_id, product.pk, new)
        self.log_change(request, product, f"Name changed from “{old}” to “{new}”.")
        messages.success(request, _("The name is saved."))
        return HttpResponseRedirect(self.url("change", pk))

    @guarded("stock.change_product")
    def set_ean(self, request: HttpRequest, pk: int) -> HttpResponse:
        product = self._product(request, pk)
        form = EanForm(request.POST, prefix="ean")
        if not form.is_valid():
            return self.render_page(request, product, status=422, ean_form=form)
        old, new = product.ean, form.cleaned_data["ean"]
        catalogue.set_ean(product.pk, new)
        self.log_change(request, product, f"EAN changed from “{old}” to “{new}”.")
        messages.success(request, _("The EAN is saved."))
        return HttpResponseRedirect(self.url("change", pk))

    @guarded("stock.change_product")
    def set_location(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Where it lies in a warehouse."""
        product, here = self._product(request, pk), warehouses_of(request)
        form = LocationForm(request.POST, prefix="location", here=here)
        if not form.is_valid():
            return self.render_page(request, product, status=422, location_form=form)
        location, warehouse = form.cleaned_data["location"], here.at(form.place)
        catalogue.set_location(product.pk, warehouse.pk if warehouse else here.first, location)
        where = f" in {warehouse}" if here.several else ""
        self.log_change(request, product, f"Location{where} changed to “{location}”.")
        messages.success(request, _("The location is saved."))
        return HttpResponseRedirect(self.url("change", pk))

    @guarded("stock.add_product", methods=("GET", "POST"))
    def create(self, request: HttpRequest) -> HttpResponse:
        project = project_of(request)
        if project is None:
            raise PermissionDenied
        form = ProductForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            sku, name = form.cleaned_data["sku"], form.cleaned_data["name"]
            product_id = catalogue.add(project.pk, sku, name, form.cleaned_data["ean"])
            if product_id is None:
                form.add_error("sku", _("There is a product with this SKU already."))
            else:
                product = self._product(request, product_id)
                self.log_addition(request, product, "Added by hand.")
                messages.success(request, _("%(sku)s is added, with no stock yet.") % {"sku": sku})
                return HttpResponseRedirect(self.url("change", product_id))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Add product"),
            "form": form,
            "media": self.media,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/stock/product/new.html", context, status=status)
