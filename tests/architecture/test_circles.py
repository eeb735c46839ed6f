"""No two modules lead back to each other, not even for type checking."""

from __future__ import annotations

from tests.architecture.circles import circles
from tests.architecture.reading import Module, project


def test_there_is_no_circle() -> None:
    assert circles(module for module in project() if not module.is_test) == []


def test_control_circles_are_seen_wherever_they_hide() -> None:
    open_ones = [
        Module("orders/a.py", "from orders import b"),
        Module("orders/b.py", "def f():\n    from orders.c import g"),
        Module("orders/c.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from orders.a import f"),
        Module("orders/d.py", "import orders.a"),
    ]
    assert circles(open_ones) == [["orders.a", "orders.b", "orders.c"]]
    assert circles(open_ones[1:]) == []
