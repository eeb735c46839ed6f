"""One request and its whole answer, within limits; every way it can fail is a ShopError."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Set
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from time import monotonic
from urllib.parse import quote, urlencode, urljoin, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests_oauthlib import OAuth1
from urllib3.exceptions import ProtocolError

from config.kit import true_time
from integrations.client.addresses import check_target
from integrations.client.limits import Limits
from integrations.client.transport import Line, PinnedAdapter
from integrations.connectors.errors import Failure, ShopError
from integrations.connectors.http import BasicAuth, HeaderAuth, OAuth1Auth, Request, Response
from integrations.connectors.kit.clocks import clock
from integrations.connectors.kit.throttling import LONGEST_WAIT, SHORTEST_WAIT, reset_seconds

logger = logging.getLogger(__name__)
for _talkative in ("oauthlib", "requests_oauthlib", "urllib3"):
    # At DEBUG they write Authorization headers, signatures and query strings.
    logging.getLogger(_talkative).setLevel(logging.INFO)

CHUNK = 64 * 1024
# Where a platform's API begins in a path; before it stands the folder a shop lives in.
API = re.compile(
    r"/+(?:wp-json|rest|admin/api|stores|(?:index\.php/)?api/xmlrpc|api/v[0-9]|sell|identity|v[0-9]|api)(?:/|$)"
)
# Seconds between a shop's clock and ours beyond which a refused signature is one of another time.
CLOCKS_DIFFER = 300
ENCODINGS = {"", "identity", "gzip", "x-gzip", "deflate"}


def _product() -> str:
    try:
        return f"Countinghouse/{version('countinghouse')}"
    except PackageNotFoundError:
        return "Countinghouse/0"


Reader = Callable[[requests.Response, dict[str, str]], bytes]


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: even with allow_redirects=False `requests` would prepare the next request and read without limit."""


