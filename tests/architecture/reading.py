"""Reads Python files without importing them: what they import, however they do it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

CHECKOUT = Path(__file__).resolve().parents[2]
APPS = ("config", "integrations", "orders", "stock")
EDGES = frozenset({"admin", "api", "management", "urls", "views", "apps", "simulator"})
LOADERS = frozenset({"import_module", "import_string", "import_attribute", "__import__"})


@dataclass(frozen=True)
class Import:
    """One imported thing by its full dotted path: `from orders import admin` is `orders.admin`."""

    target: str
    line: int

    @property
    def root(self) -> str:
        return self.target.split(".")[0]

    @property
    def is_edge(self) -> bool:
        parts = self.target.split(".")
        return parts[0] in APPS and parts[0] != "config" and len(parts) > 1 and parts[1] in EDGES


@dataclass(frozen=True)
class Module:
    """One file of the project; `path` is relative to the checkout."""

    path: str
    source: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source, self.path)

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """("orders", "models", "orders") of orders/models/orders.py; a package is its folder's name."""
        parts = PurePosixPath(self.path).with_suffix("").parts
        return parts[:-1] if parts[-1] == "__init__" else parts

    @property
    def app(self) -> str:
        return self.parts[0] if self.parts else ""

    @property
    def is_migration(self) -> bool:
        return "migrations" in self.parts

    @property
    def is_test(self) -> bool:
        return self.app == "tests"

    @property
    def is_edge(self) -> bool:
        return self.app in APPS and self.app != "config" and len(self.parts) > 1 and self.parts[1] in EDGES

    @property
    def is_kit(self) -> bool:
        return self.parts[:2] == ("config", "kit")

    @property
    def is_core(self) -> bool:
        return self.app in APPS and self.app != "config" and not self.is_edge and not self.is_migration

    @cached_property
    def imports(self) -> tuple[Import, ...]:
        """Every import, also inside functions, relative ones, and models fetched by name."""
        return tuple(found for node in ast.walk(self.tree) for found in self._imports_of(node))

    def _imports_of(self, node: ast.AST) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = self._package(node)
            yield from (Import(f"{package}.{alias.name}".strip("."), node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and (text := first_text(node)):
            called = name_of(node.func)
            if called == "get_model":
                yield Import(f"{text.split('.')[0]}.models", node.lineno)
            elif called in LOADERS:
                yield Import(text, node.lineno)

    def _package(self, node: ast.ImportFrom) -> str:
        """The absolute name of what stands between `from` and `import`."""
        if not node.level:
            return node.module or ""
        is_package = self.path.endswith("__init__.py")
        up = node.level - 1 if is_package else node.level
        base = self.parts[: len(self.parts) - up]
        return ".".join([*base, *([node.module] if node.module else [])])


def name_of(node: ast.AST) -> str:
    """The last name of `a.b.c` or `c`; "" for anything else."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def dotted(node: ast.AST) -> str:
    """`transaction.atomic` of such an expression; "" where it does not begin with a name."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        begin = dotted(node.value)
        return f"{begin}.{node.attr}" if begin else ""
    return ""


def first_text(call: ast.Call, keyword: str = "") -> str:
    """The first argument when it is a literal text, or the named one; "" otherwise."""
    named = [word.value for word in call.keywords if keyword and word.arg == keyword]
    for value in (call.args[:1] or named)[:1]:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return value.value
    return ""


def project() -> list[Module]:
    """All Python files of the four apps, the tests and the top folder."""
    folders = [CHECKOUT / name for name in (*APPS, "tests")]
    files = [*CHECKOUT.glob("*.py"), *(file for folder in folders for file in folder.rglob("*.py"))]
    return [
        Module(file.relative_to(CHECKOUT).as_posix(), file.read_text(encoding="utf-8"))
        for file in sorted(files)
        if file.is_file()
    ]
