"""How a simulated shop speaks. A new platform is a package here that offers its `DIALECT`; there is no list."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from integrations.simulator.dialects.dialect import Dialect


@cache
def found() -> dict[str, Dialect]:
    """Every dialect by its key, which is the connector's."""
    names = [each.name for each in iter_modules(__path__) if each.ispkg]
    return {name: import_module(f"{__name__}.{name}").DIALECT for name in names}


def get(key: str) -> Dialect:
    """Raises KeyError."""
    return found()[key]
