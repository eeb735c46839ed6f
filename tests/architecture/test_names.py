"""Every room is found by its name: no two modules of one stem, no class name twice, files short enough to be read."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from statistics import median, quantiles

import pytest

from integrations.connectors import all_connectors
from tests.architecture.reading import APPS, Module, project

# Modules that every app has under the same name, so that their paths can be guessed.
SKELETON = frozenset({"choices", "filters", "invariants"})
MODELS = "models"
ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ed", "es", "s", "y", "e")
LONGEST_MEDIAN, LONGEST_USUAL_FUNCTION = 100, 18
# Modules that may lie in an app's own folder: a subject with more than one has a room.
MOST_FLAT = 14


def is_core(module: Module) -> bool:
    """What is named for what it does: not edges, migrations, the demo, and not the parts every platform has."""
    if module.app == "config":
        return module.parts[1:2] in {("kit",), ("running",), ("site",)}
    return module.is_core and not is_platform(module)


def is_platform(module: Module) -> bool:
    platforms = {connector.key for connector in all_connectors()}
    return module.parts[:2] == ("integrations", "connectors") and bool(platforms & set(module.parts))


def stem(name: str) -> str:
    """What is left of a name without its endings: `deliveries` and `delivering` are one."""

    def of_word(word: str) -> str:
        return next((word[: -len(end)] for end in ENDINGS if word.endswith(end) and len(word) - len(end) >= 3), word)

    return "_".join(of_word(word) for word in name.split("_"))


def twins(modules: Iterable[Module]) -> list[list[str]]:
    """Modules whose names have one stem. Packages are no modules: they are named for a subject."""
    by_stem: dict[str, list[str]] = defaultdict(list)
    for module in modules:
        name, is_package = module.parts[-1], module.path.endswith("__init__.py")
        if is_core(module) and not is_package and MODELS not in module.parts and name not in SKELETON:
            by_stem[stem(name)].append(module.path)
    return [paths for paths in by_stem.values() if len(paths) > 1]


def classes_twice(modules: Iterable[Module]) -> list[list[str]]:
    by_name: dict[str, list[str]] = defaultdict(list)
    for module in modules:
        for node in module.tree.body if is_core(module) else ():
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                by_name[node.name].append(f"{module.path}: {node.name}")
    return [places for places in by_name.values() if len(places) > 1]


def crowded(modules: Iterable[Module]) -> list[str]:
    """Apps in whose own folder too many modules lie."""
    flat = Counter(module.app for module in modules if len(PurePosixPath(module.path).parts) == 2)
    return sorted(app for app in APPS if flat[app] > MOST_FLAT)


def functions(module: Module) -> Iterator[int]:
    """How many lines each has."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1


@pytest.fixture(scope="module")
def modules() -> list[Module]:
    return project()


def test_no_two_modules_have_one_stem(modules: list[Module]) -> None:
    assert twins(modules) == []


def test_no_class_name_stands_twice(modules: list[Module]) -> None:
    assert classes_twice(modules) == []


def test_subjects_have_rooms(modules: list[Module]) -> None:
    assert crowded(modules) == []


def test_control_an_app_of_flat_modules_is_seen() -> None:
    flat = [Module(f"orders/thing_{number}.py", "") for number in range(MOST_FLAT + 1)]
    assert (crowded(flat), crowded(flat[1:])) == (["orders"], [])


def test_most_files_and_functions_are_short(modules: list[Module]) -> None:
    ours = [module for module in modules if module.app in APPS and not module.is_migration and module.source]
    assert median(len(module.source.splitlines()) for module in ours) <= LONGEST_MEDIAN
    lengths = [lines for module in ours for lines in functions(module)]
    assert quantiles(lengths, n=10)[-1] <= LONGEST_USUAL_FUNCTION


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("integrations/webhooks/deliveries.py", "integrations/webhooks/delivering.py"),
        ("integrations/importing/rules.py", "orders/points/rules.py"),
        ("orders/documents/issue.py", "stock/issuing.py"),
    ],
)
def test_control_twins_are_seen(one: str, other: str) -> None:
    assert twins([Module(one, ""), Module(other, "")]) == [[one, other]]


def test_control_models_skeleton_and_platforms_are_left_alone() -> None:
    paths = ["orders/models/orders.py", "orders/choices.py", "stock/choices.py", "orders/admin/orders.py"]
    paths += [f"integrations/connectors/{platform}/orders.py" for platform in ("ebay", "ecwid")]
    assert twins(Module(path, "") for path in paths) == []


def test_control_a_class_that_stands_twice_is_seen() -> None:
    one, other = (Module(f"orders/{name}.py", "class Progress: ...") for name in ("intake", "work"))
    assert classes_twice([one, other]) == [["orders/intake.py: Progress", "orders/work.py: Progress"]]
