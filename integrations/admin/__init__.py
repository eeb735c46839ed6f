"""The admin of integrations: shops and their settings, remote orders, runs, and who is who."""

from integrations.admin import installation, remote_orders, runs, shops

__all__ = ["installation", "remote_orders", "runs", "shops"]
