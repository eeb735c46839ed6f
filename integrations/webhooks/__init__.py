"""What we tell endpoints of partners: events, deliveries and their tries."""
