"""The simulated shops as a program beside the site, and where they listen."""

from __future__ import annotations

import os
import random
import socket
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from django.conf import settings

from config.demo.world import DAYS, SHOPS, DemoShop
from config.running.listening import CannotRun, wait_for_port
from config.running.processes import Program, manage


def choose_ports(*, fresh: bool = False) -> dict[DemoShop, int]:
    """Each shop's own port, or any free one where that is taken (always with `fresh`)."""
    return {shop: free_port(0 if fresh else shop.port) for shop in SHOPS}


# Below those that systems give to connections, which might take one before its program listens there.
QUIET = range(10_000, 32_000)


def free_port(wanted: int) -> int:
    """The wanted port of this machine if it is free, else another; 0 for any."""
    for port in (*([wanted] if wanted else []), *random.sample(QUIET, 20)):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port on 127.0.0.1")


def wait_for(name: str, port: int) -> None:
    """Wait until it answers at its port. Raises CannotRun."""
    if not wait_for_port("127.0.0.1", port):
        raise CannotRun(f"{name} does not answer at port {port}: another program may have it. Start again.")


def allow(ports: Iterable[int]) -> None:
    """Let this process and its programs connect to these ports, although they are on this machine."""
    addresses = {f"127.0.0.1:{port}" for port in ports} | set(settings.ALLOWED_SHOP_ADDRESSES)
    os.environ["ALLOWED_SHOP_ADDRESSES"] = ",".join(sorted(addresses))
    settings.ALLOWED_SHOP_ADDRESSES = frozenset(addresses)


def shops_program(ports: Mapping[DemoShop, int], *, orders: int, rate: float) -> Program:
    """All shops in one process: `orders` of history each, then `rate` new ones a minute; kept in the data folder."""
    state = Path(settings.DATA_DIR) / "shops"
    state.mkdir(exist_ok=True)
    command = [sys.executable, manage(), "simulate_shops", "--orders", str(orders), "--days", str(DAYS)]
    command += ["--rate", str(rate), "--state", str(state), "--verbosity", "0"]
    for shop, port in ports.items():
        command += ["--shop", f"{shop.title}:{port}:{shop.zone}:{shop.currency}:{shop.seed}:{shop.platform}"]
    return Program("shops", tuple(command))
