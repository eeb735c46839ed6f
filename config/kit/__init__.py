"""What every app may use. It imports nothing of ours: a test holds it to that."""
