"""Files that came from somewhere: read exactly as their settings say, or refused with a sentence."""

from __future__ import annotations

import io
import time
import tracemalloc
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from integrations.choices import RunKind
from integrations.warehouses.file_layout import FileLayout, FileRefused
from integrations.warehouses.file_rows import headings, rows_of
from integrations.warehouses.source_rows import MOST_ROWS
from integrations.warehouses.typed_rows import TypedRow
from integrations.warehouses.xml_rows import elements
from tests.payloads import PAYLOADS

PRAGUE = ZoneInfo("Europe/Prague")
STOCK = {"sku": "sku", "quantity": "quantity"}
SHIPPED = {"order": "order", "sku": "sku", "quantity": "quantity"}


def read(
    content: bytes | str, columns: dict[str, str] | None = None, kind: str = RunKind.STOCK_FILES, **values: Any
) -> list[TypedRow]:
    data = content if isinstance(content, bytes) else content.encode()
    return list(rows_of(io.BytesIO(data), kind, FileLayout(columns=columns or STOCK, **values), PRAGUE))


def refused(content: bytes | str, columns: dict[str, str] | None = None, **values: Any) -> str:
    with pytest.raises(FileRefused) as caught:
        read(content, columns, **values)
    return caught.value.sentence


def xml(body: str, **values: Any) -> list[TypedRow]:
    return read(body, format="xml", **{"record": "item", **values})


def no_xml(body: bytes | str, **values: Any) -> str:
    return refused(body, format="xml", **{"record": "item", **values})


def payload(name: str) -> bytes:
    return (PAYLOADS / "warehouse" / name).read_bytes()


# --- CSV ---


def test_a_stock_file_is_read_as_text_with_its_zeros() -> None:
    rows = read(payload("despatchcloud_inventory.csv"))
    assert [(row.number, row.values.get("sku"), row.values.get("quantity"), row.fault) for row in rows] == [
        (2, "MUG-1", 12, ""),
        (3, "000123", 0, ""),
        (4, "SKU, with comma", 7, ""),
        (5, "UNKNOWN-SKU", 3, ""),
        (7, "NEG", -2, ""),
        (8, "DEC", None, "Quantity: it is no number with a decimal point."),
    ]


def test_c07_c04_a_dialect_is_set_and_never_guessed() -> None:
    content = payload("semicolon_cp1250_stock.csv")
    columns = {"sku": "Kód", "quantity": "Sklad"}
    rows = read(content, columns, encoding="cp1250", delimiter=";", decimal=",")
    assert [(row.values.get("sku"), row.values.get("quantity"), row.fault) for row in rows] == [
        ("MUG-1", 12, ""),
        ("LŠÁLKA", None, "Quantity: it is no whole number."),
    ]
    assert "choose its encoding" in refused(content, columns, delimiter=";", decimal=",")
    assert "has no column “Kód”. It has only one: is the delimiter right?" in refused(
        content, columns, encoding="cp1250"
    )


def test_a_mark_and_quoted_line_ends_are_no_part_of_the_values() -> None:
    columns = {"order": "order_id", "placed_at": "order_date", "sku": "item_product_sku", "quantity": "item_quantity"}
    columns |= {"shipping.line_1": "shipping_address_line_one", "name": "item_product_name"}
    rows = read(payload("despatchcloud_orders.csv"), columns, RunKind.ORDER_FILES)
    assert [row.number for row in rows] == [2, 3, 4]
    assert rows[0].values["name"] == 'Hrnek "Říp"'
    assert rows[1].values["sku"] == "000123"
    assert rows[2].values["shipping.line_1"] == "Ulice 1\nvchod B"
    assert rows[2].values["placed_at"] == "2026-09-01T11:00:00+02:00"


