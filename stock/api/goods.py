"""Products and their SKUs as they are published: listed, created or updated, read, changed, deleted."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from drf_spectacular.utils import extend_schema
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from config.kit import true_time
from config.kit.api.bodies import UnparsedJsonParser
from config.kit.api.paginating import PublishedPages, both_ways
from config.kit.api.problems import ApiError, bad_payload, bad_query, not_found
from config.kit.api.queries import BracketsField, InstantField, OneOfField, QuerySerializer, in_order
from config.kit.api.schema import refusal
from integrations.api.partner_views import PartnerViewSet
from integrations.api.repeating import idempotent
from integrations.choices import ApiScope
from orders.exported.article_rows import PRODUCTS
from orders.exported.describing import BookReader
from orders.exported.selection import BadSelection, conditions
from orders.intake.allocation import waiting_units
from stock.api import goods_serializers as serializers
from stock.api.goods_serializers import ProductSerializer, ProductWithSkusSerializer, SkuSerializer
from stock.goods import deleting, parents, skus
from stock.goods.found_goods import find_product, find_sku, products_of, skus_of
from stock.goods.goods_rows import Catalogue, GoodsFailure, GoodsRefused, GoodsStored
from stock.goods.sent_fields import ProductFields, SkuFields, key_of
from stock.models import ParentProduct, Product

PREFIXES = {"product": "prod", "sku": "sku"}
UPSERT_SAYS = (
    "One with this `id` or `source_id` is updated: what is not sent stays as it is, null empties a field, metadata are"
    " merged key by key. Else one is created."
)
CHANGE_SAYS = "What is not sent stays as it is. Its `id` and `source_id` stay, whatever is sent."
DELETE_SAYS = "Into the bin: it is found no more, and its source id stays taken. With force=true for good."
TAKEN = {404: refusal("There is none with the `id` that was sent."), 409: refusal("The source id is taken.")}
IN_USE = {423: refusal("Units are on stock, reserved or waited for.")}


class ProductPages(PublishedPages):
    data_ref = "products"


class SkuPages(PublishedPages):
    data_ref = "skus"


class SpanQuery(QuerySerializer):
    start_date = InstantField(required=False, help_text="Only those created at or after this time.")
    end_date = InstantField(required=False, help_text="Only those created before this time.")


class ProductsQuery(SpanQuery):
    filters = BracketsField(
        required=False,
        help_text="`filters[created_at][conditions][$after]=...`; also updated_at, name, source_id, price, metadata.X.",
    )


class HideQuery(QuerySerializer):
    hide = OneOfField(("", "sku"), help_text="sku: without its SKUs.")


class MetadataQuery(QuerySerializer):
    metadata = OneOfField(("merge", "replace"), help_text="replace: metadata as a whole, in place of key by key.")


class ForceQuery(QuerySerializer):
    force = OneOfField(("false", "true"), help_text="true: for good, also what lies in the bin.")


WRITING: dict[str, type[QuerySerializer]] = {"create": MetadataQuery, "update": MetadataQuery, "destroy": ForceQuery}


class GoodsViewSet(PartnerViewSet):
    """What products and SKUs share."""

    parser_classes = [UnparsedJsonParser]  # msgspec tells null from what is not sent
    ordering_fields = both_ways(created_at="created_at", updated_at="changed_at")
    skips_empty_parameters = True

    @property
    def catalogue(self) -> Catalogue:
        project = self.project
        return Catalogue(project.pk, project.currency, self.ids, true_time.now_in_milliseconds())

    @property
    def replaces(self) -> bool:
        return bool(self.query["metadata"] == "replace")

    @property
    def forces(self) -> bool:
        return bool(self.query["force"] == "true")

    def in_span(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Those of the time that a list asks for."""
        if start := self.query.get("start_date"):
            rows = rows.filter(created_at__gte=start)
        if end := self.query.get("end_date"):
            rows = rows.filter(created_at__lt=end)
        found: QuerySet[Any] = rows.annotate(changed_at=Coalesce("updated_at", "created_at"))
        return found

    def product(self, key: str, *, with_bin: bool = False) -> ParentProduct:
        """Raises 404."""
        found = find_product(self.project.pk, self.ids, key, with_bin=with_bin)
        if found is None:
            raise not_found("product", key)
        return found

    def refused(self, failure: GoodsFailure, named: str = "") -> ApiError:
        """What a refusal of a service becomes; `named`: the id that was sent."""
        if failure.key == "not_found":
            return not_found(failure.kind, named)
        if failure.key == "invalid_payload":
            return bad_payload(failure.details)
        code, message = (423, "Locked") if failure.key == "resource_in_use" else (409, "Duplicate resource key")
        public_id = self.ids.give(PREFIXES[failure.kind], failure.holder or 0)
        return ApiError(code, failure.key, message, failure.details, resource=(failure.kind, public_id))


