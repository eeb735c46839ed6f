"""The platforms that can be connected. A new one is a package here that offers its `CONNECTOR`; there is no list."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from integrations.connectors.contract import Connector

# Packages here that are no platforms.
_SHARED = {"kit"}


class UnknownPlatform(KeyError):
    """No connector has this key."""

    def __str__(self) -> str:
        return f"There is no connector {self.args[0]!r}; there are: {', '.join(found())}."


@cache
def found() -> dict[str, Connector]:
    """Every connector by its key, in the order of the lists people see."""
    names = [each.name for each in iter_modules(__path__) if each.ispkg and each.name not in _SHARED]
    connectors: list[Connector] = [import_module(f"{__name__}.{name}").CONNECTOR for name in names]
    return {connector.key: connector for connector in sorted(connectors, key=lambda each: (each.rank, each.label))}


def get(key: str) -> Connector:
    """Raises UnknownPlatform."""
    try:
        return found()[key]
    except KeyError:
        raise UnknownPlatform(key) from None


def all_connectors() -> tuple[Connector, ...]:
    return tuple(found().values())


def shop_connectors() -> tuple[Connector, ...]:
    """Those that can be asked: all but those that files are exchanged with."""
    return tuple(connector for connector in all_connectors() if not connector.by_files)


def platform_choices() -> list[tuple[str, str]]:
    """For Django fields: a callable, so that a new platform needs no migration."""
    return [(connector.key, connector.label) for connector in all_connectors()]
