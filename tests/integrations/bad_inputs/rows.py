"""The bad values of shops' orders, numbered; what becomes of each on every platform.

A row says of one field which pieces of JSON stand in it and what becomes of the order then: `imported`, `noted` (with a
warning), `ignored`, or the code of its failure. A platform that differs has a word of its own. Nothing as JSON: the
field is missing. A date in `<>` is written in the platform's own way.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class Case:
    json: str
    becomes: str
    but: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """What becomes of it on platforms that differ."""

    def on(self, platform: str) -> str:
        return self.but.get(platform, self.becomes)


@dataclasses.dataclass(frozen=True)
class Row:
    number: str
    title: str
    field: str
    cases: tuple[Case, ...]
    without: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Platforms where it makes no sense, and why."""
    is_last: bool = False
    """Whether the order is the last of its page: pages come by rising ids."""


def case(value: str, becomes: str, **but: str) -> Case:
    return Case(value, becomes, but)


def text(value: str) -> str:
    return json.dumps(value)


def pairs(*names: str) -> str:
    """A list of key-value extras, whatever a platform calls the key."""
    return json.dumps([{"key": name, "name": name, "title": name, "value": "x"} for name in names])


LONG = text("x" * 10_001)
ROWS: tuple[Row, ...] = (
    Row("P01", "no id", "id", (case("null", "no_id"), case('""', "no_id"), case('" "', "no_id"), case("", "no_id"))),
    Row("P02", "an id beyond 64 bits", "id", (case("12345678901234567890123", "imported"),), is_last=True),
    Row("P03", "an id with a fraction", "id", (case("5.0", "imported"), case("5.5", "no_id"))),
    Row("P04", "an id that is a truth value", "id", (case("true", "no_id"),)),
    Row("P05", "long ids", "id", (
        case(text("7" * 65), "imported"), case(text("7" * 256), "bad_id"), case(text("7" * 10_000), "bad_id"),
    )),
    Row("P06", "NUL in an id", "id", (case(r'"1\u0000"', "noted", magento1="imported"),)),
    Row("P07", "an id that is a path or a command", "id", (
        case('"../../1"', "imported"), case('"1;drop"', "imported"), case('"1?x=1#f"', "imported"),
    )),
    Row("P18", "half of a surrogate pair", "name", (
        case(r'"a\ud800b"', "imported", magento1="damaged"), case(r'"\udfff"', "imported", magento1="damaged"),
    )),
    Row("P19", "NUL in a name", "name", (case(r'"a\u0000b"', "noted", magento1="imported"),)),
    Row("P20a", "a name of a megabyte", "name", (
        case(text("x" * 900_000), "noted"), case(text("x" * 1_000_001), "too_large"),
    )),
    Row("P20b", "a note of ten thousand characters", "note", (case(LONG, "noted"),)),
    Row("P21", "emoji", "name", (case(text("🙏" * 100), "imported"),)),
    Row("P22", "controls and directions", "name", (case(r'"\u202eabc\u200b\u0007"', "imported"),)),
    Row("P23a", "script in a name", "name", (case(text('"><script>alert(1)</script>'), "imported"),)),
    Row("P23b", "script in a note", "note", (case(text('"><script>alert(1)</script>'), "imported"),)),
    Row("P23c", "script in a SKU", "sku", (case(text('"><script>alert(1)</script>'), "imported"),)),
    Row("P23d", "script in a title", "title", (case(text('"><script>alert(1)</script>'), "imported"),)),
    Row("P23e", "script in a product's name", "line name", (case(text('"><script>alert(1)</script>'), "imported"),)),
    Row("P24", "templates", "name", (
        case(text("{{7*7}}"), "imported"), case(text("{% load x %}"), "imported"), case(text("%s %n"), "imported"),
        case(text("${jndi:ldap://x}"), "imported"),
    )),
    Row("P25", "formulas", "name", (
        case(text('=HYPERLINK("http://x")'), "imported"), case(text("+1"), "imported"), case(text("-1"), "imported"),
        case(text("@SUM(A1)"), "imported"), case(text("\tx"), "imported"), case(text("＝1"), "imported"),
    )),
    Row("P26", "a line of a log", "name", (case(text("x\n2026-01-01 INFO all is well"), "imported"),)),
    Row("P27", "a comma in the total", "total", (case('"12,50"', "bad_amount"),)),
    Row("P28", "thousands and signs in the total", "total", (
        case('"1.234,56"', "bad_amount"), case('"1 234.56"', "bad_amount"), case('"£12"', "bad_amount"),
    )),
    Row("P29", "foreign digits in the total", "total", (
        case('"1_0"', "bad_amount"), case('"１.５"', "bad_amount"), case('"١٢"', "bad_amount"),
    )),
    Row("P30", "exponents in the total", "total", (
        case('"1e3"', "bad_amount"), case('"1e400"', "bad_amount"), case('"1e-30"', "bad_amount"),
    )),
    Row("P31", "a negative total", "total", (case('"-5.00"', "negative_total"),), without={
        "paypal": "a negative amount is a refund or a fee, which is no order and is not listed",
    }),
    Row("P32", "a total of nothing", "total", (case('"0.00"', "imported"),)),
    Row("P33", "too many decimals", "total", (case('"12.345"', "noted"),)),
    Row("P34", "noise of a computer", "total", (
        case("0.30000000000000004", "noted", ecwid="imported", magento2="imported", magento1="imported"),
    )),
    Row("P35", "currencies", "currency", (
        case('"XAU"', "unknown_currency"), case('"EURO"', "unknown_currency"), case('"eur"', "imported"),
        case("null", "noted"),
    )),
    Row("P36", "a sum that does not add up", "total", (case('"100.01"', "imported"), case('"100000.00"', "imported"))),
    Row("P37", "a total beyond ten digits", "total", (case('"12345678901.00"', "bad_amount"),)),
    Row("P38", "quantities", "quantity", (
        case("0", "noted"), case("-1", "negative_quantity"), case("1.5", "fractional_quantity"),
        case('"2"', "imported"), case("2147483648", "bad_quantity"), case("null", "bad_quantity", paypal="imported"),
        case("true", "bad_quantity"),
    )),
    Row("P39", "no lines", "lines", (case("[]", "imported"), case("null", "imported"))),
    Row("P40", "SKUs", "sku", (
        case("null", "imported"), case('""', "imported"), case('" MUG-BLUE "', "imported"),
        case('"mug-blue"', "imported"), case(text("X" * 100), "imported"),
        case(text("X" * 101), "bad_sku"), case(text("X" * 300), "bad_sku"),
    )),
    Row("P41", "a status nobody knows", "status", (case('"my-own-status"', "ignored"),)),
    Row("P42", "odd statuses", "status", (
        case("null", "ignored"),
        case("3", "wrong_type", woocommerce="ignored", bigcommerce="imported", ecwid="ignored", magento2="ignored",
             magento1="ignored", prestashop="imported"),
        case('{"id": 3}', "wrong_type", woocommerce="ignored", bigcommerce="ignored", ecwid="ignored",
             magento2="ignored", magento1="ignored", prestashop="ignored"),
    )),
    Row("P43", "statuses that are no status", "status", (
        case(text("x" * 5000), "ignored"), case(text("<b>paid</b>"), "ignored"),
    )),
    Row("P44", "no date", "modified", (
        case('"0000-00-00 00:00:00"', "bad_date", woocommerce="no_date", prestashop="imported"),
    )),
    Row("P44b", "an optional date that is none", "paid", (
        case('"0000-00-00 00:00:00"', "noted", woocommerce="imported"),
    )),
    Row("P45", "dates out of range", "modified", (
        case("<9999-12-31T23:59:59>", "date_out_of_range"),
        case("<0001-01-01T00:00:00>", "date_out_of_range", bigcommerce="bad_date"),
    )),
    Row("P45b", "an order placed out of range", "placed", (
        case("<9999-12-31T23:59:59>", "date_out_of_range"),
        case("<0001-01-01T00:00:00>", "date_out_of_range", bigcommerce="bad_date"),
    )),
    Row("P46", "dates that do not exist", "placed", (
        case("<2026-02-30T00:00:00>", "bad_date"), case("<2026-02-03T24:00:00>", "bad_date"),
        case("<2026-02-03T10:00:60>", "bad_date"), case('"2026-02-03T10:00:00+99:00"', "bad_date"),
    )),
    Row("P48", "dates of another format", "placed", (
        case('"1767225600"', "bad_date"), case('"1767225600000"', "bad_date"), case('"01/02/2026"', "bad_date"),
        case('"2026-01-01t00:00:00z"', "bad_date"),
    )),
    Row("P51", "e-mails that are none", "email", (
        case('"a"', "noted"), case(text("a@b\r\nBcc: x@y"), "noted"), case(text("a" * 400 + "@example.com"), "noted"),
        case(text("Jana <jana@example.com>"), "noted"), case("null", "imported"),
    )),
    Row("P52", "countries", "country", (
        case('"UK"', "imported"), case('"XX"', "noted"), case('"Czech Republic"', "imported"), case('"cz"', "imported"),
        case("null", "imported"),
    )),
    Row("P53", "phones", "phone", (case('"; rm -rf /"', "imported"), case(text("7" * 200), "noted"))),
    Row("P54a", "no billing address", "billing", (case("", "imported"), case("null", "imported"))),
    Row("P54b", "addresses that are none", "billing", (
        case("[]", "imported", shopify="wrong_type", ebay="wrong_type", paypal="wrong_type"),
        case('"Brno"', "noted", shopify="wrong_type", ebay="wrong_type", paypal="wrong_type"),
    )),
    Row("P55", "a customer who is gone", "customer", (case("null", "imported"), case('"99999999"', "imported"))),
    Row("P57", "lines that are no list", "lines", (
        case("{}", "wrong_type"), case('"[]"', "wrong_type"), case("5", "wrong_type"),
    )),
    Row("P62", "names of the machine in extras", "pairs", (
        case(pairs("__proto__", "__class__", "constructor", "id"), "imported"),
    )),
    Row("P63", "thousands of extras", "pairs", (
        case(pairs(*(f"k{number}" for number in range(5000))), "noted"), case(pairs("k" * 10_000), "noted"),
    )),
    Row("P64", "addresses of the web", "note", (
        case('"javascript:alert(1)"', "imported"), case('"http://127.0.0.1/"', "imported"),
    )),
)  # fmt: skip