def test_heads_and_lines_stand_together() -> None:
    columns = {"order": "/2", "placed_at": "/23", "sku": "4", "quantity": "5", "shipping.name": "/4"}
    values: dict[str, Any] = {"header": False, "head": "PH", "line": "PD"}
    rows = read(payload("packing_sample_ph_pd.csv"), columns, RunKind.ORDER_FILES, **values)
    assert [(row.values["order"], row.values["sku"], row.values["quantity"]) for row in rows] == [
        ("2016981433", "13358A", 16),
        ("2016981433", "2564A", 6),
    ]
    assert rows[0].values["shipping.name"] == "JOAN HARRY"
    flat = read(
        payload("acctivate_945_flat.csv"),
        {"order": "/7", "sku": "2", "quantity": "3"},
        RunKind.SHIPMENT_FILES,
        header=False,
        head="S",
        line="I",
    )
    assert [tuple(row.values.values()) for row in flat] == [("SO-1001", "MUG-1", 1), ("SO-1001", "000123", 1)]
    [orphan] = read('"PD","1"\n', {"sku": "2", "quantity": "2"}, **values)
    assert orphan.fault == "There is no head before this line."
    assert headings(io.BytesIO(payload("acctivate_945_flat.csv")), FileLayout(header=False, head="S", line="I")) == [
        *("1", "2", "3", "4"),
        *("/1", "/2", "/3", "/4", "/5", "/6", "/7"),
    ]


def test_c01_an_unclosed_quote_refuses_the_file() -> None:
    sentence = refused('sku,quantity\nA,1\n"B,2\nC,3\n')
    assert sentence == "Line 4 is no CSV: a quote is opened and never closed."
    assert "something follows a closing quote" in refused('sku,quantity\n"A"B,1\n')


def test_c02_an_endless_field_refuses_the_file() -> None:
    assert "more than 131,072 characters" in refused(f"sku,quantity\n{'x' * 140_000},1\n")
    assert "more than 131,072 characters" in refused('sku,quantity\n"' + "x,1\n" * 40_000)


def test_c03_a_nul_refuses_the_file() -> None:
    assert "NUL" in refused(b"sku,quantity\nA\0B,1\n")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "The file is empty."),
        ("id,quantity\n1,2\n", "The file has no column “sku”."),
        ("sku;quantity\n1;2\n", "is the delimiter right?"),
        ("sku,quantity,SKU\n1,2,3\n", "the column “sku” 2 times"),
        ("A,1\nB,2\n", "The file has no column “sku”."),  # no header
    ],
)
def test_c04_a_file_without_its_columns_is_refused(content: str, sentence: str) -> None:
    assert sentence in refused(content)


def test_c04_columns_in_another_order_and_others_beside_are_found() -> None:
    for content in ("quantity,name,sku\r\n1,x,A\r\n", "Quantity,x, SKU \n1,,A\n", "sku,quantity\rA,1\r"):
        [row] = read(content)
        assert (row.values["sku"], row.values["quantity"], row.fault) == ("A", 1, "")
    mixed = read("sku,quantity\r\nA,1\nB,2\rC,3\r\n")
    assert [row.values["sku"] for row in mixed] == ["A", "B", "C"]
    twice = read("sku,quantity\nsku,quantity\nA,1\n")
    assert [bool(row.fault) for row in twice] == [True, False]


def test_columns_by_place() -> None:
    rows = read("A,x,1\nB,y,2\n", {"sku": "1", "quantity": "3"}, header=False)
    assert [(row.number, row.values["sku"], row.values["quantity"]) for row in rows] == [(1, "A", 1), (2, "B", 2)]


def test_c06_a_row_of_another_width_is_an_error_of_its_own() -> None:
    rows = read("sku,quantity\nA,1\nB\nC,1,2\n\n,\nD,4\n")
    assert [(row.number, row.fault) for row in rows] == [
        (2, ""),
        (3, "The row has 1 columns, and the first one has 2."),
        (4, "The row has 3 columns, and the first one has 2."),
        (7, ""),
    ]


