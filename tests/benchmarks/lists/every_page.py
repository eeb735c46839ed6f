"""What is visited: every list with every filter, sorting and kind of search, pages of rows, and every GET of the API.

A visit has a name that is the same in a small and a large book, and an address, which is of one book.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.benchmarks.lists.book_world import World


class Visit(NamedTuple):
    name: str
    address: str


# By kind of question; the same in every list, whatever it understands of them.
SEARCHES = {
    "a number": "100500",
    "part of a number": "1005",
    "one letter": "j",
    "a frequent word": "jana",
    "two frequent words": "jana brno",
    "three frequent words": "jana brno example",
    "a whole e-mail": "jana.novakova330@mail.example",
    "part of an e-mail": "jana.nov",
    "a SKU": "SKU-00041",
    "a phone": "+420 600 633 520",
    "a paper": "IN2026000990",
    "a parcel": "RR000008483CZ",
    "no hit": "zzzzqqq",
}
# Further pages of the site, and pages of rows that have addresses of their own.
OTHERS = (
    "/",
    "/where/",
    "/orders/invoice/files/",
    "/stock/stockposting/receive/",
    "/stock/stockposting/count/",
)
# Own addresses of rows that only read, but for files that are made anew.
UNREAD = {"export", "pdf", "slips", "pick", "file", "files", "sample", "failed_rows"}
TABS_OF_ERRORS = ("failed", "ignored", "pending", "dismissed", "imported")


def of_admin(world: World, browser: Any) -> Iterator[Visit]:
    from django.contrib import admin

    from config.kit.admin.model_admins import TenantAdmin

    for address in OTHERS:
        yield Visit(f"page {address}", address)
    for kind, words in SEARCHES.items():
        yield Visit(f"where is my order: {kind}", f"/where/?{urlencode({'q': words})}")
    for each in admin.site._registry.values():
        if isinstance(each, TenantAdmin):
            answer = browser.get(each.url("changelist"))
            yield from _list(world, answer, each)
            yield from _rows(answer.wsgi_request, each)


def _list(world: World, answer: Any, admin: Any) -> Iterator[Visit]:
    name, address, shown = f"{admin.opts.model_name} list", admin.url("changelist"), answer.context["cl"]
    yield Visit(name, address)
    if shown.paginator.num_pages > 1:
        yield Visit(f"{name}: second page", f"{address}?p=2")
        yield Visit(f"{name}: last page", f"{address}?p={shown.paginator.num_pages}")
    for spec in shown.filter_specs:
        if hasattr(spec, "first_name"):
            yield Visit(f"{name}: 30 days", f"{address}?{spec.first_name}=30days")
            years = urlencode({spec.first_name: "2025-01-01", spec.last_name: "2025-06-30"})
            yield Visit(f"{name}: months of last year", f"{address}?{years}")
            continue
        for key, label in spec.lookup_choices:
            yield Visit(f"{name}: {spec.parameter_name} {label}", f"{address}?{urlencode({spec.parameter_name: key})}")
    for place, column in enumerate(shown.list_display):
        if admin.model and shown.get_ordering_field(column):
            for sign in ("", "-"):
                yield Visit(f"{name}: sorted {sign}{column}", f"{address}?o={sign}{place}")
    if admin.search_fields:
        for kind, words in SEARCHES.items():
            yield Visit(f"{name}: search {kind}", f"{address}?{urlencode({'q': words})}")
    if admin.hidden_at_first:
        yield Visit(f"{name}: every column", f"{address}?view={_view_of_all(world, admin)}")


def _view_of_all(world: World, admin: Any) -> int:
    from integrations.models import SavedView

    wanted = {"list_name": f"{admin.opts.app_label}_{admin.opts.model_name}", "name": "Everything"}
    view, _made = SavedView.objects.get_or_create(
        project_id=world.project, person_id=world.person, **wanted, defaults={"columns": list(admin.list_display)}
    )
    return int(view.pk)


def _rows(request: Any, admin: Any) -> Iterator[Visit]:
    from config.kit.admin.guards import guard_of

    rows = admin.get_queryset(request).order_by("-pk")
    newest = rows.values_list("pk", flat=True).first()
    if newest is None:
        return
    old = rows.filter(pk__lte=newest // 2 + 1).values_list("pk", flat=True).first() or newest
    carried = urlencode({"_changelist_filters": "p=1"})
    for kind, pk in (("newest", newest), ("an old one", old)):
        yield Visit(f"{admin.opts.model_name} page: {kind}", admin.url("change", pk))
        yield Visit(f"{admin.opts.model_name} page: {kind}, from its list", f"{admin.url('change', pk)}?{carried}")
    for route, view, name in admin.routes():
        guard = guard_of(view)
        if guard is None or "GET" not in guard.methods:
            continue
        if name not in UNREAD and route.count("<") == ("<int:pk>" in route):
            numbers = [newest] if "<int:pk>" in route else []
            yield Visit(f"{admin.opts.model_name} page {name}", admin.url(name, *numbers))


# By parameter of the API: what is asked. Ids of rows are found in the lists themselves.
ASKED = {
    "number": ("100500", "IN2026000990"), "q": tuple(SEARCHES.values()), "email": ("jana.novakova330@mail.example",),
    "name": ("jana novakova", "nobody"), "city": ("Brno", "Atlantis"), "source_id": ("cust-101",),
    "sku": ("SKU-00041",), "sku_prefix": ("SKU-0004",), "platform": ("woocommerce",),
    "reason_code": ("unknown_product", "imported"),
    "external_id": ("500700",), "limit": ("100",), "page": ("2", "99"),
}  # fmt: skip
KINDS = {
    "integration": ("int", "shops"), "warehouse": ("whs", "warehouses"), "segment": ("seg", "segment"),
    "segment_id": ("seg", "segment"), "webhook": ("wh", "endpoint"), "distribution": ("dist", "distributions"),
}  # fmt: skip
# Rows of a few thousand orders from the start: what a customer, a product or an order is asked by.
SOME = {"customer": ("cust", 202), "order": ("ord", 502), "product": ("prod", 42)}
FROM, UNTIL = "2025-01-01T00:00:00Z", "2025-07-01T00:00:00Z"


def of_api(world: World, caller: Any) -> Iterator[Visit]:
    from drf_spectacular.generators import SchemaGenerator

    document: Any = SchemaGenerator
    paths = document().get_schema(public=True)["paths"]
    for path, operations in sorted(paths.items()):
        if "get" in operations and "openapi" not in path:
            told = {
                each["name"]: each["schema"]
                for each in operations["get"].get("parameters", ())
                if each["in"] == "query"
            }
            if "{" not in path:
                yield from _of_list(world, caller, path, told)
            else:
                yield from _of_row(world, caller, path, told)


def _of_list(world: World, caller: Any, path: str, told: dict[str, Any]) -> Iterator[Visit]:
    if "ask_shops" in told:
        for kind, words in SEARCHES.items():
            yield Visit(f"API {path}: {kind}", f"{path}?{urlencode({'q': words})}")
        return
    yield Visit(f"API {path}", path)
    for name, schema in told.items():
        for value in _values(world, path, name, schema):
            # A public id is another one in each book.
            said = name if name in KINDS or value.startswith(("ord_", "cust_", "prod_")) else f"{name} {value}"
            yield Visit(f"API {path}: {said}", f"{path}?{urlencode({name: value})}")
    if "after" in told:
        first = json.loads(caller.get(path).content)
        if first["next"]:
            yield Visit(f"API {path}: next page", f"{path}?{urlencode({'after': first['next']})}")
            yield Visit(f"API {path}: deep", f"{path}?{urlencode({'after': _deep(world, path, first)})}")


def _values(world: World, path: str, name: str, schema: dict[str, Any]) -> list[str]:
    if (name == "order" and schema.get("enum")) or (name not in ASKED and schema.get("enum")):
        return [value for value in schema["enum"] if value]
    if name in KINDS:
        kind, field = KINDS[name]
        found = getattr(world, field)
        return [_id(world, kind, pk) for pk in (found[:2] if isinstance(found, tuple) else [found])]
    if name in SOME:
        return [_id(world, *SOME[name])]
    if name.endswith(("_from", "[after]", "start_date")):
        return [FROM]
    if name.endswith(("_before", "[before]", "end_date")):
        return [UNTIL]
    return [
        value for value in ASKED.get(name, ()) if name != "number" or ("invoices" in path) == value.startswith("IN")
    ]


def _id(world: World, kind: str, pk: int) -> str:
    from config.kit.public_ids import PublicIds
    from integrations.models import Project

    return PublicIds(bytes(Project.objects.get(pk=world.project).id_key)).give(kind, pk)


def _deep(world: World, path: str, first: dict[str, Any]) -> str:
    """A cursor in the middle of the list."""
    from config.kit.public_ids import PublicIds
    from integrations.models import Project
    from orders.models import Order

    cursor = str(first["next"])
    at, _, public_id = cursor.rpartition("~")
    kind = public_id.partition("_")[0]
    last = PublicIds(bytes(Project.objects.get(pk=world.project).id_key)).take(kind, public_id) or 1
    middle = _id(world, kind, last // 2 + 1)
    if not at:
        return middle
    placed = Order.objects.filter(pk=last // 2 + 1).values_list("placed_at", flat=True)[0]
    return f"{placed.isoformat().replace('+00:00', 'Z')}~{middle}"


def _of_row(world: World, caller: Any, path: str, told: dict[str, Any]) -> Iterator[Visit]:
    of, _, rest = path.partition("/{")
    rest = rest.partition("}")[2]
    if rest in {"/pdf", "/packing-slip", "/report"}:
        return
    if of == "/v1/skus":
        yield Visit(f"API {path}", f"{of}/SKU-00041")
        return
    answer = json.loads(caller.get(of).content)
    found = answer.get("data") or answer.get(answer.get("data_ref"))
    if found:
        chosen = found[-1]["id"]
        if of.endswith("/segments"):
            chosen = _id(world, "seg", world.segment)
        address = f"{of}/{chosen}{rest}"
        yield Visit(f"API {path}", address)
        if told and rest:
            yield from _of_list(world, caller, address, told)
