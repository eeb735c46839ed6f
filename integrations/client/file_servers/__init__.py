"""The only SFTP, FTPS and FTP: file servers of warehouses and marketplaces, where they were checked to be."""

from integrations.client.file_servers.file_accounts import FileAccount, HostKeyUnknown
from integrations.client.file_servers.operations import FileServer, open_server
from integrations.client.file_servers.spooling import Fetched, TooLarge, fetch

__all__ = ["Fetched", "FileAccount", "FileServer", "HostKeyUnknown", "TooLarge", "fetch", "open_server"]