def test_c05_a_file_of_too_many_rows_is_refused_on_the_way() -> None:
    content = io.BytesIO(b"sku,quantity\n" + b"A,1\n" * (MOST_ROWS + 1) + b"\n")
    tracemalloc.start()
    with pytest.raises(FileRefused, match="more than 200,000 rows"):
        for _ in rows_of(content, RunKind.STOCK_FILES, FileLayout(columns=STOCK), PRAGUE):
            pass
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()
    content = io.BytesIO(b"sku,quantity\n" + b"A,1\n" * MOST_ROWS + b"\n")  # control: blank lines are no rows
    assert sum(1 for _ in rows_of(content, RunKind.STOCK_FILES, FileLayout(columns=STOCK), PRAGUE)) == MOST_ROWS


@pytest.mark.parametrize(
    ("text", "decimal", "units"),
    [
        ("12", ".", 12), ("12.00", ".", 12), ("-2", ".", -2), ("+5", ".", 5), ("1 234", ".", 1234),
        ("1\u00a0234,0", ",", 1234), ("12,00", ",", 12), ("0012", ".", 12),
        ("1,234", ".", None), ("1.234", ",", None), ("1e3", ".", None), ("٣", ".", None), ("12.5", ".", None),
        ("", ".", None), ("99999999999", ".", None), ("2000000000", ".", None), ("--1", ".", None), ("0x10", ".", None),
    ],
)  # fmt: skip
def test_units_are_read_in_the_notation_that_is_set(text: str, decimal: str, units: int | None) -> None:
    [row] = read(f'sku,quantity\nA,"{text}"\n', decimal=decimal)
    assert row.values.get("quantity") == units
    assert bool(row.fault) is (units is None)
    assert text not in row.fault or not text  # what stands there is no part of what is told


@pytest.mark.parametrize(
    ("text", "dates", "read_as"),
    [
        ("2026-09-01", "iso", "2026-09-01T00:00:00+02:00"),
        ("2026-09-01T10:15:00Z", "iso", "2026-09-01T10:15:00+00:00"),
        ("01/09/2026", "%d/%m/%Y", "2026-09-01T00:00:00+02:00"),
        ("20260901", "%Y%m%d", "2026-09-01T00:00:00+02:00"),
        ("31/02/2026", "%d/%m/%Y", None),
        ("09/13/2026", "%d/%m/%Y", None),
        ("yesterday", "iso", None),
    ],
)
def test_dates_are_read_in_the_notation_that_is_set(text: str, dates: str, read_as: str | None) -> None:
    columns = {"order": "order", "placed_at": "at", "quantity": "quantity"}
    [row] = read(f"order,at,quantity\n1,{text},1\n", columns, RunKind.ORDER_FILES, dates=dates)
    assert row.values.get("placed_at") == read_as
    assert bool(row.fault) is (read_as is None)


def test_settings_without_a_needed_column_read_nothing() -> None:
    assert "do not say where these stand in the file: Quantity" in refused("sku,quantity\nA,1\n", {"sku": "sku"})


# --- XML ---


def test_a_despatch_note_is_read_line_by_line() -> None:
    columns = {"order": "/order_number", "tracking": "/consignment", "sku": "product_code", "quantity": "quantity"}
    layout: dict[str, Any] = {"format": "xml", "record": "Despatch_note", "rows": "despatch_lines/line"}
    content = payload("prosku_despatch_note.xml")
    rows = read(content, columns, RunKind.SHIPMENT_FILES, **layout)
    assert [tuple(row.values.values()) for row in rows] == [
        ("1001", "MUG-1", 1, "Z1234567890"),
        ("1001", "000123", 1, "Z1234567890"),
    ]
    assert headings(io.BytesIO(content), FileLayout(**layout)) == [
        "product_code", "quantity",
        "/order_number", "/despatch_date", "/consignment", "/despatch_lines/line/product_code",
        "/despatch_lines/line/quantity",
    ]  # fmt: skip
    assert elements(io.BytesIO(content))[0] == "line"


