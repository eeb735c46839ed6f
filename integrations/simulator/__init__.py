"""Simulated shops: they sell, change their minds and fail like real ones, over real HTTP. For demo and tests."""
