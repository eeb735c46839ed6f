"""The words of a distribution: text with fields in double braces, e.g. {{ customer.name | there }}.

A closed list of fields and one optional word for when a field is empty; nothing is executed, whatever stands there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from integrations.choices import DistributionTrigger

FIELD = re.compile(r"\{\{\s*([A-Za-z_]+(?:\.[A-Za-z0-9_-]+)*)\s*(?:\|([^{}|]*))?\}\}")
ANY_BRACES = re.compile(r"\{\{.*?(?:\}\}|$)", re.DOTALL)
METADATA = "customer.metadata."
UNSUBSCRIBE = "unsubscribe_url"
ALWAYS = (
    "customer.name", "customer.email", "customer.phone", "customer.source_id", "customer.points",
    "customer.order_count", "customer.total_spent", "project.name",
)  # fmt: skip
OF_TRIGGER: dict[str, tuple[str, ...]] = {
    DistributionTrigger.SEGMENT_ENTERED: ("segment.name", UNSUBSCRIBE),
    DistributionTrigger.ORDER_CREATED: ("order.number", "order.total", "order.id"),
    DistributionTrigger.ORDER_PAID: ("order.number", "order.total", "order.id"),
}


def fields(trigger: str) -> tuple[str, ...]:
    """What may stand in the text of this trigger, beside customer.metadata.<key>."""
    return (*ALWAYS, *OF_TRIGGER[trigger])


def problems(text: str, trigger: str) -> list[str]:
    """What is wrong with a text, a sentence each; none: it can be sent."""
    found = []
    for braces in ANY_BRACES.finditer(text):
        field = FIELD.fullmatch(braces[0])
        if field is None:
            found.append(f"“{braces[0][:60]}” is not understood: write e.g. {{{{ customer.name | there }}}}.")
        elif not (field[1] in fields(trigger) or (field[1].startswith(METADATA) and field[1].count(".") == 2)):
            known = ", ".join((*fields(trigger), METADATA + "key"))
            found.append(f"There is no field {field[1][:60]} here. These are: {known}.")
    return found


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its fields filled in; an empty one by the word after |, or nothing."""
    return FIELD.sub(lambda field: values.get(field[1], "") or (field[2] or "").strip(), text)
