"""PostgreSQL and Valkey of our own, for a machine that has neither: started, watched and stopped by us.

No TCP port is opened: both servers listen on unix sockets in a folder that only we may enter. Nothing of this package
is imported where DATABASE_URL and REDIS_URL are set. Standard library only, so it runs before Django is configured.
"""

from config.running.embedded.embedded_error import EmbeddedError
from config.running.embedded.folders import Locations, locations
from config.running.embedded.supervisor import Servers

__all__ = ["EmbeddedError", "Locations", "Servers", "locations"]
