"""XML-RPC as PHP's Zend_XmlRpc writes it: nil for null, an empty array for an empty struct, faults with HTTP 200."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from integrations.simulator.messages import Answered

# Or a reader takes it for a new line, which XML says.
RETURN = {"\r": "&#13;"}


def value(given: Any) -> str:
    return f"<value>{_typed(given)}</value>"


def _typed(given: Any) -> str:
    if given is None:
        return "<nil/>"
    if isinstance(given, bool):
        return f"<boolean>{int(given)}</boolean>"
    if isinstance(given, int):
        return f"<int>{given}</int>"
    if isinstance(given, str):
        return f"<string>{escape(given, RETURN)}</string>"
    if isinstance(given, dict) and given:
        return "<struct>" + "".join(map(_member, given.items())) + "</struct>"
    return "<array><data>" + "".join(map(value, given)) + "</data></array>"


def _member(pair: tuple[str, Any]) -> str:
    return f"<member><name>{escape(pair[0])}</name>{value(pair[1])}</member>"


def answered(given: Any, ids: Sequence[int] = ()) -> Answered:
    return _document(f"<params><param>{value(given)}</param></params>", ids)


def fault(code: int, message: str) -> Answered:
    return _document(f"<fault>{value({'faultCode': code, 'faultString': message})}</fault>")


def _document(inner: str, ids: Sequence[int] = ()) -> Answered:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<methodResponse>{inner}</methodResponse>\n'
    return Answered(200, body.encode(), {"Content-Type": "text/xml; charset=UTF-8"}, tuple(ids))
