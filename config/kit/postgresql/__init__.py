"""Django's backend for PostgreSQL, which looks at the database's clock and can let go of a database that hangs."""
