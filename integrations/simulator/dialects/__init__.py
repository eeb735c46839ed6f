"""How a simulated shop speaks. A new platform is a module with `answer` and a line here."""

from __future__ import annotations

from collections.abc import Callable

from integrations.simulator.dialects import woocommerce
from integrations.simulator.messages import Answered, Asked
from integrations.simulator.shop import SimulatedShop

Dialect = Callable[[SimulatedShop, Asked], Answered]

DIALECTS: dict[str, Dialect] = {"woocommerce": woocommerce.answer}
