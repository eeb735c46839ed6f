"""The API without its resources: Django REST framework with our keys, rates, errors and lists.

A new address is a viewset, as DRF's documentation has it, below `PartnerViewSet` (or `OfficeViewSet`) of
`integrations.api.partner_views`, registered with a `urlconf.Router` in the `urls` of its room:

    class ShelfPages(PublishedPages):
        data_ref = "shelves"

    class ShelfSerializer(StructSerializer):            # answers: a Struct, which describes itself in the document
        struct = shapes.Shelf

        def documents(self, rows):                       # all rows of a page at once: no statement per row
            return [shapes.Shelf(self.ids.give("shelf", row.pk), row.name) for row in rows]

    class NewShelfSerializer(serializers.Serializer):    # small bodies: DRF's serializers; large ones: StructSerializer
        name = serializers.CharField(max_length=300)

    class ShelfQuery(QuerySerializer):                   # parameters beside those of pages, order and filters
        hide = OneOfField(("", "sku"), help_text="...")

    class ShelfViewSet(ListModelMixin, PartnerViewSet):
        queryset = Shelf.objects.all()                   # narrowed to the project of the key
        serializer_class = ShelfSerializer
        pagination_class = ShelfPages
        filterset_class = filters.SHELVES                # of django-filter; names may have brackets: created_at[before]
        ordering_fields = both_ways(created_at="created_at")
        query_serializer_classes = {"retrieve": ShelfQuery}      # `self.query["hide"]`
        required_scopes = (ApiScope.SHELVES,)            # every action; one more: required_scopes_by_action
        id_prefix, source_id_field, resource_name = "shelf", "source_id", "shelf"
        id_says = "The id of the shelf, `shelf_...`, or its source id."
        skips_empty_parameters = True                    # `order=` is how the JavaScript SDK writes null

        @extend_schema(summary="Read one shelf")         # every method but `list` says its summary
        def retrieve(self, request, public_id): ...      # self.get_object(): by id, else source id; else 404

        @extend_schema(summary="Make a shelf", request=NewShelfSerializer, responses={409: refusal("It is there.")})
        @idempotent                                      # whatever starts or creates something
        def create(self, request):
            asked = self.validated(NewShelfSerializer)   # raises 400 naming the property

        @action(detail=False, methods=["post"], url_path="bulk/async", rate_type=rates.BULK_API_CALLS)
        def bulk(self, request): ...

Fixed words win over ids, and an id keeps its encoded slashes (`urlconf`). A body of thousands of rows is read from its
bytes: `parser_classes = [UnparsedJsonParser]`. Services know nothing of all this; their refusals become an `ApiError`
(`problems`: `bad_payload`, `not_found`, ...) in the view. `filters[name][conditions][$is]=x` is a `BracketsField`,
`ids[]=a` a `TextsField` of the query serializer.
"""