def test_attributes_and_namespaces() -> None:
    body = '<a xmlns="urn:x"><item code="A"><n:q xmlns:n="urn:y">1</n:q></item></a>'
    [row] = xml(body, columns={"sku": "@code", "quantity": "q"})
    assert (row.values["sku"], row.values["quantity"]) == ("A", 1)


LAUGHS = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(1, 10))
BOMB = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l1 "lol">{LAUGHS}]><a><item><sku>&l10;</sku></item></a>'


@pytest.mark.parametrize(
    "body",
    [
        BOMB,  # X01
        f'<!DOCTYPE a [<!ENTITY x "{"x" * 20_000}">]><a><item><sku>{"&x;" * 300}</sku></item></a>',  # X02
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a><item><sku>&x;</sku></item></a>',  # X03
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd"><a><item/></a>',  # X04
        '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]><a><item/></a>',  # X04
    ],
)
def test_x01_to_x04_document_types_are_not_read(body: str) -> None:
    tracemalloc.start()
    began = time.monotonic()
    assert "document type or entities" in no_xml(body)
    assert time.monotonic() - began < 0.5
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_x05_nothing_is_included_or_styled() -> None:
    body = (
        '<?xml-stylesheet href="http://127.0.0.1:9/x.xsl"?><a xmlns:xi="http://www.w3.org/2001/XInclude"><item>'
        '<sku>A</sku><quantity><xi:include href="/etc/passwd" parse="text"/></quantity></item></a>'
    )
    [row] = xml(body)
    assert "holds other elements" in row.fault


def test_x06_depth_is_limited() -> None:
    tracemalloc.start()
    assert "more than 64 deep" in no_xml("<a>" * 1_000_000)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
    assert xml("<a>" * 60 + "<item><sku>A</sku><quantity>1</quantity></item>" + "</a>" * 60)


def test_x07_attributes_are_limited() -> None:
    assert "more than 100 attributes" in no_xml(f"<a {' '.join(f'a{n}=_1_' for n in range(5_000))}/>".replace("_", '"'))


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0" encoding="x-foo"?><a><item/></a>',  # X08
        b'<?xml version="1.0" encoding="utf-7"?><a><item/></a>',  # X09
        '<?xml version="1.0" encoding="utf-8"?><a><item>é</item></a>'.encode("latin-1"),  # X10
        b"<a><item><sku>A</sku>",  # X11
        b"<a><item/></a><b/>",
        b"",
        b"\xef\xbb\xbf",
        b"<a><item><sku>&#0;</sku></item></a>",  # X12
        b"<a><item><sku>&#1;</sku></item></a>",
    ],
)
def test_x08_to_x12_what_is_no_xml_is_refused(body: bytes) -> None:
    assert no_xml(body)


def test_x10_the_place_is_told() -> None:
    assert "line 2, column" in no_xml("<a>\n<item>é</item></a>".encode("latin-1"))


def test_x13_no_records_is_not_all_fine() -> None:
    assert "There is no element “item”" in no_xml("<items><Item/></items>")
    assert xml('<items xmlns="urn:any"><item><sku>A</sku><quantity>1</quantity></item></items>')[0].fault == ""


def test_x14_text_is_joined_and_elements_inside_are_an_error() -> None:
    body = "<a><item><sku><![CDATA[A]]]]><![CDATA[>]]></sku><quantity>1<!-- -->2</quantity></item>"
    good, bad = xml(body + "<item><sku>B</sku><quantity>1<b/>2</quantity></item></a>")
    assert (good.values["sku"], good.values["quantity"]) == ("A]]>", 12)
    assert "“quantity” holds other elements" in bad.fault


def test_a_large_xml_file_is_read_in_little_memory() -> None:
    body = b"<a>" + b"<item><sku>A</sku><quantity>1</quantity></item>\n" * 60_000 + b"</a>"
    tracemalloc.start()
    layout = FileLayout("xml", record="item", columns=STOCK)
    assert sum(1 for _ in rows_of(io.BytesIO(body), RunKind.STOCK_FILES, layout, PRAGUE)) == 60_000
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
