"""What the API is asked for exports, as JSON types: one for each kind of row, made of its description."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Annotated, Any

from msgspec import Meta, Struct, defstruct

from orders.exported.all_rows import EXPORTED
from orders.exported.describing import Exported
from orders.exported.file_wishes import LONGEST_FIELD, MOST_FIELDS, MOST_FILTERS

FILTERS = (
    'E.g. `{"junction": "and", "created_at": {"conditions": {"$after": ["2026-01-01T00:00:00Z"]}}}`; the operators of a'
    " field are named where another is sent."
)


class ExportAsked(Struct):
    """As it is read; the parameters are checked by the description of the kind."""

    exported_object: str
    parameters: dict[str, Any] | None = None


class OrdersExportAsked(Struct):
    parameters: dict[str, Any] | None = None


def _parameters(exported: Exported) -> type[Struct]:
    free = "|".join(exported.free)
    names = "|".join(exported.fields)
    pattern = f"^(?:{names}|(?:{free})\\..+)$"
    field = Annotated[str, Meta(pattern=pattern, max_length=LONGEST_FIELD - 1)]
    able = ", ".join([*exported.criteria, *(f"{column}.X" for column in exported.free)])
    says = f"By {able}. {FILTERS}"
    order = Annotated[str | None, Meta(extra_json_schema={"enum": [*exported.orders, None]})]
    listed = Annotated[list[field], Meta(max_length=MOST_FIELDS)]
    fields = Annotated[listed | None, Meta(description="The columns of the file.")]
    filters = Annotated[
        Annotated[dict[str, Any], Meta(max_length=MOST_FILTERS)] | Annotated[list[Any], Meta(max_length=0)] | None,
        Meta(description=says),
    ]
    return defstruct(
        f"{exported.name.capitalize()}ExportParameters",
        [("order", order, None), ("fields", fields, None), ("filters", filters, None)],
        namespace={"__doc__": f"Which {exported.name}s go into the file, in which order, and which of their fields."},
        forbid_unknown_fields=True,
        module=__name__,
    )


def _body(exported: Exported) -> type[Struct]:
    return defstruct(
        f"{exported.name.capitalize()}Export",
        [("parameters", PARAMETERS[exported.name] | None, None)],
        namespace={"__doc__": f"A file of {exported.name}s; by default of {', '.join(exported.default)}."},
        tag_field="exported_object",
        tag=exported.name,
        module=__name__,
    )


PARAMETERS = {name: _parameters(exported) for name, exported in EXPORTED.items()}
NewExport = reduce(or_, map(_body, EXPORTED.values()))
NewOrdersExport = defstruct(
    "NewOrdersExport",
    [("parameters", PARAMETERS["order"] | None, None)],
    namespace={"__doc__": "What an export of orders is asked for; nothing: id, source_id and status of all orders."},
    module=__name__,
)
