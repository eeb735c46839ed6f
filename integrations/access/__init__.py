"""Who may do what: tenancy, roles, keys of the partner API, and calls that come again."""
