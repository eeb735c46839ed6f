"""Who may do what, and who came in: tenancy, roles, keys, calls that come again; sessions, second factors, the log."""