class ProductViewSet(ListModelMixin, GoodsViewSet):
    """Products by id or source id."""

    queryset = ParentProduct.objects.filter(deleted_at=None)
    serializer_class = ProductWithSkusSerializer
    pagination_class = ProductPages
    query_serializer_classes = {"list": ProductsQuery, "retrieve": HideQuery, **WRITING}
    required_scopes = (ApiScope.PRODUCTS,)
    id_prefix, source_id_field, resource_name = "prod", "source_id", "product"
    id_says = "The id of the product, `prod_…`, or its source id."
    lookup_url_kwarg = "product_id"

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        catalogue = self.catalogue
        rows = self.in_span(queryset)
        reader = BookReader(catalogue.project_id, catalogue.ids, catalogue.digits)
        try:
            wanted, columns = conditions(PRODUCTS, in_order(self.query.get("filters", {})), reader)
        except BadSelection as error:
            raise bad_query(str(error).replace(".parameters.filters", ".filters")) from error
        if "price_in_units" in columns:
            rows = rows.annotate(price_in_units=PRODUCTS.computed(catalogue.digits)["price_in_units"])
        return super().filter_queryset(rows.filter(wanted))

    @extend_schema(summary="List products as published")
    def list(self, request: Request) -> Response:
        return super().list(request)

    @extend_schema(summary="Read a product as published")
    def retrieve(self, request: Request, product_id: str) -> Response:
        hidden = self.query["hide"] == "sku"
        made = ProductSerializer if hidden else ProductWithSkusSerializer
        return Response(made(self.get_object(), context=self.get_serializer_context()).data)

    @extend_schema(
        summary="Create or update a product",
        description=UPSERT_SAYS,
        request=serializers.ProductFieldsSerializer,
        responses={200: ProductSerializer, **TAKEN},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        fields: ProductFields = self.validated(serializers.ProductFieldsSerializer)
        try:
            return self._shown(parents.save_product(self.catalogue, fields, replace=self.replaces))
        except GoodsRefused as error:
            raise self.refused(error.failure, key_of(fields.id)) from error

    @extend_schema(
        summary="Change a product",
        description=CHANGE_SAYS,
        request=serializers.ProductFieldsSerializer,
        responses=ProductSerializer,
    )
    def update(self, request: Request, product_id: str) -> Response:
        fields: ProductFields = self.validated(serializers.ProductFieldsSerializer)
        try:
            stored = parents.change_product(self.catalogue, self.get_object(), fields, replace=self.replaces)
        except GoodsRefused as error:
            raise self.refused(error.failure, product_id) from error
        return self._shown(stored)

    @extend_schema(summary="Delete a product with its SKUs", description=DELETE_SAYS, responses={204: None, **IN_USE})
    def destroy(self, request: Request, product_id: str) -> Response:
        parent = self.product(product_id, with_bin=self.forces)
        try:
            deleting.delete_product(self.catalogue, parent, waiting_units, force=self.forces)
        except GoodsRefused as error:
            raise self.refused(error.failure) from error
        return Response(status=204)

    def _shown(self, stored: GoodsStored) -> Response:
        row = products_of(self.project.pk).get(pk=stored.pk)
        return Response(ProductSerializer(row, context=self.get_serializer_context()).data)


class SkusOfProductViewSet(ListModelMixin, GoodsViewSet):
    """The SKUs of one product."""

    queryset = Product.objects.all()
    serializer_class = SkuSerializer
    pagination_class = SkuPages
    query_serializer_classes = {"list": SpanQuery, **WRITING}
    required_scopes = (ApiScope.PRODUCTS,)
    id_prefix, resource_name = "sku", "sku"
    id_says = "The id of the product or the SKU, `prod_…` or `sku_…`, or its source id."

    def get_queryset(self) -> QuerySet[Product]:
        return skus_of(self.project.pk).filter(parent=self.product(str(self.kwargs["product_id"])))

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return super().filter_queryset(self.in_span(queryset))

    @extend_schema(summary="List the SKUs of a product")
    def list(self, request: Request, product_id: str) -> Response:
        return super().list(request)

    @extend_schema(
        summary="Create or update a SKU of a product",
        description=f"{UPSERT_SAYS} A SKU never leaves its product, unless it stood alone.",
        request=serializers.SkuFieldsSerializer,
        responses={200: SkuSerializer, **TAKEN},
    )
    @idempotent
    def create(self, request: Request, product_id: str) -> Response:
        fields: SkuFields = self.validated(serializers.SkuFieldsSerializer)
        parent = self.product(product_id)
        try:
            return self._shown(skus.save_sku(self.catalogue, parent.pk, fields, replace=self.replaces))
        except GoodsRefused as error:
            raise self.refused(error.failure, key_of(fields.id)) from error

    @extend_schema(
        summary="Change a SKU",
        description=CHANGE_SAYS,
        request=serializers.SkuFieldsSerializer,
        responses=SkuSerializer,
    )
    def update(self, request: Request, product_id: str, sku_id: str) -> Response:
        fields: SkuFields = self.validated(serializers.SkuFieldsSerializer)
        try:
            stored = skus.change_sku(self.catalogue, self._sku(product_id, sku_id), fields, replace=self.replaces)
        except GoodsRefused as error:
            raise self.refused(error.failure, sku_id) from error
        return self._shown(stored)

    @extend_schema(summary="Delete a SKU", description=DELETE_SAYS, responses={204: None, **IN_USE})
    def destroy(self, request: Request, product_id: str, sku_id: str) -> Response:
        article = self._sku(product_id, sku_id, with_bin=self.forces)
        try:
            deleting.delete_sku(self.catalogue, article, waiting_units, force=self.forces)
        except GoodsRefused as error:
            raise self.refused(error.failure) from error
        return Response(status=204)

    def _sku(self, product_id: str, sku_id: str, *, with_bin: bool = False) -> Product:
        """Raises 404, also for a SKU of another product."""
        parent = self.product(product_id, with_bin=with_bin)
        found = find_sku(self.project.pk, self.ids, sku_id, with_bin=with_bin)
        if found is None or found.parent_id != parent.pk:
            raise not_found("sku", sku_id)
        return found

    def _shown(self, stored: GoodsStored) -> Response:
        row = skus_of(self.project.pk).get(pk=stored.pk)
        return Response(self.get_serializer(row).data)


class SkuViewSet(GoodsViewSet):
    """SKUs by id or source id, whatever their product."""

    queryset = Product.objects.all()
    serializer_class = SkuSerializer
    required_scopes = (ApiScope.SKUS,)
    id_prefix, source_id_field, resource_name = "sku", "sku", "sku"
    id_says = "The id of the SKU, `sku_…`, or its source id."
    lookup_url_kwarg = "sku_id"

    def get_queryset(self) -> QuerySet[Product]:
        return skus_of(self.project.pk)

    @extend_schema(summary="Read one SKU")
    def retrieve(self, request: Request, sku_id: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)
