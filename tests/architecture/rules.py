"""The rules of the house. Each takes a module and yields sentences about what is wrong with it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from fnmatch import fnmatch

from tests.architecture.reading import APPS, Import, Module, dotted, first_text, name_of

Rule = Callable[[Module], Iterator[str]]

# What the core of an app may import beside its own and the kit.
RIGHT_OF = {"integrations": {"orders", "stock"}, "orders": {"stock"}, "stock": set[str]()}
# Shared by everybody; knows nothing of ours.
KIT = "config.kit"

PURE = (
    "config/kit/amounts.py",
    "config/kit/refusals.py",
    "orders/intake/incoming.py",
    "orders/intake/plans.py",
    "orders/intake/choosing.py",
    "orders/customers/customer_objects.py",
    "orders/partners/published.py",
    "orders/segments/conditions.py",
    "integrations/importing/rules.py",
    "integrations/connectors/*",
    "integrations/warehouses/columns.py",
    "integrations/warehouses/file_layout.py",
    "integrations/warehouses/presets.py",
    "integrations/warehouses/source_rows.py",
    "integrations/warehouses/typed_rows.py",
    "stock/availability.py",
    "stock/barcodes.py",
    "stock/goods/known.py",
    "stock/goods/sent_fields.py",
)
IO_MODULES = frozenset(
    {"asyncio", "concurrent", "django_rq", "ftplib", "http", "io", "multiprocessing", "os", "pathlib", "psycopg"}
    | {"redis", "requests", "requests_oauthlib", "rq", "select", "shutil", "signal", "smtplib", "socket", "sqlite3"}
    | {"ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib3"}
)
# Reading the clock is I/O too: the same payload must always read the same.
IO_CALLS = frozenset({"open", "print", "input", "now", "utcnow", "today"})
# Pure modules that may ask for the time nevertheless, each with its reason.
CLOCK_READERS = {
    "integrations/connectors/kit/stamps.py": "a stamp is refused when it lies in the future, whatever shop sent it"
}

# What tells this machine's time, which may be wrong; it is `config.kit.true_time` that is stored and compared.
CLOCKS = ("timezone.now", "timezone.localdate", "datetime.now", "datetime.utcnow", "datetime.today", "date.today")
# Who may ask them nevertheless: the kit, which corrects them, the readers above, and shops, which have their own.
CLOCK_OWNERS = ("config/kit/true_time.py", *CLOCK_READERS, "integrations/simulator/*")

OWNERS = {
    "requests": ("integrations/client/*",),
    "urllib3": ("integrations/client/*",),
    "rq": ("integrations/runs/queue.py", "config/*"),
    "django_rq": ("integrations/runs/queue.py", "config/*"),
    "reportlab": ("orders/documents/paper/*", "config/site/login/qr_code.py"),
    "waitress": ("config/running/front.py",),
    "paramiko": ("integrations/client/file_servers/*", "integrations/simulator/file_server.py"),
    "ftplib": ("integrations/client/file_servers/*",),
    "aiosmtpd": ("integrations/simulator/mailbox.py",),  # of the extra `demo`: a site has none
}

# Who may use the network: shops are asked at the pace that all workers keep together.
ASKERS = (
    "integrations/client/*",
    "integrations/shops/ask.py",
    "integrations/warehouses/serving.py",  # file servers
    "integrations/webhooks/sender.py",  # receivers of webhooks
    "integrations/distributions/dispatch.py",  # mail servers
    "integrations/access/site_letters.py",  # the site's own mail server
    "integrations/shop_webhooks/signing_keys.py",
)

# Who may ring for what follows: those who write down what is due. Everybody else leaves it to them.
RINGERS = (
    "integrations/apps.py",  # fills the slot of orders.bell
    "integrations/runs/queue.py",
    "integrations/follow_up/steps.py",
    "integrations/distributions/dispatch.py",
    "integrations/distributions/authoring.py",
    "integrations/webhooks/deliveries.py",
    "integrations/webhooks/endpoints.py",
)

UPWARD_TO_ALL = frozenset({"integrations.Account", "integrations.Project"})
UPWARD_OF_ORDER = frozenset({"integrations.Integration", "integrations.RemoteOrder", "integrations.Run"})
RELATIONS = frozenset({"ForeignKey", "OneToOneField", "ManyToManyField"})

# Files that may catch everything, each with its reason: where the error is told and recorded.
BARRIERS: dict[str, str] = {
    "config/kit/isolating.py": "a fault of ours is told of the row it concerns, and the others land",
    "integrations/runs/worker.py": "a fault of ours is recorded on the run it ended",
    "integrations/follow_up/steps.py": "a fault of ours in one step is told without its data, and the others go on",
    "integrations/importing/payloads.py": "a fault of ours is recorded on the order it concerns, and the page lands",
}

LONGEST_FILE, LONGEST_FUNCTION = 400, 60


def direction(module: Module) -> Iterator[str]:
    """config > edges > integrations > orders > stock; the kit is everybody's, the tests are nobody else's."""
    for found in module.imports:
        if found.root == "tests" and not module.is_test:
            yield at(module, found.line, f"imports {found.target}: the tests are for tests only")
        if found.target.startswith(f"{KIT}."):
            continue
        if module.is_kit and found.root in APPS:
            yield at(module, found.line, f"imports {found.target}: the kit knows nothing of ours")
        if module.is_edge and found.root == "config":
            yield at(module, found.line, f"imports {found.target}: an edge does not know config")
        if module.is_core and found.root in APPS:
            yield from _core(module, found)


def _core(module: Module, found: Import) -> Iterator[str]:
    if found.is_edge:
        yield at(module, found.line, f"imports {found.target}: a core module does not import an edge")
    elif found.root != module.app and found.root not in RIGHT_OF[module.app]:
        yield at(module, found.line, f"imports {found.target}: {module.app} does not know {found.root}")


def edges_open_no_transaction(module: Module) -> Iterator[str]:
    if not module.is_edge:
        return
    for found in module.imports:
        if found.target in {"django.db.transaction.atomic", "django.db.transaction.set_autocommit"}:
            yield at(module, found.line, "an edge opens no transaction")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and (
            node.attr == "select_for_update" or dotted(node).endswith(("transaction.atomic", "set_autocommit"))
        ):
            yield at(module, node.lineno, f"{node.attr}: an edge opens no transaction")


def pure_modules_are_pure(module: Module) -> Iterator[str]:
    if not is_pure(module.path):
        return
    for found in module.imports:
        if reason := _impurity(found):
            yield at(module, found.line, f"imports {found.target}: {reason}")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and name_of(node.func) in IO_CALLS - _may_call(module.path):
            yield at(module, node.lineno, f"calls {name_of(node.func)}: a pure module does no I/O")


def _may_call(path: str) -> frozenset[str]:
    return frozenset({"now", "today"}) if path in CLOCK_READERS else frozenset()


def is_pure(path: str) -> bool:
    return any(fnmatch(path, pattern) for pattern in PURE)


def _impurity(found: Import) -> str:
    parts = found.target.split(".")
    if parts[0] in IO_MODULES or found.target.startswith("urllib.request"):
        return "a pure module does no I/O"
    if parts[0] == "django":
        return "a pure module does not need Django"
    if parts[0] in APPS and len(parts) > 1 and parts[1] != "choices" and not _is_pure_target(parts):
        return "a pure module knows pure modules and choices alone"
    return ""


def _is_pure_target(parts: list[str]) -> bool:
    """Whether a dotted path leads into a pure module or room; the path may go on to a name inside of it."""
    ways = ["/".join(parts[:depth]) for depth in range(2, len(parts) + 1)]
    return any(is_pure(f"{way}.py") or is_pure(f"{way}/") for way in ways)


def sole_owners(module: Module) -> Iterator[str]:
    if module.is_test:
        return
    for found in module.imports:
        owners = OWNERS.get(found.root)
        if owners and not any(fnmatch(module.path, owner) for owner in owners):
            yield at(module, found.line, f"imports {found.target}: only {', '.join(owners)} may")


def shops_are_asked_one_way(module: Module) -> Iterator[str]:
    if module.is_test or any(fnmatch(module.path, asker) for asker in ASKERS):
        return
    for found in module.imports:
        asks = found.target == "integrations.client" or found.target.startswith("integrations.client.")
        if asks and not found.target.startswith("integrations.client.addresses."):  # judges addresses, asks nobody
            yield at(module, found.line, f"imports {found.target}: shops are asked by integrations.shops.ask")


def whoever_writes_it_down_rings(module: Module) -> Iterator[str]:
    if module.is_test or module.path in RINGERS:
        return
    lines = [found.line for found in module.imports if found.target.endswith(".ring_follow_up")]
    lines += [
        node.lineno
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr == "ring_follow_up"
    ]
    for line in lines:
        yield at(module, line, "rings for what follows: whoever writes it down does (orders/bell.py)")


def time_is_the_databases(module: Module) -> Iterator[str]:
    if module.is_test or module.is_migration or any(fnmatch(module.path, owner) for owner in CLOCK_OWNERS):
        return
    for found in module.imports:
        if found.target == "time.time" or found.target.endswith(tuple(f".{name}" for name in CLOCKS)):
            yield at(module, found.line, f"imports {found.target}: ask config.kit.true_time")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            name = dotted(node)
            if name == "time.time" or f".{name}".endswith(tuple(f".{clock}" for clock in CLOCKS)):
                yield at(module, node.lineno, f"{name}: ask config.kit.true_time")
        if isinstance(node, ast.keyword) and node.arg in {"auto_now", "auto_now_add"}:
            yield at(module, node.value.lineno, f"{node.arg} is this machine's time: default=true_time.now")


def relations_point_down(module: Module) -> Iterator[str]:
    """Foreign keys to the left only as text and only the agreed ones; integrations has none to the right."""
    if module.app not in RIGHT_OF or module.is_migration:
        return
    names = {found.target.rsplit(".", 1)[-1]: found.root for found in module.imports if found.root in APPS}
    for node in ast.walk(module.tree):
        for call in node.body if isinstance(node, ast.ClassDef) else ():
            for inner in ast.walk(call):
                if isinstance(inner, ast.Call) and name_of(inner.func) in RELATIONS:
                    yield from _relation(module, inner, node.name if isinstance(node, ast.ClassDef) else "", names)


def _relation(module: Module, call: ast.Call, owner: str, names: dict[str, str]) -> Iterator[str]:
    target = first_text(call, "to") or (name_of(call.args[0]) if call.args else "")
    app = target.split(".")[0] if "." in target else names.get(target, module.app)
    if app not in RIGHT_OF or app == module.app:
        return
    if app in RIGHT_OF[module.app]:
        if module.app == "integrations":
            yield at(module, call.lineno, f"{owner} points to {target}: integrations holds no key to {app}")
        return
    allowed = UPWARD_TO_ALL | (UPWARD_OF_ORDER if (module.app, owner) == ("orders", "Order") else frozenset())
    if target not in allowed:
        yield at(module, call.lineno, f"{owner} points to {target}: not one of the agreed upward keys")


def constants_are_explained_above(module: Module) -> Iterator[str]:
    """What a constant means stands above it as a comment; a string below it is easily read as the next thing's."""
    for before, node in zip(module.tree.body, module.tree.body[1:], strict=False):
        is_text = (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        )
        if is_text and isinstance(before, ast.Assign | ast.AnnAssign):
            yield at(module, node.lineno, "say above the constant what it means")


