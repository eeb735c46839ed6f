"""Work on an order in the admin: forms on its page, and what they ask of the services."""
