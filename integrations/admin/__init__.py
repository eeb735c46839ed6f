"""The admin of integrations: shops and their settings, remote orders, runs, and who is who."""

from integrations.admin import erasures, installation, remote_orders, runs, shops

__all__ = ["erasures", "installation", "remote_orders", "runs", "shops"]
