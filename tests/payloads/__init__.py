"""Documents of shops as their documentation shows them, by platform."""

from pathlib import Path

PAYLOADS = Path(__file__).parent
