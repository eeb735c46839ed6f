"""The pipeline from a shop's payloads to orders of the book: one file a run kind, one judgement for all."""
