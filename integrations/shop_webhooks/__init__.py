"""What shops tell us: notifications are verified hints, and the order they name is read again."""
