"""A mail server that delivers nothing: it keeps the letters, and refuses as real servers do.

Speaks SMTP (RFC 5321) by aiosmtpd, with STARTTLS or TLS and AUTH where asked for.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

logging.getLogger("mail.log").setLevel(logging.WARNING)  # at INFO it writes recipients


class _AnyPort(Controller):
    """A controller that may be given port 0: any free one."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = int(server.sockets[0].getsockname()[1])
        super()._trigger_server()  # type: ignore[no-untyped-call]


class SimulatedMailServer:
    """Listens on 127.0.0.1. `refusals`: codes by recipient, for those that it does not take.

    Letters are in `letters`, or in the folder where there is one: a file each, the oldest first by name.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        password: str = "",
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        folder: Path | None = None,
    ) -> None:
        self.letters: list[EmailMessage] = []
        self.refusals: dict[str, int] = {}
        self.answer = ""
        """What every letter is answered with instead, e.g. "451 Later"."""
        self._folder = folder
        options: dict[str, Any] = {"tls_context": starttls, "require_starttls": starttls is not None}
        if password:
            options |= {
                "auth_required": True,
                "auth_require_tls": tls is None and starttls is not None,
                "authenticator": lambda _server, _session, _envelope, _how, sent: AuthResult(
                    success=sent.password == password.encode(), handled=False
                ),
            }
        self._controller = _AnyPort(self, hostname="127.0.0.1", port=port, ssl_context=tls, **options)

    @property
    def port(self) -> int:
        return int(self._controller.port)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return f"{self.refusals[address]} No such mailbox {address}"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.answer:
            return self.answer
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        if self._folder is None:
            self.letters.append(message_from_bytes(content, policy=policy.default))
        else:
            await asyncio.to_thread((self._folder / f"{time.time_ns()}.eml").write_bytes, content)
        return "250 OK"

    def __enter__(self) -> SimulatedMailServer:
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()