def refusals_have_one_base(module: Module) -> Iterator[str]:
    """Whoever catches a refusal finds its sentence and its field (`config.kit.refusals`)."""
    for node in module.tree.body if module.is_core else ():
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Refused", "Meanwhile")):
            bases = {name_of(base) for base in node.bases}
            if bases and not any(base.endswith("Refused") for base in bases):
                yield at(module, node.lineno, f"{node.name} is no `Refused`")


def no_signals(module: Module) -> Iterator[str]:
    for found in module.imports:
        parts = found.target.split(".")
        if parts[0] == "django" and ("signals" in parts or found.target.startswith("django.dispatch")):
            yield at(module, found.line, f"imports {found.target}: control flow is called by name")


def no_utils(module: Module) -> Iterator[str]:
    if "utils" in module.parts:
        yield at(module, 1, "a module is named for what it does")


def no_broad_except(module: Module) -> Iterator[str]:
    if module.path in BARRIERS:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler) and (node.type is None or _is_broad(node.type)):
            yield at(module, node.lineno, "catches everything: name what you can handle")
        if isinstance(node, ast.Call) and name_of(node.func) == "suppress" and any(map(_is_broad, node.args)):
            yield at(module, node.lineno, "suppresses everything: name what you can handle")


def _is_broad(node: ast.expr) -> bool:
    members = node.elts if isinstance(node, ast.Tuple) else [node]
    return any(name_of(member) in {"Exception", "BaseException"} for member in members)


