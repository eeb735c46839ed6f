"""Certificates that platforms sign with: believed when a known authority stands behind them, as in TLS."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from integrations.connectors.errors import Failure, ShopError

MOST_CERTIFICATES = 6
LONGEST = 60_000
END = b"-----END CERTIFICATE-----\n"


def certified_key(pem: str, names: Iterable[str], at: datetime, *, trust_its_root: bool = False) -> str:
    """The public key (PEM) of the first certificate, which must be for one of the host names.

    The others lead from it to an authority that `requests` trusts, or to the last of them with `trust_its_root`.
    Raises ShopError (NOT_FOUND) for anything else.
    """
    try:
        if len(pem) > LONGEST:
            raise ValueError("longer than any chain")
        chain = x509.load_pem_x509_certificates(pem.encode())
        if len(chain) > MOST_CERTIFICATES:
            raise ValueError("more than any chain has")
        store = Store([chain[-1]]) if trust_its_root else known_authorities()
        _verify(chain, names, at, store)
    except (ValueError, x509.UnsupportedGeneralNameType, VerificationError):
        raise ShopError(
            Failure.NOT_FOUND, "The certificate is not the platform's, or no known authority stands behind it."
        ) from None
    return chain[0].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _verify(chain: list[x509.Certificate], names: Iterable[str], at: datetime, store: Store) -> None:
    """Raises VerificationError, that of the last name."""
    failed = VerificationError("no name")
    for name in names:
        verifier = PolicyBuilder().store(store).time(at).build_server_verifier(x509.DNSName(name))
        try:
            verifier.verify(chain[0], chain[1:])
        except VerificationError as error:
            failed = error
        else:
            return
    raise failed


@lru_cache(maxsize=1)
def known_authorities() -> Store:
    """The same as for https."""
    bundle = Path(DEFAULT_CA_BUNDLE_PATH).read_bytes()
    return Store([found for part in bundle.split(END) if (found := _authority(part + END)) is not None])


def _authority(pem: bytes) -> x509.Certificate | None:
    """None for what is no certificate, and for one of an age when they were not yet what they have to be now."""
    try:
        with warnings.catch_warnings(action="error", category=CryptographyDeprecationWarning):
            return x509.load_pem_x509_certificate(pem)
    except (ValueError, CryptographyDeprecationWarning):
        return None
