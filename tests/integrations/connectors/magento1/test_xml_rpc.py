"""XML-RPC becomes JSON, and what is no XML-RPC nothing."""

from __future__ import annotations

import json
from typing import Any
from xml.parsers import expat
from xmlrpc.client import loads

import pytest

from integrations.connectors.http import Response
from integrations.connectors.kit.mending import left_out
from integrations.connectors.magento1 import xml_rpc
from integrations.connectors.magento1.xml_rpc import NotXmlRpc, as_json, call
from tests.integrations.connectors.magento1.orders import recorded


def written(value: str) -> bytes:
    return f"<methodResponse><params><param><value>{value}</value></param></params></methodResponse>".encode()


def made(body: bytes) -> bytes:
    return as_json(Response(200, {}, body))[0].body


VALUES = {
    "a text": ("<string>A &amp; &lt;b&gt; 🙏</string>", '"A & <b> 🙏"'),
    "a text without a type": ("plain ", '"plain "'),
    "an empty text": ("<string/>", '""'),
    "nothing": ("<nil/>", "null"),
    "nothing of an extension": ("<ex:nil/>", "null"),
    "numbers": ("<array><data><value><int>7</int></value><value><i4>-8</i4></value></data></array>", "[7,-8]"),
    "a number of any length": (f"<int>{'1' * 5000}</int>", "1" * 5000),
    "a number with noise": ("<double>0.30000000000000004</double>", "0.30000000000000004"),
    "a number of PHP's": ("<int>007</int>", '"007"'),
    "truth": ("<boolean>1</boolean>", "true"),
    "a struct": ("<struct><member><name>a</name><value>x</value></member></struct>", '{"a":"x"}'),
    "an empty array": ("<array><data/></array>", "[]"),
    "white space around": ("\n <array>\n <data>\n <value>\n <int>1</int>\n </value>\n </data></array>\n", "[1]"),
}


@pytest.mark.parametrize("what", VALUES)
def test_values(what: str) -> None:
    value, expected = VALUES[what]
    assert made(written(value)).decode() == expected


def test_a_name_that_comes_twice_stays_twice() -> None:
    """So that an order with two totals can be refused."""
    member = "<member><name>total</name><value>{}</value></member>"
    both = f"<struct>{member.format(1)}{member.format(2)}</struct>"
    assert made(written(both)) == b'{"total":"1","total":"2"}'
    assert loads(written(both))[0] == ({"total": "2"},), "the library takes the last"


def test_the_library_reads_the_same() -> None:
    for name in ("order.xml", "orders_of_a_list.xml", "orders_edited.xml"):
        theirs: Any = loads(recorded(name).body)[0][0]
        assert json.loads(made(recorded(name).body)) == theirs


def test_faults_are_told() -> None:
    answer, is_fault = as_json(recorded("fault_session_expired.xml"))
    assert (is_fault, json.loads(answer.body)["faultCode"]) == (True, 5)
    assert as_json(recorded("order.xml"))[1] is False


NOT_READ = {
    "nothing": b"",
    "a page": b"<!DOCTYPE html><html><title>Log in</title></html>",
    "a page that is XML": b"<html><p>x</p></html>",
    "a notice before it": b"<br />\n<b>Notice</b>: x" + written("1"),
    "cut off": written("<string>abc</string>")[:60],
    "a member without a value": written("<struct><member><name>a</name></member></struct>"),
    "a value without an answer": b"<methodResponse></methodResponse>",
    "two values": b"<methodResponse><params><value>a</value><value>b</value></params></methodResponse>",
    "an unknown entity": written("&nbsp;"),
    "a name outside": b"<methodResponse><name>a</name></methodResponse>",
}


@pytest.mark.parametrize("what", NOT_READ)
def test_what_is_no_answer(what: str) -> None:
    with pytest.raises(NotXmlRpc):
        made(NOT_READ[what])


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "%s"><!ENTITY b "&a;&a;&a;&a;">]>' % (b"x" * 100)
FETCH = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("begins", [BOMB, FETCH, b"<!DOCTYPE x SYSTEM 'http://127.0.0.1/x.dtd'>"])
def test_no_document_type_no_entities(begins: bytes) -> None:
    with pytest.raises(NotXmlRpc):
        made(begins + written("<string>&b;&b;</string>" if begins is BOMB else "x"))


def test_control_a_bomb_that_is_let_in_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_rpc, "_refuse_doctype", lambda *_: None)
    assert len(made(BOMB + written("<string>&b;&b;</string>"))) > 800
    assert expat.ParserCreate().StartDoctypeDeclHandler is None


def test_what_no_xml_may_hold_is_replaced() -> None:
    for odd in (b"\x00", b"\x0b", b"&#0;", b"&#x7;", b"&#31;", b"&#xD800;", b"\xef\xbf\xbf"):
        assert made(written("a|b").replace(b"|", odd)).decode() == '"a\ufffdb"', odd
    assert made(written("a&#13;&#10;&#9;&#65;")) == b'"a\\r\\n\\tA"'


def test_what_nobody_can_read_is_marked() -> None:
    deep = "<array><data><value>" * 70 + "<int>1</int>" + "</value></data></array>" * 70
    latin = written("J|rgen").replace(b"|", b"\xfc")
    for body in (written(deep), written("<double>NAN</double>"), written("<double>-INF</double>"), latin):
        marked = left_out(made(body))
        assert marked is not None and marked.code == "damaged"


def test_calls_are_written_as_the_library_reads_them() -> None:
    filters = {"updated_at": {"from": "2026-10-01 10:00:00", "to": "2026-10-02 10:00:00"}}
    body = call("call", "5e5510n", "sales_order.list", [filters])
    assert loads(body) == (("5e5510n", "sales_order.list", [filters]), "call")
    assert loads(call("login", "Zoë <&>", "k"))[0] == ("Zoë <&>", "k")
