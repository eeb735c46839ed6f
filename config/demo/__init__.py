"""The demo: shops that keep selling, a warehouse, accounts, people of every role; and the main job as a check."""