def nothing_is_read_by_a_cursor_of_the_server(module: Module) -> Iterator[str]:
    """Behind a pooler that lends connections by the transaction such a cursor is gone at its second portion."""
    if module.is_test:
        return
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        named = node.func.attr == "cursor" and (node.args or any(word.arg == "name" for word in node.keywords))
        if node.func.attr in {"iterator", "aiterator", "chunked_cursor"} or named:
            yield at(module, node.lineno, f"{node.func.attr}: rows are read by `config.kit.row_portions`")


def files_are_short(module: Module) -> Iterator[str]:
    """Generated migrations are as long as they are."""
    lines = len(module.source.splitlines())
    if lines > LONGEST_FILE and not module.is_migration:
        yield at(module, lines, f"{lines} lines, more than {LONGEST_FILE}")


def functions_are_short(module: Module) -> Iterator[str]:
    if module.is_test or module.is_migration:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield at(module, node.lineno, f"{node.name} has {lines} lines, more than {LONGEST_FUNCTION}")


def at(module: Module, line: int, sentence: str) -> str:
    return f"{module.path}:{line}: {sentence}"


RULES: tuple[Rule, ...] = (
    direction,
    edges_open_no_transaction,
    pure_modules_are_pure,
    sole_owners,
    shops_are_asked_one_way,
    whoever_writes_it_down_rings,
    time_is_the_databases,
    relations_point_down,
    constants_are_explained_above,
    refusals_have_one_base,
    no_signals,
    no_utils,
    no_broad_except,
    nothing_is_read_by_a_cursor_of_the_server,
    files_are_short,
    functions_are_short,
)
