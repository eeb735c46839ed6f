"""Published orders out of bodies: parsed and checked, every fault named with its property."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from config.kit.api import bodies
from config.kit.api.faults_in_words import of_value
from config.kit.api.problems import ApiError, RowProblem, bad_payload
from orders.partners.published import PublishedOrder, free_values, problem

ONE = msgspec.json.Decoder(PublishedOrder)
MANY = msgspec.json.Decoder(list[PublishedOrder])
RAWS = msgspec.json.Decoder(list[msgspec.Raw])
MOST_TOLD = 100


def one(body: bytes, *, new: bool) -> PublishedOrder:
    """The order of a body. Raises 400."""
    order = bodies.decode_one(body, ONE)
    found = fault(order, body, new=new)
    if found:
        raise bad_payload(found)
    return order


def many(body: bytes, most: int) -> Sequence[PublishedOrder]:
    """The orders of a bulk body. Raises 400 that lists every bad row, the first hundred of them."""
    try:
        orders = bodies.parse(body, MANY)
    except msgspec.ValidationError as error:
        raise _rows(body, most) or bad_payload(of_value(error, MANY.type)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad_payload(bodies.malformed(body, error)) from error
    _check_count(len(orders), most)
    nul = b"\\u0000" in body
    bad = [(index, found) for index, order in enumerate(orders) if (found := _fault(order, nul=nul, new=True))]
    if bad:
        raise _told(bad)
    return orders


def fault(order: PublishedOrder, body: bytes, *, new: bool) -> str:
    """What is wrong with a parsed order, "" when nothing is."""
    return _fault(order, nul=b"\\u0000" in body, new=new)


def _fault(order: PublishedOrder, *, nul: bool, new: bool) -> str:
    found = problem(order, new=new)
    if found:
        return found
    if nul:
        return next(bodies.unstorable(msgspec.to_builtins(order)), "")
    for path, values in free_values(order):
        if any(type(value) is dict or type(value) is list for value in values.values()):
            deep = next(bodies.unstorable(values, path), "")
            if deep:
                return deep
    return ""


def _rows(body: bytes, most: int) -> ApiError | None:
    """The body row by row, to name every one that is wrong; None when it is no list."""
    try:
        raws = RAWS.decode(body)
    except msgspec.DecodeError:
        return None
    _check_count(len(raws), most)
    bad: list[tuple[int, str]] = []
    for index, raw in enumerate(raws):
        try:
            found = fault(bodies.parse(bytes(raw), ONE), bytes(raw), new=True)
        except msgspec.ValidationError as error:
            found = of_value(error, ONE.type)
        if found:
            bad.append((index, found))
    return _told(bad) if bad else None


def _check_count(count: int, most: int) -> None:
    if count == 0:
        raise bad_payload("The list is empty: send at least one order")
    if count > most:
        raise bad_payload(f"The list has {count} orders, at most {most} are taken at once: send them in several calls")


def _told(bad: Sequence[tuple[int, str]]) -> ApiError:
    rows = [RowProblem(index, found) for index, found in bad[:MOST_TOLD]]
    first = bad[0][1].replace("Property .", f"Property [{bad[0][0]}].", 1)
    more = f" ({len(bad)} rows are wrong; none was imported)" if len(bad) > 1 else " (no row was imported)"
    return bad_payload(first + more, rows)
