"""A Valkey with TLS and a password, and one that sentinels tell of: the site's own client and the queue reach both."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.exceptions import ImproperlyConfigured
from redis import Redis
from redis.exceptions import RedisError

from config import environment
from config.running.embedded import binaries
from tests.config.conftest import CHECKOUT
from tests.config.served import free_port
from tests.waiting import until

PASSWORD = "s3cret/pass:word"
QUOTED = "s3cret%2Fpass%3Aword"


@contextmanager
def valkey(folder: Path, *options: str) -> Iterator[int]:
    """A server, or a sentinel, on a port of this machine."""
    port = free_port()
    process = subprocess.Popen(
        [str(binaries.find_valkey()), *options, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    try:
        assert until(lambda: answers(port))
        yield port
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    with suppress(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    return False


def certificate(folder: Path) -> tuple[Path, Path]:
    """(certificate, key) of 127.0.0.1, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "ca.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


@contextmanager
def tls_before(port: int, files: tuple[Path, Path]) -> Iterator[int]:
    """TLS in front of a server that has none: the embedded Valkey is built without it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    listener = socket.create_server(("127.0.0.1", 0))

    def pipe(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with suppress(OSError):  # a client that does not trust us, or speaks no TLS
                secure = context.wrap_socket(plain, server_side=True)
                behind = socket.create_connection(("127.0.0.1", port))
                for ends in ((secure, behind), (behind, secure)):
                    threading.Thread(target=pipe, args=ends, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


BOTH = """
from config.management.commands import serve
serve._be_impatient()
from config.kit import valkey_client
import django_rq
valkey_client.shared().set("told", "by the client")
print(django_rq.get_connection("default").get("told").decode())
django_rq.get_queue("default").empty()
print(valkey_client.shared().ping())
"""


def run(code: str, url: str) -> subprocess.CompletedProcess[str]:
    """In a process with these settings."""
    return subprocess.run(
        [sys.executable, "-c", f"import django\ndjango.setup()\n{code}"],
        cwd=CHECKOUT,
        env=dict(os.environ) | {"REDIS_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_tls_with_a_password_and_an_authority_of_ones_own(tmp_path: Path) -> None:
    files = certificate(tmp_path)
    with valkey(tmp_path, "--requirepass", PASSWORD) as port, tls_before(port, files) as secure:
        url = f"rediss://:{QUOTED}@127.0.0.1:{secure}/0"
        done = run(BOTH, f"{url}?ssl_ca_certs={files[0]}")
        assert done.stdout.split("\n")[:2] == ["by the client", "True"], done.stderr
        # Controls: who is not told of the authority trusts nobody, and without the password nothing is answered.
        assert "certificate verify failed" in run(BOTH, url).stderr
        bare = url.replace(f":{QUOTED}@", "")
        assert "AuthenticationError" in run(BOTH, f"{bare}?ssl_ca_certs={files[0]}").stderr


def test_the_master_that_sentinels_tell_of(tmp_path: Path) -> None:
    """Also after another one was made the master."""
    with (
        valkey(tmp_path, "--requirepass", PASSWORD, "--masterauth", PASSWORD) as first,
        valkey(
            tmp_path, "--requirepass", PASSWORD, "--masterauth", PASSWORD, "--replicaof", f"127.0.0.1 {first}"
        ) as second,
    ):
        configuration = tmp_path / "sentinel.conf"
        configuration.write_text(
            f"sentinel monitor book 127.0.0.1 {first} 1\nsentinel auth-pass book {PASSWORD}\n"
            "sentinel down-after-milliseconds book 60000\n"
        )
        with valkey(tmp_path, str(configuration), "--sentinel") as sentinel:
            url = f"redis+sentinel://:{QUOTED}@127.0.0.1:{free_port()},127.0.0.1:{sentinel}/book/3"
            done = run(BOTH, url)
            assert done.stdout.split("\n")[:2] == ["by the client", "True"], done.stderr
            assert _told(first) == b"by the client"
            asked: Any = Redis(port=sentinel)
            assert until(lambda: len(asked.sentinel_slaves("book")) == 1 and _is_in_step(second))
            assert until(lambda: _failed_over(asked))
            assert until(lambda: asked.sentinel_get_master_addr_by_name("book")[1] == second)
            assert until(lambda: Redis(port=second, password=PASSWORD).role()[0] == b"master")
            Redis(port=second, password=PASSWORD, db=3).delete("told")
            done = run(BOTH, url)
            assert done.stdout.split("\n")[:2] == ["by the client", "True"], done.stderr
            assert _told(second) == b"by the client"


def _told(port: int) -> Any:
    return Redis(port=port, password=PASSWORD, db=3).get("told")


def _is_in_step(port: int) -> bool:
    return bool(Redis(port=port, password=PASSWORD).info("replication").get("master_link_status") == "up")


def _failed_over(sentinel: Any) -> bool:
    with suppress(RedisError):  # refused until the sentinel has seen the second for a while
        return bool(sentinel.execute_command("SENTINEL FAILOVER book"))
    return False


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://host/name",
        "redis+sentinel://host:26379",
        "redis+sentinel://host:port/name",
        "redis+sentinel://host:26379/name/zero",
        "redis+sentinel://host:26379/name?tls=yes",
        "http://host",
    ],
)
def test_another_form_is_a_sentence(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="REDIS_URL must"):
        environment.redis(url)
