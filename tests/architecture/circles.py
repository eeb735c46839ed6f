"""Which modules import each other in a circle, read without importing them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.architecture.reading import Module


def circles(modules: Iterable[Module]) -> list[list[str]]:
    """Groups of modules that lead back to each other, also inside functions and for type checking alone."""
    by_name = {".".join(module.parts): module for module in modules}
    leads = {name: _leads(module, by_name) for name, module in by_name.items()}
    return sorted(group for group in _strongly_connected(leads) if len(group) > 1)


def _leads(module: Module, known: Mapping[str, Module]) -> set[str]:
    """The modules it imports; a name inside a package leads to the package that gives it."""
    found = set()
    for each in module.imports:
        target = each.target if each.target in known else each.target.rpartition(".")[0]
        if target in known and known[target] is not module:
            found.add(target)
    return found


def _strongly_connected(leads: Mapping[str, set[str]]) -> list[list[str]]:
    """Tarjan's algorithm, without recursion.

    1. Number the nodes as they are met, and keep those of unfinished groups on a stack.
    2. A node's `low` is the least number it can reach inside the stack.
    3. A node whose `low` is its own number closes a group: all above it on the stack.
    """
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []
    for start in leads:
        if start in number:
            continue
        number[start] = low[start] = len(number)
        stack.append(start)
        path = [(start, iter(sorted(leads[start])))]
        while path:
            node, rest = path[-1]
            following = next(rest, None)
            if following is None:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[node])
                if low[node] == number[node]:
                    place = stack.index(node)
                    groups.append(sorted(stack[place:]))
                    del stack[place:]
            elif following not in number:
                number[following] = low[following] = len(number)
                stack.append(following)
                path.append((following, iter(sorted(leads[following]))))
            elif following in stack:
                low[node] = min(low[node], number[following])
    return groups
