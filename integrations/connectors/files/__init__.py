"""Files on a server: warehouses and marketplaces that exchange CSV or XML over SFTP, FTPS or FTP.

Nobody can be asked here; what files say is read by `integrations.warehouses`. Orders among it become documents of our
own shape (`payload.FileOrder`), which are read and judged like those of any shop.
"""

from __future__ import annotations

from integrations.choices import ImportAction
from integrations.connectors.contract import Connector, CredentialField, DefaultRule
from integrations.connectors.files.payload import identify, parse

CONNECTOR = Connector(
    key="files",
    label="Files (SFTP, FTPS, FTP)",
    rank=100,
    credential_fields=(
        CredentialField("username", "User name", secret=False),
        CredentialField("password", "Password", "Sent as it stands. Not needed with a private key.", required=False),
        CredentialField("private_key", "Private key", "For SFTP: Ed25519, ECDSA or RSA, unlocked.", required=False),
    ),
    default_rules=(
        DefaultRule("new", "New", ImportAction.VALID, retry=False),
        DefaultRule("shipped", "Shipped", ImportAction.HISTORY, retry=False),
        DefaultRule("cancelled", "Cancelled", ImportAction.SKIP, retry=False),
    ),
    parse=parse,
    identify=identify,
)
