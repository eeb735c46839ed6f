"""What holds for every test. Sockets are closed but for this machine's own: see addopts in pyproject.toml."""
