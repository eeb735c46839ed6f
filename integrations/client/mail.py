"""The only SMTP: hands letters to a project's mail server, over connections that go where they were checked to go.

SMTP is RFC 5321, submission RFC 6409, implicit TLS RFC 8314. A code of 4xx is refused for now, 5xx for good.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator, Set
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage

from requests import adapters

from integrations.client.limits import Limits
from integrations.client.transport import Line
from integrations.connectors.errors import MailError, MailFault, ShopError

LIMITS = Limits(connect=10.0, read=30.0, total=60.0)
UNSURE = "The connection broke off while the e-mail was handed over: it may arrive or not."
SSL_FAULT = "The mail server's certificate is not valid for its name. Mend the certificate or enter the right name."


@dataclass(frozen=True)
class MailAccount:
    """Where and as whom to send. `security`: "tls" (from the first byte), "starttls", or "plain"."""

    host: str
    port: int
    security: str
    username: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"<MailAccount {self.host}:{self.port}>"


class _Pinned(smtplib.SMTP):
    line: Line
    handing = False
    """Whether the words of a letter are on their way, and the server has not said yet whether it takes it."""

    def data(self, msg: str | bytes) -> tuple[int, bytes]:  # type: ignore[override]
        self.handing = True
        answer = super().data(msg)
        self.handing = False
        return answer

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connection = self.line.open(host, port)
        connection.settimeout(timeout)
        self.line.socket = connection
        return connection


class _PinnedTls(smtplib.SMTP_SSL, _Pinned):
    """`SMTP_SSL` wraps the socket that `_Pinned` opens, and checks the certificate against the name."""


class Postbox:
    """An open, signed-in connection to a mail server."""

    def __init__(self, server: _Pinned, line: Line) -> None:
        self._server = server
        self._line = line

    def send(self, letter: EmailMessage) -> None:
        """Hand one letter over. Raises MailError; the connection can be used on after one about the recipient."""
        try:
            with _faults_told(), self._line:
                self._server.send_message(letter)
        except MailError as error:
            if error.fault == MailFault.LATER and self._server.handing:
                raise MailError(MailFault.UNSURE, UNSURE) from None
            raise

    def close(self) -> None:
        try:
            self._server.quit()
        except (smtplib.SMTPException, OSError):
            self._server.close()


@contextmanager
def postbox(account: MailAccount, allowed: Set[str], limits: Limits = LIMITS) -> Iterator[Postbox]:
    """Connect, encrypt and sign in. Raises MailError. `allowed`: "host:port"s that need not be public."""
    line = Line(allowed, limits)
    with _faults_told(), line:
        server = _connected(account, line, limits)
    box = Postbox(server, line)
    try:
        yield box
    finally:
        box.close()


def _connected(account: MailAccount, line: Line, limits: Limits) -> _Pinned:
    context = ssl.create_default_context(cafile=adapters.DEFAULT_CA_BUNDLE_PATH)
    if account.security == "tls":
        kind = type("Secure", (_PinnedTls,), {"line": line})
        server: _Pinned = kind(account.host, account.port, timeout=limits.read, context=context)
    else:
        kind = type("Plain", (_Pinned,), {"line": line})
        server = kind(account.host, account.port, timeout=limits.read)
    line.socket = server.sock
    with ExitStack() as undo:
        undo.callback(server.close)
        server.ehlo_or_helo_if_needed()
        if account.security == "starttls":
            server.starttls(context=context)
            line.socket = server.sock
            server.ehlo()
        if account.username:
            server.login(account.username, account.password)
        undo.pop_all()
    return server


@contextmanager
def _faults_told() -> Iterator[None]:
    """Every way SMTP can fail, as a MailError in our own words: the server's may quote the letter."""
    try:
        yield
    except ShopError as error:
        if error.passes:
            raise MailError(MailFault.LATER, "The mail server's name cannot be looked up at the moment.") from None
        raise MailError(MailFault.SETTINGS, "There is no mail server with a public address by this name.") from None
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0] if error.recipients else 550
        raise _refused(code, "the address") from None
    except smtplib.SMTPSenderRefused as error:
        raise _refused(error.smtp_code, "the sender's address", MailFault.SETTINGS) from None
    except smtplib.SMTPAuthenticationError as error:
        text = "The mail server does not accept the user name or password."
        raise MailError(MailFault.LATER if error.smtp_code < 500 else MailFault.SETTINGS, text) from None
    except (smtplib.SMTPConnectError, smtplib.SMTPHeloError) as error:
        text = f"The mail server does not want to talk to us (code {error.smtp_code})."
        raise MailError(MailFault.SETTINGS if 500 <= error.smtp_code < 600 else MailFault.LATER, text) from None
    except smtplib.SMTPNotSupportedError:
        text = "The mail server does not offer what the settings ask for: try another encryption, or no user name."
        raise MailError(MailFault.SETTINGS, text) from None
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code, "the e-mail") from None
    except ssl.SSLError:
        raise MailError(MailFault.SETTINGS, SSL_FAULT) from None
    except (smtplib.SMTPException, OSError):
        raise MailError(MailFault.LATER, "The mail server could not be reached, or broke the connection off.") from None


def _refused(code: int, what: str, for_good: MailFault = MailFault.RECIPIENT) -> MailError:
    if 400 <= code < 500:
        return MailError(MailFault.LATER, f"The mail server does not take {what} at the moment (code {code}).")
    return MailError(for_good, f"The mail server refuses {what} (code {code}).")
