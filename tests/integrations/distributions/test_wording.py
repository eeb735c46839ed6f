"""Fields in the text of a distribution: a closed list, filled in once, nothing executed."""

from __future__ import annotations

import pytest

from integrations.choices import DistributionTrigger
from integrations.distributions.wording import fields, fill, problems

SEGMENT, PAID = DistributionTrigger.SEGMENT_ENTERED, DistributionTrigger.ORDER_PAID


def test_fields_are_filled_in() -> None:
    values = {"customer.name": "Jana", "customer.metadata.tier": "gold"}
    text = "Dear {{customer.name}}, {{ customer.metadata.tier }} since {{ customer.metadata.since | long }}."
    assert fill(text, values) == "Dear Jana, gold since long."


def test_an_empty_field_takes_the_word_after_the_bar_or_nothing() -> None:
    assert fill("Dear {{ customer.name | customer }},{{ customer.phone }}", {"customer.name": ""}) == "Dear customer,"


def test_what_a_customer_wrote_is_not_filled_in_again() -> None:
    values = {"customer.name": "{{ customer.email }}", "customer.email": "a@b.example"}
    assert fill("Dear {{ customer.name }}", values) == "Dear {{ customer.email }}"


@pytest.mark.parametrize("trigger", DistributionTrigger)
def test_every_field_offered_is_accepted(trigger: str) -> None:
    assert problems(" ".join(f"{{{{ {name} }}}}" for name in fields(trigger)), trigger) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ order.number }}", "There is no field order.number here."),
        ("{{ customer.password }}", "There is no field customer.password here."),
        ("{{ customer.metadata }}", "There is no field customer.metadata here."),
        ("{{ customer.metadata.a.b }}", "There is no field customer.metadata.a.b here."),
        ("{{ customer.name", "“{{ customer.name” is not understood"),
        ("{{ 7 * 7 }}", "“{{ 7 * 7 }}” is not understood"),
        ("{{ customer.name | a | b }}", "is not understood"),
        ("{{}}", "“{{}}” is not understood"),
    ],
)
def test_what_cannot_be_filled_in_is_named(text: str, said: str) -> None:
    (problem,) = problems(text, SEGMENT)
    assert said in problem


def test_a_text_without_fields_is_fine() -> None:
    assert problems("Thank you {for} 100 % }} of it.", PAID) == []
    assert fill("Thank you {for} it.", {}) == "Thank you {for} it."