class Exchange:
    """A `requests` session that follows no redirect, keeps no cookie and asks no environment.

    `whom` is what the other side is called in sentences.
    """

    def __init__(self, allowed: Set[str], limits: Limits, whom: str = "shop") -> None:
        self._whom = whom
        self._allowed = allowed
        self._limits = limits
        self._line = Line(allowed, limits)
        self._session = _Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update(
            {"User-Agent": _product(), "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
        )
        for scheme in ("https://", "http://"):
            adapter: BaseAdapter = PinnedAdapter(self._line)
            self._session.mount(scheme, adapter)

    def close(self) -> None:
        self._session.close()

    def send(self, request: Request) -> Response:
        """The answer, unless it is 3xx, 429 or 5xx: those are ShopErrors too, and so is a signature of another time."""
        response = self._guarded(request, self._body)
        if response.status == 401 and isinstance(request.auth, OAuth1Auth):
            _keys_or_clock(response)
        return _accepted(response, request.url)

    def beginning(self, request: Request) -> Response:
        """The answer whatever its status, its body up to the limit's size; packed ones stay unread."""
        return self._guarded(request, self._first_bytes)

    def _guarded(self, request: Request, read: Reader) -> Response:
        parts = urlsplit(request.url)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            check_target(parts.scheme, host, port, self._allowed)
        except ValueError as error:
            raise ShopError(Failure.ADDRESS, str(error)) from None
        open_secret = isinstance(request.auth, BasicAuth | HeaderAuth) and parts.scheme != "https"
        if open_secret and not _stays_here(host):
            raise ShopError(Failure.ADDRESS, "Keys are not sent over http as they are. Use the shop's https address.")
        started = monotonic()
        try:
            with self._line:
                response = self._exchange(request, read)
        except requests.RequestException as error:
            raise self._failure(error) from None
        path = parts.path if self._whom == "shop" else "/…"  # those of receivers hold secrets often
        logger.debug("%s %s%s: %s in %.2f s", request.method, host, path, response.status, monotonic() - started)
        return response

    def _exchange(self, request: Request, read: Reader) -> Response:
        with self._session.request(
            request.method,
            _address(request),
            headers=_headers(request),
            data=request.body,
            auth=_signer(request),
            timeout=(self._limits.connect, self._limits.read),
            allow_redirects=False,
            stream=True,
        ) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            if 300 <= answer.status_code < 400:
                return Response(answer.status_code, headers, b"")
            return Response(answer.status_code, headers, read(answer, headers))

    def _first_bytes(self, answer: requests.Response, headers: dict[str, str]) -> bytes:
        if headers.get("content-encoding", "identity") != "identity":
            return b""
        body = bytearray()
        for chunk in answer.iter_content(self._limits.size):
            body += chunk
            if len(body) >= self._limits.size:
                break
        if self._line.cut:
            raise requests.Timeout
        return bytes(body[: self._limits.size])

    def _body(self, answer: requests.Response, headers: dict[str, str]) -> bytes:
        encodings = {part.strip().lower() for part in headers.get("content-encoding", "").split(",")}
        if not encodings <= ENCODINGS:
            raise ShopError(Failure.NONSENSE, "The shop's answer is packed in a way that was not asked for.")
        body = bytearray()
        for chunk in answer.iter_content(CHUNK):
            body += chunk
            if len(body) > self._limits.size:
                size = self._limits.size // (1024 * 1024)
                raise ShopError(Failure.NONSENSE, f"The shop's answer is larger than {size} MB; it was not read.")
        if self._line.cut:
            raise requests.Timeout
        return bytes(body)

    def _failure(self, error: requests.RequestException) -> ShopError:
        """Says what happened in our own words: the library's hold addresses with their query."""
        if self._line.cut:
            return ShopError(
                Failure.UNAVAILABLE, f"The {self._whom} did not finish its answer in {self._limits.total:g} seconds."
            )
        if isinstance(error, requests.exceptions.SSLError):
            return ShopError(Failure.ADDRESS, _certificate_fault(str(error), self._whom))
        if isinstance(error, requests.ConnectTimeout):
            return ShopError(
                Failure.UNAVAILABLE, f"The {self._whom} could not be reached in {self._limits.connect:g} seconds."
            )
        if isinstance(error, requests.Timeout) or "Read timed out" in str(error):
            return ShopError(Failure.UNAVAILABLE, f"The {self._whom} was silent for {self._limits.read:g} seconds.")
        if isinstance(error, requests.exceptions.ChunkedEncodingError):
            return ShopError(Failure.NONSENSE, f"The {self._whom}'s answer was cut off.")
        if isinstance(error, requests.exceptions.ContentDecodingError):
            return ShopError(Failure.NONSENSE, f"The {self._whom}'s answer is damaged and cannot be unpacked.")
        if isinstance(error, requests.ConnectionError):
            stood = isinstance(error.args[0] if error.args else None, ProtocolError)
            message = f"The connection to the {self._whom} could not be made or broke off."
            return ShopError(Failure.UNAVAILABLE, message, broke_off=stood)
        return ShopError(Failure.ADDRESS, f"The {self._whom}'s address cannot be used for a request.")


def _stays_here(host: str) -> bool:
    """Whether a host is an address of this machine, from which nothing is sent over a network."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _headers(request: Request) -> dict[str, str]:
    headers = {"Content-Type": "application/json"} if request.body is not None else {}
    headers |= request.headers
    if isinstance(request.auth, HeaderAuth):
        headers[request.auth.name] = request.auth.value
    return headers


def _address(request: Request) -> str:
    """A space goes out as %20: OAuth signatures over "+" are refused by some shops (observed on OpenMage 20)."""
    if not request.params:
        return request.url
    return f"{request.url}?{urlencode(request.params, quote_via=quote)}"


def _signer(request: Request) -> OAuth1 | tuple[str, str] | None:
    if isinstance(request.auth, BasicAuth):
        return request.auth.user, request.auth.password
    if isinstance(request.auth, OAuth1Auth):
        return OAuth1(
            request.auth.key,
            request.auth.secret,
            request.auth.token or None,
            request.auth.token_secret or None,
            signature_method="HMAC-SHA256",
            timestamp=_stamp(),
        )
    return None


def _stamp() -> str:
    """The true time, for shops refuse what was signed at another: WooCommerce beyond 15 minutes."""
    return str(int(true_time.now().timestamp()))


def _certificate_fault(message: str, whom: str) -> str:
    """What is wrong with TLS, by the words of OpenSSL."""
    if "expired" in message:
        return f"The {whom}'s certificate has expired. Whoever runs the {whom} must renew it."
    if "doesn't match" in message or "mismatch" in message.lower():
        return f"The {whom}'s certificate is for another name. Check the address."
    if "self-signed" in message or "unable to get local issuer" in message:
        signed = f"The {whom}'s certificate is not signed by a known authority."
        return f"{signed} Whoever runs the {whom} must install one that is."
    why = "it may not speak https on this port, or only an old version"
    return f"No encrypted connection to the {whom} is possible: {why}."


def _accepted(response: Response, asked: str) -> Response:
    status, headers = response.status, response.headers
    if 300 <= status < 400:
        raise ShopError(Failure.ADDRESS, _redirect(asked, headers.get("location", "")), status=status)
    if status == 429:
        wait = retry_after(headers)
        message = "The shop asks us to wait (HTTP 429)."
        raise ShopError(Failure.BUSY, message, status=status, retry_after=wait, answer=response)
    if status >= 500:
        raise ShopError(
            Failure.UNAVAILABLE,
            f"The shop has a fault of its own or is under maintenance (HTTP {status}).",
            status=status,
            retry_after=retry_after(headers),
        )
    return response


def _keys_or_clock(response: Response) -> None:
    """Shops refuse a signature of another time as they refuse wrong keys; the Date of the answer tells them apart."""
    theirs = clock(response)
    if theirs is None:
        return
    ahead = (theirs - true_time.now()).total_seconds()
    if abs(ahead) > CLOCKS_DIFFER:
        minutes, way = round(abs(ahead) / 60), "ahead of" if ahead > 0 else "behind"
        raise ShopError(
            Failure.UNAVAILABLE,
            f"The shop's clock is {minutes} minutes {way} ours, so it refuses what we sign. The keys may be right: "
            "whoever runs the shop must set its clock.",
            status=response.status,
        )


def _redirect(asked: str, location: str) -> str:
    """Names what staff would enter, the target up to where the platform's API begins, and nothing else of it."""
    try:
        target = _shop_address(urljoin(asked, location))
        if not location or target in ("", _shop_address(asked)):
            target = "another page of its own"
    except ValueError:
        target = "an unreadable address"
    shown = "".join(filter(str.isprintable, target))[:200]
    return f"The shop sends us on to {shown}. If that is the shop's own address, enter it as its website."


def _shop_address(url: str) -> str:
    """Of an address in an API, the shop's own: https://host:port/folder. "" for what is no web address."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    api = API.search(parts.path)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path[: api.start()] if api else ''}"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from a number, a date or a platform's own header, within 1 s ... 15 min; None without a sensible one."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,20}(?:\.[0-9]{1,9})?", value):  # Shopify says 2.0
        seconds = float(value)
    else:
        try:
            until = parsedate_to_datetime(value).timestamp()
        except (ValueError, OverflowError):
            return reset_seconds(headers)
        try:
            now = parsedate_to_datetime(headers.get("date", "")).timestamp()
        except (ValueError, OverflowError):
            now = true_time.now().timestamp()
        seconds = until - now
    return min(LONGEST_WAIT, max(SHORTEST_WAIT, seconds))
